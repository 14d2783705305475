"""``casita next``: what is going to happen, and changing that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from casita.cli._client import Client
from casita.cli._options import Exit, Failure, common
from casita.cli._output import local, plain, say_json, say_table
from casita.cli._times import length

_COLUMNS: Final = ("due", "what", "subject", "kind", "id")


@click.command("next")
@common
@click.option(
    "--for", "span", default="24h", callback=length, show_default=True, metavar="TIME",
    help="How far to look ahead.",
)  # fmt: skip
@click.option("--cancel", metavar="ID", help="Let this not happen: a time is left out once.")
@click.option("--postpone", metavar="ID", help="Let this happen later.")
@click.option("--by", callback=length, metavar="TIME", help="How much later, as 10m.")
@click.option("--run", "run_now", metavar="ID", help="Let this happen now.")
def next_command(
    folder: Path,
    as_json: bool,
    span: timedelta,
    cancel: str | None,
    postpone: str | None,
    by: timedelta | None,
    run_now: str | None,
) -> None:
    """Show what is going to happen: waits, delays, for:, times, timers, schedules."""
    asked = [
        (doing, id)
        for doing, id in (("cancel", cancel), ("postpone", postpone), ("run", run_now))
        if id is not None
    ]
    if len(asked) > 1 or (by is None) != (postpone is None):
        raise Failure("give one of --cancel, --run, or --postpone with --by", Exit.USAGE)
    client = Client(folder)
    if asked:
        _change(client, *asked[0], by, as_json=as_json)
        return
    answer = client.get(f"/api/next?for={span.total_seconds():.0f}s")
    if as_json:
        say_json(answer)
    elif not answer["upcoming"]:
        click.echo("Nothing is due in this time; --for looks further ahead.")
    else:
        say_table(_COLUMNS, [_row(one) for one in answer["upcoming"]])


def _change(client: Client, doing: str, id: str, by: timedelta | None, *, as_json: bool) -> None:
    body = {"id": id, "do": doing}
    if by is not None:
        body["by"] = f"{by.total_seconds():g}s"
    was = client.ask("POST", "/api/next", body)
    if as_json:
        say_json(was)
        return
    done = {"cancel": "cancelled", "postpone": "postponed", "run": "done now"}[doing]
    click.echo(f"{plain(was['subject'])}: {done}: {plain(was['what'])}")


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    due = "" if one["due"] is None else local(datetime.fromisoformat(one["due"]))
    return due, one["what"], one["subject"], one["kind"], one["id"]
