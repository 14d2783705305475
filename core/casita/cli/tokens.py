"""``casita token``: who may use the HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client, segment
from casita.cli._options import common
from casita.cli._output import say_json, say_table

_SCOPES = ("read", "control", "control:secure", "admin")


@click.group("token")
def token_command() -> None:
    """Make, list and revoke tokens for the HTTP API."""


@token_command.command("create")
@common
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(_SCOPES),
    default=("read",),
    show_default=True,
    help="What it may do; may be given repeatedly.",
)
@click.option("--days", type=click.IntRange(min=1), help="How long it is good; else 90 days.")
def create(
    folder: Path, as_json: bool, name: str, scopes: tuple[str, ...], days: int | None
) -> None:
    """Make a token and show it, this once."""
    body: dict[str, Any] = {"name": name, "scopes": list(scopes)}
    if days is not None:
        body["days"] = days
    made = Client(folder).ask("POST", "/api/tokens", body)
    if as_json:
        say_json(made)
        return
    click.echo(made["token"])
    click.echo("Keep it now: it is not shown again.", err=True)


@token_command.command("list")
@common
def list_all(folder: Path, as_json: bool) -> None:
    """List the tokens, without their secrets."""
    tokens = Client(folder).get("/api/tokens")
    if as_json:
        say_json(tokens)
        return
    if not tokens:
        click.echo("There are no tokens.")
        return
    say_table(
        ("id", "name", "scopes", "expires"),
        [(one["id"], one["name"], ", ".join(one["scopes"]), one["expires"]) for one in tokens],
    )


@token_command.command("revoke")
@common
@click.argument("token_id", metavar="ID")
def revoke(folder: Path, as_json: bool, token_id: str) -> None:
    """Revoke a token; whoever uses it is shut out at once."""
    Client(folder).ask("DELETE", f"/api/tokens/{segment(token_id)}")
    if as_json:
        say_json({"id": token_id, "status": "revoked"})
    else:
        click.echo(f"{token_id} is revoked.")
