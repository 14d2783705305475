"""``casita why``: the chain of causes of an event, or of an entity's last change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from casita.causality import Of, chain_in, effects_in, latest_of_in, missing
from casita.cli._options import Exit, Failure, common
from casita.cli._output import local, on_terminal, plain, say_json
from casita.cli._reading import Reading
from casita.events import Event
from casita.ids import is_entity_id
from casita.sentences import Names, sentence


@click.command("why")
@common
@click.argument("what", metavar="EVENT|ENTITY")
@click.option(
    "--of", "sort", type=click.Choice([one.value for one in Of]),
    help="An entity's last change, the last command to it, or its last run.",
)  # fmt: skip
@click.option("--effects", is_flag=True, help="Also what it led to in turn.")
def why_command(folder: Path, as_json: bool, what: str, sort: str | None, effects: bool) -> None:
    """Say why something happened: an event by its number, or the last thing of an entity.

    That is its last change, and the last run of an automation or a script.
    """
    with Reading(folder) as reading:
        asked = _asked(reading, what, None if sort is None else Of(sort))
        causes = chain_in(reading.log, asked.offset)
        led_to = effects_in(reading.log, asked.offset) if effects else []
        names = reading.names()
    if as_json:
        say_json(_document(causes, led_to, names))
        return
    lines = [_told(one, names, is_root=one is causes[-1]) for one in causes]
    if (gone := missing(causes)) is not None:
        lines.append(f"event {gone}, which led to this, has left the log")
    _say_chain(lines)
    if led_to:
        click.echo("It led to:")
        for one in led_to:
            click.echo(f"  {_told(one, names, is_root=False)}")


def _asked(reading: Reading, what: str, of: Of | None) -> Event:
    if what.isdecimal():
        event = reading.log.event(int(what))
        if event is None:
            raise Failure(f"the log holds no event {what}")
        return event
    if not is_entity_id(what):
        raise Failure(
            f"{what}: neither the number of an event nor an entity id, as light.hall", Exit.USAGE
        )
    event = latest_of_in(reading.log, what, of)
    if event is None:
        raise reading.unknown(what)
    return event


def _told(event: Event, names: Names, *, is_root: bool) -> str:
    asked = f", asked by {event.actor}" if event.actor else ""
    source = f", from {event.source}" if is_root and not event.actor else ""
    words = plain(sentence(event, names))
    return f"{words}  [{local(event.time)}, event {event.offset}{asked}{source}]"


def _document(causes: Sequence[Event], led_to: Sequence[Event], names: Names) -> dict[str, Any]:
    def shown(event: Event) -> dict[str, Any]:
        return {**msgspec.to_builtins(event), "sentence": sentence(event, names)}

    return {
        "chain": [shown(one) for one in causes],
        "missing": missing(causes),
        "effects": [shown(one) for one in led_to],
    }


def _say_chain(lines: Sequence[str]) -> None:
    """Write what happened, and under it, ever further in, what led to it."""
    if not on_terminal():
        for depth, line in enumerate(lines):
            click.echo(f"{'   ' * (depth - 1)}{'└─ ' if depth else ''}{line}")
        return
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    root = branch = Tree(_styled(Text(lines[0])), guide_style="dim")
    for line in lines[1:]:
        branch = branch.add(_styled(Text(line)))
    Console(highlight=False).print(root)


def _styled(text: Any) -> Any:
    """Step back with where and when, so that what happened stands out."""
    text.highlight_regex(r"  \[.*\]$", "dim")
    return text
