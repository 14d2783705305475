"""Takes the log in at its own pace, and keeps statistics of it for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import apsw
import msgspec

from casita.clock import Clock
from casita.events import STATE_CHANGED, Event
from casita.log import EventLog
from casita.statistics._rows import Row, rows_of
from casita.statistics._series import Series
from casita.statistics._store import Closed, Store
from casita.tasks import Tasks

_PAUSE_S: Final = 5.0
"""Once it has caught up it looks again after so long, and not before something has happened."""
_WRITE_EVERY_S: Final = 60.0
_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


class Statistics:
    """Min, max, mean, growth and last of numbers, and how long other states lasted.

    It reads the log behind a cursor of its own, which is written together with what was made of
    the events: after a crash it goes on where it was, and counts nothing twice.
    """

    def __init__(self, log: EventLog, clock: Clock, folder: Path | None) -> None:
        """``folder`` is the data folder; None keeps the statistics in memory."""
        self._log = log
        self._clock = clock
        self._folder = folder
        self._store: Store | None = None
        self._series: dict[str, Series] = {}
        self._touched: set[str] = set()
        self._closed: list[Closed] = []
        self._written_at = 0.0
        self._reading = asyncio.Lock()
        self._using = asyncio.Lock()
        self._tasks = Tasks("statistics")
        self.cursor = 0
        """The offset up to which the log was taken in."""
        self._stored_cursor = 0

    @property
    def keep_from(self) -> int | None:
        """The oldest offset that the log has to keep for it; None if it does not run."""
        return None if self._store is None else self._stored_cursor + 1

    def open(self) -> None:
        """Go on where it was. Without its file the house runs, too; that is told."""
        try:
            self._store = Store.make(self._folder)
            self._series = self._store.series()
            self.cursor = self._stored_cursor = min(self._store.cursor(), self._log.head)
        except (apsw.Error, OSError) as err:
            _logger.error("statistics cannot be kept: %s", err)
            self._store = None
            return
        self._written_at = self._clock.monotonic()
        self._tasks.start(self._follow(), "follow")

    async def close(self) -> None:
        """Take in what is stored, write everything, and close."""
        await self._tasks.stop()
        store = self._store
        if store is None:
            return
        try:
            await self.catch_up()
            await self._write()
        finally:
            self._store = None
            store.close()

    async def catch_up(self) -> None:
        """Return once all that is stored in the log has been taken in."""
        async with self._reading:
            while True:
                page = await self._log.page(self.cursor, types=(STATE_CHANGED,))
                for event in page.events:
                    self._take(event)
                moved = page.end > self.cursor
                self.cursor = page.end
                if not moved:
                    break
                await asyncio.sleep(0)
            self._let_last(self._clock.now().timestamp())

    async def rows(
        self, entity_id: str, period: str, begin: datetime, end: datetime, zone: ZoneInfo
    ) -> list[Row]:
        """Return the statistics of an entity; see `rows_of`. ``period`` is one of `PERIODS`."""
        await self.catch_up()
        await self._write()
        store, now = self._store, self._clock.now()
        if store is None:
            return []
        return await self._in_thread(
            lambda: rows_of(store, entity_id, period, begin, end, now, zone)
        )

    async def _follow(self) -> None:
        while not self._log.closed:
            await self.catch_up()
            if self._clock.monotonic() - self._written_at >= _WRITE_EVERY_S:
                await self._write()
            await self._clock.sleep(_PAUSE_S)
            if self._touched:
                # what is in the making is written within a minute, also if nothing follows
                continue
            await self._log.grown(self.cursor)

    def _take(self, event: Event) -> None:
        series = self._series.get(event.subject)
        if series is None:
            series = self._series[event.subject] = Series(buckets={})
        data, at = event.data, event.time.timestamp()
        for length, bucket in series.change(data["state"], data["attributes"], at):
            self._closed.append(Closed(event.subject, length, bucket))
        self._touched.add(event.subject)

    def _let_last(self, now: float) -> None:
        """Close what is over by now."""
        for entity_id, series in self._series.items():
            if any(one.start + length <= now for length, one in series.buckets.items()):
                for length, bucket in series.advance(now):
                    self._closed.append(Closed(entity_id, length, bucket))
                self._touched.add(entity_id)

    async def _write(self) -> None:
        store = self._store
        self._written_at = self._clock.monotonic()
        if store is None or not (self._closed or self._touched):
            return
        async with self._reading:
            closed, self._closed = self._closed, []
            touched, self._touched = self._touched, set()
            series = [(one, msgspec.json.encode(self._series[one])) for one in sorted(touched)]
            cursor = self.cursor
            try:
                await self._in_thread(lambda: store.write(closed, series, cursor))
            except (apsw.Error, OSError) as err:
                _logger.error("statistics cannot be written at present: %s", err)
                self._closed = [*closed, *self._closed]
                self._touched |= touched
            else:
                self._stored_cursor = cursor

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        if self._folder is None:
            return work()
        async with self._using:
            return await asyncio.to_thread(work)
