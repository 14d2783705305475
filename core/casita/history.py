"""What an entity's state was, as the log has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.events import STATE_CHANGED, Event
from casita.ids import Offset
from casita.log import EventLog, LogReader

_PAGE: Final = 500
MOST: Final = 10_000
"""So many points at most are returned: the newest."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A state that an entity took on."""

    at: datetime
    """Aware, UTC."""
    state: str | None
    """None: from then on the entity had no state."""
    attributes: Mapping[str, Any]
    offset: Offset
    """Of the event that says so: ``casita why OFFSET`` tells the rest."""


async def history(
    log: EventLog, names: Sequence[str], begin: datetime, end: datetime, limit: int = MOST
) -> list[Point]:
    """Return the states of an entity between two times, and the one that was there at first.

    ``names`` are its entity id and those that it had before. The log forgets: what is older than
    its retention is in the statistics alone.
    """
    found = _Found(begin, end, limit)
    before: int | None = None
    while True:
        page = await log.read(
            before=before, types=(STATE_CHANGED,), subjects=names, limit=_PAGE, newest_first=True
        )
        if not found.take(page):
            return found.points
        before = page[-1].offset


def history_of(
    reader: LogReader, names: Sequence[str], begin: datetime, end: datetime, limit: int = MOST
) -> list[Point]:
    """Return what `history` does, from outside of the hub; blocks."""
    found = _Found(begin, end, limit)
    before: int | None = None
    while True:
        page = reader.read(
            before=before, types=(STATE_CHANGED,), subjects=names, limit=_PAGE, newest_first=True
        )
        if not found.take(page):
            return found.points
        before = page[-1].offset


class _Found:
    """Points, found from the newest back."""

    def __init__(self, begin: datetime, end: datetime, limit: int) -> None:
        self._begin = begin
        self._end = end
        self._limit = limit
        self._newest_first: list[Point] = []

    @property
    def points(self) -> list[Point]:
        """The points in the order of time."""
        return self._newest_first[::-1]

    def take(self, page: Sequence[Event]) -> bool:
        """Take a page; say whether there may be more."""
        for event in page:
            if event.time > self._end:
                continue
            if len(self._newest_first) >= self._limit:
                return False
            data = event.data
            self._newest_first.append(
                Point(
                    at=event.time, state=data["state"], attributes=data["attributes"],
                    offset=event.offset,
                )
            )  # fmt: skip
            if event.time < self._begin:
                return False
        return len(page) == _PAGE
