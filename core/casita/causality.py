"""Why something happened: walks along the causes that events carry, and back to their effects.

Each question comes twice: awaited, for the log of a running hub, and with ``_in``, for a
`LogReader` on a data folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Protocol

from casita.events import STATE_CHANGED, Event
from casita.ids import Offset, domain_of
from casita.sentences import Names as Names
from casita.sentences import plain_name as plain_name
from casita.sentences import sentence as sentence

LONGEST: Final = 1000
"""A chain that is longer than this is cut; `missing` names where it would go on."""
EFFECTS: Final = 200
"""How many effects are looked for unless the caller says otherwise."""
_PAGE: Final = 500
_LOOK_AHEAD: Final = 20_000
"""How many events after a cause are looked through for its effects."""


class Of(StrEnum):
    """A sort of happening that can be asked about."""

    CHANGE = "change"
    """The state of an entity became another."""
    COMMAND = "command"
    """A command was sent to it."""
    RUN = "run"
    """An automation or a script ran."""


_TYPES: Final = {Of.CHANGE: STATE_CHANGED, Of.COMMAND: "command.sent", Of.RUN: "run.started"}
_THAT_RUN: Final = frozenset({"automation", "script"})


class LiveLog(Protocol):
    """What is needed of the log of a running hub."""

    async def event(self, offset: int) -> Event | None:
        """Return the event at an offset, or None if it is not there (any more)."""
        ...

    async def read(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        limit: int = 1000,
        newest_first: bool = False,
        stored_only: bool = True,
    ) -> Sequence[Event]:
        """Return events between two offsets."""
        ...


class StillLog(Protocol):
    """What is needed of a log that is read from its folder."""

    def event(self, offset: int) -> Event | None:
        """Return the event at an offset, or None if it is not there (any more)."""
        ...

    def read(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        limit: int = 1000,
        newest_first: bool = False,
    ) -> Sequence[Event]:
        """Return events between two offsets."""
        ...


async def chain(log: LiveLog, offset: int) -> list[Event]:
    """Return an event and what led to it: itself first, its root last.

    Empty if there is no such event. Where an earlier event has left the log, the chain ends
    before it, and `missing` names it.
    """
    found: list[Event] = []
    wanted: int | None = offset
    while wanted is not None and len(found) < LONGEST:
        event = await log.event(wanted)
        if event is None:
            break
        found.append(event)
        wanted = _cause_of(event)
    return found


def chain_in(log: StillLog, offset: int) -> list[Event]:
    """Return what `chain` does."""
    found: list[Event] = []
    wanted: int | None = offset
    while wanted is not None and len(found) < LONGEST:
        event = log.event(wanted)
        if event is None:
            break
        found.append(event)
        wanted = _cause_of(event)
    return found


def missing(events: Sequence[Event]) -> Offset | None:
    """Return the offset at which a chain would go on, or None if it reaches its root."""
    return _cause_of(events[-1]) if events else None


async def latest_of(log: LiveLog, entity_id: str, of: Of | None = None) -> Event | None:
    """Return the last thing of a sort that happened to an entity.

    Without a sort it is the last run of an automation or a script, if there is one, and for
    everything else the last change of the state, not only of its attributes.
    """
    for sort in _sorts(entity_id, of):
        before: int | None = None
        while True:
            page = await log.read(
                before=before, types=(_TYPES[sort],), subjects=(entity_id,),
                limit=_PAGE, newest_first=True, stored_only=False,
            )  # fmt: skip
            found = _first(page, sort)
            if found is not None:
                return found
            if len(page) < _PAGE:
                break
            before = page[-1].offset
    return None


def latest_of_in(log: StillLog, entity_id: str, of: Of | None = None) -> Event | None:
    """Return what `latest_of` does."""
    for sort in _sorts(entity_id, of):
        before: int | None = None
        while True:
            page = log.read(
                before=before, types=(_TYPES[sort],), subjects=(entity_id,),
                limit=_PAGE, newest_first=True,
            )  # fmt: skip
            found = _first(page, sort)
            if found is not None:
                return found
            if len(page) < _PAGE:
                break
            before = page[-1].offset
    return None


async def effects(log: LiveLog, offset: int, *, limit: int = EFFECTS) -> list[Event]:
    """Return what an event led to, directly or through others, in the order of the log.

    At most ``limit`` of them, from the 20,000 events that follow it.
    """
    family = _Family(offset, limit)
    end = offset + _LOOK_AHEAD
    after = offset
    while not family.full:
        page = await log.read(after=after, before=end, limit=_PAGE, stored_only=False)
        family.take(page)
        if len(page) < _PAGE:
            break
        after = page[-1].offset
    return family.members


def effects_in(log: StillLog, offset: int, *, limit: int = EFFECTS) -> list[Event]:
    """Return what `effects` does."""
    family = _Family(offset, limit)
    end = offset + _LOOK_AHEAD
    after = offset
    while not family.full:
        page = log.read(after=after, before=end, limit=_PAGE)
        family.take(page)
        if len(page) < _PAGE:
            break
        after = page[-1].offset
    return family.members


class _Family:
    """An event's effects, as they turn up."""

    def __init__(self, offset: int, limit: int) -> None:
        self.members: list[Event] = []
        self._known: set[int] = {offset}
        self._limit = limit

    @property
    def full(self) -> bool:
        return len(self.members) >= self._limit

    def take(self, page: Iterable[Event]) -> None:
        for event in page:
            if event.cause in self._known and not self.full:
                self._known.add(event.offset)
                self.members.append(event)


def _cause_of(event: Event) -> Offset | None:
    """Return the cause of an event; one that does not lie before it is damage, not a cause."""
    return event.cause if event.cause is not None and event.cause < event.offset else None


def _sorts(entity_id: str, of: Of | None) -> tuple[Of, ...]:
    if of is not None:
        return (of,)
    return (Of.RUN, Of.CHANGE) if domain_of(entity_id) in _THAT_RUN else (Of.CHANGE,)


def _first(newest_first: Iterable[Event], of: Of) -> Event | None:
    for event in newest_first:
        if of is not Of.CHANGE or event.data.get("old") != event.data.get("state"):
            return event
    return None
