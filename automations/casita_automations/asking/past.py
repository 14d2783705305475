"""Reads the log of a running hub by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from casita.events import Event
from casita.log import EventLog

_PAGE: Final = 1000
_INCLUDED: Final = timedelta(microseconds=1)
MOST: Final = 100_000
"""So many events of a time are looked at, the newest."""


class Past:
    """What happened, by time."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.cut = False
        """Whether there was more than was given."""

    async def offset_at(self, moment: datetime) -> int:
        """Return the offset of the last event before a time; 0 if there is none."""
        low, high = 0, self._log.head
        while low < high:
            middle = (low + high + 1) // 2
            event = await self._nearest(middle, high)
            if event is None:
                high = middle - 1
            elif event.time < moment:
                low = max(middle, event.offset)
            else:
                high = middle - 1
        return low

    async def between(
        self,
        since: datetime,
        until: datetime,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> list[Event]:
        """Return the events of a time, both ends included; the newest, if there are too many."""
        begin = await self.offset_at(since)
        before = await self.offset_at(until + _INCLUDED) + 1
        found: list[Event] = []
        while len(found) < MOST:
            page = await self._log.read(
                after=begin, before=before, types=types, subjects=subjects, limit=_PAGE,
                newest_first=True, stored_only=False,
            )  # fmt: skip
            found += page
            if len(page) < _PAGE:
                return found[::-1]
            before = page[-1].offset
        self.cut = True
        return found[::-1]

    async def last_of(self, subject: str, before: int, *, type: str) -> Event | None:
        """Return the last event of a type about something before an offset."""
        page = await self._log.read(
            before=before, types=(type,), subjects=(subject,), limit=1, newest_first=True,
            stored_only=False,
        )  # fmt: skip
        return page[0] if page else None

    async def _nearest(self, offset: int, end: int) -> Event | None:
        """Return the event at an offset, or the first after it: old ones may have left the log."""
        event = await self._log.event(offset)
        if event is not None:
            return event
        page = await self._log.read(after=offset, before=end + 1, limit=1, stored_only=False)
        return page[0] if page else None
