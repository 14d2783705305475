"""``casita trace``: what a run did, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from casita.cli._options import Exit, Failure, common
from casita.cli._output import aligned, local, plain, say_json
from casita.cli._reading import Reading
from casita.ids import domain_of, is_entity_id
from casita.sentences import Names, sentence
from casita.traces import Step, Trace, trace_in, traces_in

_A_MINUTE: Final = 60
_THAT_RUN: Final = ("automation", "script")


@click.command("trace")
@common
@click.argument("what", metavar="AUTOMATION|SCRIPT|RUN")
@click.option(
    "--last", default=10, show_default=True, metavar="N", type=click.IntRange(1, 1000),
    help="How many runs to list, where no single one is asked for.",
)  # fmt: skip
def trace_command(folder: Path, as_json: bool, what: str, last: int) -> None:
    """Show what a run did, step by step: one by its number, or the last of an automation.

    The number of a run is that of the event with which it began.
    """
    with Reading(folder) as reading:
        found = _found(reading, what, last)
        shown = trace_in(reading.log, found[0].run)
        names = reading.names()
    assert shown is not None
    if as_json:
        one_alone = what.isdecimal()
        say_json(msgspec.to_builtins(shown if one_alone else [shown, *found[1:]]))
        return
    _say(shown, names)
    if found[1:]:
        click.echo("Before that:")
        for line in aligned([_row(one) for one in found[1:]]):
            click.echo(f"  {line}")


def _found(reading: Reading, what: str, last: int) -> Sequence[Trace]:
    """Return the runs that are asked for, the newest first."""
    if what.isdecimal():
        one = trace_in(reading.log, int(what))
        if one is None:
            raise Failure(f"event {what} is not the beginning of a run; `casita log` lists events")
        return [one]
    entity_id = what if "." in what else f"automation.{what}"
    if not is_entity_id(entity_id) or domain_of(entity_id) not in _THAT_RUN:
        raise Failure(f"{what}: neither the number of a run, nor an automation or script",
                      Exit.USAGE)  # fmt: skip
    found = traces_in(reading.log, entity_id, limit=last)
    if found:
        return found
    if any(one.entity_id == entity_id for one in reading.states()):
        raise Failure(f"{entity_id} has not run as far back as the log goes; "
                      f"`casita whynot {entity_id}` says why")  # fmt: skip
    raise reading.unknown(entity_id)


def _say(run: Trace, names: Names) -> None:
    click.echo(f"{plain(names(run.subject))}, run {run.run}: {_outcome(run)}")
    because = f" (event {run.cause})" if run.cause is not None else ""
    click.echo(f"  {local(run.started)}  {plain(run.trigger or 'called')}{because}")
    if run.seen is not None:
        click.echo(f"  conditions  yes: {plain(_values(run.seen))}")
    for line in aligned([_step(one) for one in run.steps]):
        click.echo(f"  {line.rstrip()}")
    if run.finished is None:
        click.echo("  Its steps are known when it has ended; `casita next` says what it waits for.")
    if run.did:
        click.echo("It led to:")
        for event in run.did:
            click.echo(f"  {local(event.time)}  {plain(sentence(event, names))}  "
                       f"[event {event.offset}]")  # fmt: skip


def _outcome(run: Trace) -> str:
    if run.finished is None:
        return "it is under way"
    took = run.finished - run.started
    seconds = took.total_seconds()
    length = f"{seconds:.3g} s" if seconds < _A_MINUTE else str(timedelta(seconds=round(seconds)))
    message = f": {plain(run.message)}" if run.message else ""
    return f"{run.result} after {length}{message}"


def _step(step: Step) -> tuple[str, str]:
    return plain(step.path), plain(", ".join(_value(one) for one in step.told))


def _value(told: Any) -> str:
    if isinstance(told, bool):
        return "yes" if told else "NO"
    return _values(told)


def _values(seen: Any) -> str:
    if isinstance(seen, Mapping):
        return ", ".join(f"{key} was {value}" for key, value in seen.items())
    return str(seen)


def _row(run: Trace) -> tuple[str, ...]:
    return str(run.run), local(run.started), _outcome(run), plain(run.trigger or "called")
