"""Writes the pages of the documentation that are made from the code: the API and the command line.

``python core/docs/generate.py`` writes them; ``--check`` says whether they are up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from casita.api import openapi_document
from casita.cli import main as casita

FOLDER = Path(__file__).parent


def api_page() -> str:
    """Return the page of the HTTP API."""
    return "\n".join(_api_lines(openapi_document())) + "\n"


def cli_page() -> str:
    """Return the page of the command line."""
    return "\n".join(_cli_lines()) + "\n"


def _api_lines(document: dict[str, Any]) -> Iterator[str]:
    yield "# The HTTP API"
    yield ""
    yield "This page is made from the OpenAPI document, which the hub serves at"
    yield "`/api/openapi.json`."
    yield ""
    yield "The API answers on `http://127.0.0.1:8723` unless the configuration says otherwise."
    yield "Every route but those marked *open* wants `Authorization: Bearer TOKEN`. The first token"
    yield "is made with the set-up code that the hub prints at its first start; `casita token"
    yield "create` makes others, each with its scope. Bodies and answers are JSON."
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation_lines(path, method, operation)


def _operation_lines(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    scopes = [scope for one in operation["security"] for scopes in one.values() for scope in scopes]
    yield ""
    yield f"## {method.upper()} {path}"
    yield ""
    yield f"{operation['summary']} Scope: {', '.join(f'`{one}`' for one in scopes) or '*open*'}."
    if "description" in operation:
        yield ""
        yield str(operation["description"])
    fields = [*_parameters(operation), *_body(operation)]
    if fields:
        yield ""
        yield "| field | in | meaning |"
        yield "|---|---|---|"
        yield from fields
    yield ""
    yield f"Answers: {operation['responses']['200']['description']}."


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for one in operation["parameters"]:
        yield f"| `{one['name']}` | {one['in']} | {one.get('description') or ''} |"


def _body(operation: dict[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        meaning = field.get("description") or ""
        yield f"| `{name}` | body{', required' if name in required else ''} | {meaning} |"


def _cli_lines() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield "This page is made from the commands' own help."
    yield from _command_lines(casita, "casita")


def _command_lines(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, max_content_width=96, terminal_width=96)
    yield ""
    yield f"## {name}"
    yield ""
    yield "```text"
    yield command.get_help(context)
    yield "```"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _command_lines(found, f"{name} {inner}")


def main() -> int:
    """Write the pages, or with ``--check`` say which are not up to date."""
    pages = {FOLDER / "api.md": api_page(), FOLDER / "cli.md": cli_page()}
    if "--check" not in sys.argv:
        for path, text in pages.items():
            path.write_text(text)
        return 0
    old = [path.name for path, text in pages.items() if path.read_text() != text]
    if old:
        sys.stderr.write(f"not up to date: {', '.join(old)}; run: poe docs\n")
    return int(bool(old))


if __name__ == "__main__":
    sys.exit(main())
