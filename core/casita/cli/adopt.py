"""``casita adopt`` and ``casita ignore``: what becomes of a device that was found."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client, segment
from casita.cli._options import Exit, Failure, common
from casita.cli._output import plain, say_json
from casita.errors import did_you_mean


@click.command("adopt")
@common
@click.argument("device_id", metavar="ID")
@click.option("--code", help="The code that the device asks for.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help="Something else that it asks for.",
)
def adopt_command(
    folder: Path, as_json: bool, device_id: str, code: str | None, answers: tuple[str, ...]
) -> None:
    """Adopt a device that was found; `casita devices` lists the ids."""
    client = Client(folder)
    asks = _asks(client.get("/api/discovery"), device_id)
    given = {**dict(_pair(one) for one in answers), **_code_for(asks, code)}
    for field, what in asks.items():
        if field not in given and sys.stdin.isatty():
            given[field] = click.prompt(f"{field} ({plain(what)})")
    adopted = client.ask("POST", f"/api/discovery/{segment(device_id)}/adopt", {"answers": given})
    if as_json:
        say_json(adopted)
    else:
        click.echo(f"{plain(adopted['title'])} is adopted.")


@click.command("ignore")
@common
@click.argument("device_id", metavar="ID")
def ignore_command(folder: Path, as_json: bool, device_id: str) -> None:
    """Take a device that was found out of sight."""
    Client(folder).ask("POST", f"/api/discovery/{segment(device_id)}/ignore", {})
    if as_json:
        say_json({"id": device_id, "status": "ignored"})
    else:
        click.echo(f"{device_id} is ignored.")


def _asks(inbox: list[dict[str, Any]], device_id: str) -> Mapping[str, str]:
    by_id = {one["id"]: one["candidate"]["asks"] for one in inbox}
    if device_id not in by_id:
        hint = did_you_mean(device_id, by_id)
        raise Failure(f"{device_id}: nothing of this id waits to be adopted.{hint}")
    return dict(by_id[device_id])


def _code_for(asks: Mapping[str, str], code: str | None) -> dict[str, str]:
    """Return ``--code`` under the name that the device has for it, where it asks for one thing."""
    if code is None:
        return {}
    return {next(iter(asks)) if len(asks) == 1 else "code": code}


def _pair(answer: str) -> tuple[str, str]:
    key, equals, value = answer.partition("=")
    if not equals:
        raise Failure(f"--answer {answer}: write it as KEY=VALUE", Exit.USAGE)
    return key, value
