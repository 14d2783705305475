"""``casita states``: what is known of every entity."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import click

from casita.cli._options import common
from casita.cli._output import local, say_json, say_table
from casita.cli._reading import Reading
from casita.events import State


@click.command("states")
@common
@click.argument("pattern", metavar="[GLOB]", default="*")
def states_command(folder: Path, as_json: bool, pattern: str) -> None:
    """Show the present states: of all, of a domain (light), or of those that fit ('*.hall*')."""
    wanted = pattern if any(char in pattern for char in ".*?[") else f"{pattern}.*"
    with Reading(folder) as reading:
        found = [one for one in reading.states() if fnmatchcase(one.entity_id, wanted)]
        if not found and pattern != "*":
            raise reading.unknown(pattern)
    if as_json:
        say_json(found)
        return
    say_table(
        ("entity", "state", "name", "since"),
        [(one.entity_id, _value(one), one.name, local(one.last_changed)) for one in found],
    )


def _value(state: State) -> str:
    unit = state.attributes.get("unit_of_measurement")
    return f"{state.state} {unit}" if unit else state.state
