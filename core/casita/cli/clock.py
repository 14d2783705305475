"""``casita clock``: what the hub's clock shows, and whether it is believed."""

from __future__ import annotations

from pathlib import Path

import click

from casita.cli._client import Client
from casita.cli._options import Exit, common
from casita.cli._output import plain, say_json


@click.command("clock")
@common
@click.option("--trust", is_flag=True, help="Say that it is right: what waited for that goes on.")
def clock_command(folder: Path, as_json: bool, trust: bool) -> None:
    """Show the clock of the running hub; exit code 1 says that it is not trusted."""
    client = Client(folder)
    answer = client.ask("POST", "/api/clock/trust") if trust else client.get("/api/clock")
    if as_json:
        say_json(answer)
    else:
        click.echo(plain(answer["shows"]))
        if not answer["trusted"]:
            click.echo(f"not trusted: {plain(answer['doubt'])}")
    if not answer["trusted"]:
        raise SystemExit(Exit.FAILED)
