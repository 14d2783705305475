"""``casita call``: commands from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from casita.cli._client import Client
from casita.cli._options import Exit, Failure, common
from casita.cli._output import plain, say_json


@click.command("call")
@common
@click.argument("service")
@click.argument("entities", metavar="[ENTITY]...", nargs=-1)
@click.option("--area", "areas", multiple=True, metavar="AREA", help="All that is in this area.")
@click.option(
    "--data",
    "-d",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="A field of the service; the value is taken as JSON where it is some.",
)
@click.option("--json-data", metavar="JSON", help="All fields at once, as a JSON object.")
@click.option("--until-confirmed", is_flag=True, help="Done only once the entity's state says so.")
def call_command(
    folder: Path,
    as_json: bool,
    service: str,
    entities: tuple[str, ...],
    areas: tuple[str, ...],
    pairs: tuple[str, ...],
    json_data: str | None,
    until_confirmed: bool,
) -> None:
    """Call a service and say how it ended, as in: casita call light.turn_on light.hall"""
    body: dict[str, Any] = {"service": service, "data": _data(pairs, json_data)}
    target = {key: list(ids) for key, ids in (("entity_id", entities), ("area_id", areas)) if ids}
    if target:
        body["target"] = target
    if until_confirmed:
        body["until_confirmed"] = True
    answer = Client(folder).ask("POST", "/api/command", body)
    outcomes: dict[str, dict[str, Any]] = answer["outcomes"]
    if as_json:
        say_json(answer)
    else:
        _say(outcomes)
    if not outcomes or any(one["status"] != "done" for one in outcomes.values()):
        raise SystemExit(Exit.FAILED)


def _say(outcomes: dict[str, dict[str, Any]]) -> None:
    if not outcomes:
        click.echo("Nothing was addressed.")
    for subject, ended in outcomes.items():
        message = f": {plain(ended['message'])}" if ended["message"] else ""
        click.echo(f"{subject}: {ended['status']}{message}")
        if ended["response"]:
            say_json(ended["response"])


def _data(pairs: tuple[str, ...], json_data: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if json_data is not None:
        try:
            data.update(msgspec.json.decode(json_data, type=dict[str, Any]))
        except msgspec.DecodeError as err:
            raise Failure(f"--json-data: {err}", Exit.USAGE) from err
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Failure(f"--data {pair}: write it as KEY=VALUE", Exit.USAGE)
        data[key] = _value(value)
    return data


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
