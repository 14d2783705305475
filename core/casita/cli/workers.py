"""``casita workers``: which workers share the automations, and who runs what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client
from casita.cli._options import Exit, Failure, common, data_folder
from casita.cli._output import say_json, say_table
from casita.cli.worker import WORKERS


@click.command("workers")
@common
def workers_command(folder: Path, as_json: bool) -> None:
    """Show the workers of the group, as one that runs on this machine sees them."""
    group = _ask(folder)
    if as_json:
        say_json(group)
        return
    agreed = "all agree" if group["agreed"] else "they have not agreed yet who runs what"
    acting = "acts" if group["acting"] else "does not act: it has no word from the broker"
    click.echo(f"Group {group['group']}: {agreed}; {group['worker']} {acting}.")
    say_table(
        ("worker", "automations", "waiting runs", "member"),
        [
            (one["name"], len(one["automations"]), one["runs"], one["member"])
            for one in group["workers"]
        ],
    )


def _ask(folder: Path) -> Any:
    """Return what a worker answers that runs here, whichever."""
    found = sorted(path for path in (data_folder(folder) / WORKERS).glob("*") if path.is_dir())
    for place in found:
        try:
            return Client(folder, data=place).get("/api/workers")
        except Failure as err:
            if err.exit_code != Exit.NO_HUB:
                raise
    message = f"no worker is running on {folder.resolve()}; start one with `casita worker {folder}`"
    raise Failure(message, Exit.NO_HUB)
