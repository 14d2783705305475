"""``casita brokers``: through which brokers this home shares events, and how they fare."""

from __future__ import annotations

from pathlib import Path

import click

from casita.cli._client import Client
from casita.cli._options import common
from casita.cli._output import plain, say_json, say_table


@click.command("brokers")
@common
def brokers_command(folder: Path, as_json: bool) -> None:
    """Show the brokers: whether each is connected, what it promises, how far it is behind."""
    brokers = Client(folder).get("/api/brokers")
    if as_json:
        say_json(brokers)
        return
    say_table(
        ("broker", "state", "url", "we are", "out", "behind", "in", "waiting", "rejected", "why"),
        [
            (
                one["name"], one["state"], one["url"], one["home"], one["published"],
                one["behind"], one["received"], one["waiting"], one["rejected"], one["reason"],
            )
            for one in brokers
        ],
    )  # fmt: skip
    for one in brokers:
        for note in (one["promises"] or {}).get("notes", ()):
            click.echo(f"{plain(one['name'])}: {plain(note)}.")
