"""The clock of a backtest: it stands where the record stands."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from casita.clock import Alarm

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_logger = logging.getLogger(__name__)


class ReplayClock:
    """A `Clock` that is moved from row to row; what falls due on the way rings at its own time.

    Times are kept as they are written, not as elapsed seconds: a year of rows adds up to no
    rounding, and looking whether anything is due costs one comparison.
    """

    def __init__(self, start: datetime) -> None:
        """``start`` is aware, UTC."""
        self._start = start
        self._now = start
        self._agenda: list[tuple[datetime, int, Alarm]] = []
        self._asked = 0
        self.due = _NEVER
        """When the next alarm may ring: nothing is due before."""

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        return self.call_at(self._now + timedelta(seconds=max(0.0, delay_s)), callback)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        due = max(when, self._now)
        alarm = Alarm(due.timestamp(), callback)
        self._asked += 1
        heapq.heappush(self._agenda, (due, self._asked, alarm))
        self.due = self._agenda[0][0]
        return alarm

    async def sleep(self, delay_s: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        alarm = self.call_later(delay_s, wake)
        try:
            await woken
        finally:
            alarm.cancel()

    @property
    def trusted(self) -> bool:
        return True

    def distrust(self) -> None:
        """Do nothing: the time is that of the record."""

    def trust(self) -> None:
        """Do nothing."""

    def on_setback(self, callback: Callable[[], None]) -> Callable[[], None]:
        return _nothing

    def move(self, to: datetime) -> None:
        """Move on to a time at which, and before which, nothing is due."""
        self._now = to

    def ring(self, to: datetime) -> None:
        """Move on to a time, calling everything that falls due on the way."""
        for _ in self.rings(to):
            pass

    def rings(self, to: datetime) -> Iterator[None]:
        """Do as `ring` does, and pause after each alarm."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= to:
            due, _, alarm = heapq.heappop(agenda)
            if alarm.pending:
                self._now = max(self._now, due)
                _ring(alarm)
                yield
        self._now = max(self._now, to)
        self.due = agenda[0][0] if agenda else _NEVER


def _nothing() -> None:
    return


def _ring(alarm: Alarm) -> None:
    try:
        alarm.ring()
    except Exception as err:  # one alarm is isolated from another, as on an event loop
        _logger.error("an alarm failed: %r", err, exc_info=err)
