"""``casita whynot``: why an automation did not run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from casita.cli._client import Client, segment
from casita.cli._options import common
from casita.cli._output import local, plain, say_json
from casita.cli._times import length, moment


@click.command("whynot")
@common
@click.argument("automation")
@click.option("--at", callback=moment, metavar="TIME", help="When it should have run, as 22:15.")
@click.option(
    "--since", default="24h", callback=length, show_default=True, metavar="TIME",
    help="How far back to look, where --at says nothing else.",
)  # fmt: skip
def whynot_command(
    folder: Path, as_json: bool, automation: str, at: datetime | None, since: timedelta
) -> None:
    """Say why an automation did not run: which trigger came near, and what said no."""
    asked = {"since": f"{since.total_seconds():.0f}s"}
    if at is not None:
        asked["at"] = at.isoformat()
    path = f"/api/automations/{segment(automation)}/whynot?{urlencode(asked)}"
    answer = Client(folder).get(path)
    if as_json:
        say_json(answer)
        return
    _say(answer)


def _say(answer: Mapping[str, Any]) -> None:
    name, runs = plain(answer["name"]), answer["runs"]
    begin, end = (local(datetime.fromisoformat(answer[key])) for key in ("since", "until"))
    ran = "did not run" if not runs else f"ran {'once' if runs == 1 else f'{runs} times'}"
    click.echo(f"{name} {ran} from {begin} to {end}.")
    if runs and answer["last_run"]:
        click.echo(f"  The last time was at {local(datetime.fromisoformat(answer['last_run']))}.")
    for one in answer["now"]:
        click.echo(f"  At present: {plain(one)}")
    if not answer["misses"]:
        click.echo("  Nothing came near to triggering it.")
    for miss in answer["misses"]:
        _say_miss(miss)
    if answer["cut"]:
        click.echo("  (There was more than is looked at: the oldest was left out.)")


def _say_miss(miss: Mapping[str, Any]) -> None:
    when = local(datetime.fromisoformat(miss["time"]))
    event = f", event {miss['offset']}" if miss["offset"] is not None else ""
    how = "" if miss["recorded"] else ", worked out from the log"
    click.echo(f"  {when}  {plain(miss['trigger'])}: {plain(miss['message'])}  [{miss['reason']}"
               f"{event}{how}]")  # fmt: skip
    for clause in miss["clauses"]:
        mark = {True: "yes", False: "NO", None: "cannot be told"}[clause["holds"]]
        seen = "" if clause["seen"] is None else f" (it was {plain(_shown(clause['seen']))})"
        place = f"  {clause['file']}:{clause['line']}" if clause["file"] else ""
        click.echo(f"      {mark:>3}  {plain(clause['says'])}{seen}{place}")


def _shown(seen: Any) -> str:
    if isinstance(seen, Mapping):
        return ", ".join(f"{key} {value}" for key, value in seen.items())
    return str(seen)
