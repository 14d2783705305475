"""What runs of automations and scripts did, step by step, as the log keeps it.

Each question comes twice: awaited, for the log of a running hub, and with ``_in``, for a
`LogReader` on a data folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.causality import LiveLog, StillLog, effects, effects_in
from casita.events import Event
from casita.ids import Offset

_STARTED: Final = "run.started"
_FINISHED: Final = "run.finished"
_DEEDS: Final = frozenset({"command.sent", "command.shadowed", "event.shadowed", _STARTED})
_SIDE_BY_SIDE: Final = 1000
"""So many runs of one automation may end before one that began earlier."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run."""

    path: str
    """Where it stands, as ``actions/0/choose/1``; for a handler in Python what it asked for."""
    told: Sequence[Any]
    """What came of it: whether a condition held and the values it saw, the service called."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A run, step by step."""

    run: Offset
    """The offset of its ``run.started``."""
    subject: str
    """The automation or script."""
    trigger: str | None
    """What set it off, in words."""
    seen: Any = None
    """What its conditions looked at, and saw; null if it has none."""
    cause: Offset | None
    started: datetime
    finished: datetime | None = None
    """Null while it runs."""
    result: str | None = None
    """``done``, ``stopped``, ``failed``, ``aborted`` or ``dropped``; null while it runs."""
    message: str | None = None
    steps: Sequence[Step] = ()
    """Known once it has ended."""
    did: Sequence[Event] = ()
    """The commands that it sent, and the scripts that it called; asked for of one run alone."""


async def trace(log: LiveLog, offset: int) -> Trace | None:
    """Return a run with what it did, by the offset of its ``run.started``; None if it is none."""
    started = await log.event(offset)
    if started is None or started.type != _STARTED:
        return None
    finished = await log.read(
        after=offset, types=(_FINISHED,), subjects=(started.subject,), limit=_SIDE_BY_SIDE,
        stored_only=False,
    )  # fmt: skip
    (found,) = _traces([started], finished)
    return _with_deeds(found, await effects(log, offset))


def trace_in(log: StillLog, offset: int) -> Trace | None:
    """Return what `trace` does."""
    started = log.event(offset)
    if started is None or started.type != _STARTED:
        return None
    finished = log.read(
        after=offset, types=(_FINISHED,), subjects=(started.subject,), limit=_SIDE_BY_SIDE
    )
    (found,) = _traces([started], finished)
    return _with_deeds(found, effects_in(log, offset))


async def traces(log: LiveLog, subject: str, *, limit: int) -> list[Trace]:
    """Return the last runs of an automation or a script, the newest first."""
    started = await log.read(
        types=(_STARTED,), subjects=(subject,), limit=limit, newest_first=True, stored_only=False
    )
    if not started:
        return []
    finished = await log.read(
        after=started[-1].offset, types=(_FINISHED,), subjects=(subject,), limit=2 * limit,
        newest_first=True, stored_only=False,
    )  # fmt: skip
    return _traces(started, finished)


def traces_in(log: StillLog, subject: str, *, limit: int) -> list[Trace]:
    """Return what `traces` does."""
    started = log.read(types=(_STARTED,), subjects=(subject,), limit=limit, newest_first=True)
    if not started:
        return []
    finished = log.read(
        after=started[-1].offset, types=(_FINISHED,), subjects=(subject,), limit=2 * limit,
        newest_first=True,
    )  # fmt: skip
    return _traces(started, finished)


def _traces(started: Iterable[Event], finished: Iterable[Event]) -> list[Trace]:
    ends = {one.cause: one for one in finished if one.type == _FINISHED}
    return [_traced(one, ends.get(one.offset)) for one in started]


def _traced(started: Event, end: Event | None) -> Trace:
    told = Trace(
        run=started.offset,
        subject=started.subject,
        trigger=started.data.get("trigger"),
        seen=started.data.get("seen"),
        cause=started.cause,
        started=started.time,
    )
    if end is None:
        return told
    lines = end.data.get("trace") or ()
    return msgspec.structs.replace(
        told,
        finished=end.time,
        result=end.data.get("result"),
        message=end.data.get("message"),
        steps=[Step(path=str(line[0]), told=list(line[1:])) for line in lines if line],
    )


def _with_deeds(found: Trace, led_to: Iterable[Event]) -> Trace:
    did = [one for one in led_to if one.cause == found.run and one.type in _DEEDS]
    return msgspec.structs.replace(found, did=did)
