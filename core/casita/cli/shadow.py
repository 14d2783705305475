"""``casita shadow``: what automations in shadow would have done otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import click

from casita.cli._client import Client, segment
from casita.cli._options import common
from casita.cli._output import local, plain, say_json, say_table
from casita.cli._times import length

_KINDS: Final = {
    "only_shadow": "+ would have been sent, and was not",
    "only_living": "- was sent, and would not have been",
    "other_data": "~ was sent with other data",
}


@click.group("shadow")
def shadow_command() -> None:
    """Automations in shadow: they run and record what they would do, and do nothing."""


@shadow_command.command("diff")
@common
@click.argument("automation", required=False)
@click.option("--against", metavar="AUTOMATION", help="Compare with this automation alone.")
@click.option(
    "--since", default="7d", callback=length, show_default=True, metavar="TIME",
    help="How far back to look.",
)  # fmt: skip
def diff(
    folder: Path, as_json: bool, automation: str | None, against: str | None, since: timedelta
) -> None:
    """Compare what a shadow would have sent with what was sent; without a name, every shadow."""
    client = Client(folder)
    asked = {"since": f"{since.total_seconds():.0f}s"}
    if against is not None:
        asked["against"] = against
    named = [automation] if automation else _shadows(client)
    answers = [
        client.get(f"/api/automations/{segment(one)}/shadow?{urlencode(asked)}") for one in named
    ]
    if as_json:
        say_json(answers[0] if automation else answers)
        return
    if not answers:
        click.echo("No automation is in shadow; add 'shadow: true' to one.")
    for answer in answers:
        _say(answer)


def _shadows(client: Client) -> list[str]:
    return [one["entity_id"] for one in client.get("/api/automations") if one.get("shadow")]


def _say(answer: Mapping[str, Any]) -> None:
    begin, end = (local(datetime.fromisoformat(answer[key])) for key in ("since", "until"))
    others = ", ".join(answer["against"]) or "nobody"
    click.echo(f"{answer['automation']} against {others}, from {begin} to {end}:")
    for one in answer["differences"]:
        sent = one["shadow"] or one["living"]
        event = f"event {sent['offset']}"
        click.echo(f"  {local(datetime.fromisoformat(sent['time']))}  {_what(one)}  [{event}]")
    if answer["days"]:
        rows = [
            (day["day"], day["same"], day["only_shadow"], day["only_living"], day["other_data"])
            for day in answer["days"]
        ]
        say_table(("day", "same", "only shadow", "only living", "other data"), rows)
    runs, same, total = answer["runs"], answer["same"], len(answer["differences"])
    click.echo(
        f"The shadow ran {'once' if runs == 1 else f'{runs} times'}; "
        f"{same} command{' was' if same == 1 else 's were'} the same, "
        f"{total} differ{'s' if total == 1 else ''}."
    )


def _what(one: Mapping[str, Any]) -> str:
    sent = one["shadow"] or one["living"]
    words = f"{_KINDS[one['kind']]}: {sent['service']} {sent['subject']} ({sent['automation']})"
    if one["kind"] == "other_data":
        return plain(f"{words}: {_data(one['living'])}, and would have been {_data(one['shadow'])}")
    return plain(words + (f" {_data(sent)}" if sent["data"] else ""))


def _data(sent: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sent["data"].items()) or "nothing"
