"""``casita log``: what happened, and what is happening."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from casita.cli._maintenance import maintenance
from casita.cli._options import common
from casita.cli._output import local, on_terminal, plain, say_json
from casita.cli._reading import Reading
from casita.events import Event
from casita.sentences import Names, sentence

if TYPE_CHECKING:
    from casita.log import LogReader

_SHOWN: Final = 50
_LOOK_EVERY_S: Final = 0.25


def _length(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """Take a length of time, as ``1h`` or ``30m``."""
    if value is None:
        return None
    import voluptuous as vol

    from casita_config.schemas import duration

    try:
        return duration(value)
    except vol.Invalid as err:
        raise click.BadParameter(str(err)) from err


@click.group("log", invoke_without_command=True)
@common
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens next.")
@click.option(
    "--type",
    "-t",
    "types",
    multiple=True,
    metavar="TYPE",
    help="Only events of this type, as state.changed or 'command.*'.",
)
@click.option(
    "--subject",
    "-s",
    "subjects",
    multiple=True,
    metavar="SUBJECT",
    help="Only events about this, as light.hall or 'light.*'.",
)
@click.option("--since", callback=_length, metavar="TIME", help="Only of the last 30m, 1h, 2d, ...")
@click.option(
    "-n",
    "number",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help=f"At most so many: the newest ones. Without it {_SHOWN}, or all with --since.",
)
@click.pass_context
def log_command(
    context: click.Context,
    folder: Path,
    as_json: bool,
    follow: bool,
    types: tuple[str, ...],
    subjects: tuple[str, ...],
    since: timedelta | None,
    number: int | None,
) -> None:
    """Show what happened, the newest last; with --json one event on each line.

    The commands below care for the log itself.
    """
    if context.invoked_subcommand is not None:
        _expect_no_options(context)
        return
    with Reading(folder) as reading:
        show = _Show(reading.names(), as_json=as_json)
        head = reading.log.head
        after = _offset_before(reading.log, since) if since is not None else 0
        limit = number if number is not None or since is not None else _SHOWN
        show.all(_found(reading.log, after, head, types, subjects, limit))
        if follow:
            _follow(reading, head, types, subjects, show)


def _expect_no_options(context: click.Context) -> None:
    """Refuse options before a command: they would not reach it."""
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if source is click.core.ParameterSource.COMMANDLINE:
            context.fail(f"{option.opts[0]} is to stand behind {context.invoked_subcommand}.")


for _command in maintenance:
    log_command.add_command(_command)


class _Show:
    """Writes events as they come."""

    def __init__(self, names: Names, *, as_json: bool) -> None:
        self.names = names
        self._as_json = as_json
        self._dim = on_terminal()

    def all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.one(event)

    def one(self, event: Event) -> None:
        if self._as_json:
            say_json(event)
            return
        words = plain(sentence(event, self.names))
        place = f"{event.offset:>7}  {local(event.time)}"
        click.echo(f"{click.style(place, dim=True) if self._dim else place}  {words}")


def _found(
    log: LogReader,
    after: int,
    head: int,
    types: Sequence[str],
    subjects: Sequence[str],
    limit: int | None,
) -> Iterable[Event]:
    if limit is None:
        return log.scan(after=after, before=head + 1, types=types, subjects=subjects)
    newest = log.read(
        after=after, before=head + 1, types=types, subjects=subjects,
        limit=limit, newest_first=True,
    )  # fmt: skip
    return reversed(newest)


def _follow(
    reading: Reading, after: int, types: Sequence[str], subjects: Sequence[str], show: _Show
) -> None:
    """Look for new events until the person has seen enough."""
    pause = threading.Event()
    try:
        while True:
            head = reading.log.head
            if head > after:
                show.names = reading.names()
                show.all(
                    reading.log.scan(after=after, before=head + 1, types=types, subjects=subjects)
                )
                after = head
            pause.wait(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        return


def _offset_before(log: LogReader, since: timedelta) -> int:
    """Return the offset behind which the events of this last length of time stand."""
    from casita.clock import SystemClock

    begin = SystemClock().now() - since
    low, high = 0, log.head
    while low < high:
        middle = (low + high) // 2
        found = log.read(after=middle, limit=1)
        if found and found[0].time < begin:
            low = found[0].offset
        else:
            high = middle
    return low
