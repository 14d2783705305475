"""The one source of time. Nothing else in Casita asks the system what time it is.

`SystemClock` runs in the house; `VirtualClock` in tests, backtests and ``casita test``.
"""

from __future__ import annotations

import asyncio
import heapq
import time as _time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

_RECHECK_S: Final = 10.0
"""How long a wall-clock wait may trust the wall clock before it looks again: clocks get stepped."""


class Alarm:
    """A callback that is due at some time. Cancelling it twice is harmless."""

    __slots__ = ("_callback", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self._callback: Callable[[], None] | None = callback

    @property
    def pending(self) -> bool:
        """Whether the callback is still going to be called."""
        return self._callback is not None

    def cancel(self) -> None:
        """See to it that the callback is not called."""
        self._callback = None

    def ring(self) -> None:
        """Call the callback, unless it was cancelled or has been called."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Clock(Protocol):
    """What Casita needs of time."""

    def now(self) -> datetime:
        """Return the wall-clock time: aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for measuring what has elapsed."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """Call back once so many seconds have elapsed, whatever the wall clock does."""
        ...

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        """Call back once the wall clock shows this time or a later one."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return once so many seconds have elapsed."""
        ...


@asynccontextmanager
async def deadline(clock: Clock, timeout_s: float) -> AsyncIterator[None]:
    """Raise `TimeoutError` out of the block once so many seconds of this clock have elapsed."""
    async with asyncio.timeout(None) as scope:
        loop = asyncio.get_running_loop()
        alarm = clock.call_later(timeout_s, lambda: scope.reschedule(loop.time()))
        try:
            yield
        finally:
            alarm.cancel()


class _Agenda:
    """Alarms in the order of their due times; equal times keep the order of asking."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._asked = 0

    def add(self, due: float, callback: Callable[[], None]) -> Alarm:
        alarm = Alarm(due, callback)
        self._asked += 1
        heapq.heappush(self._heap, (due, self._asked, alarm))
        return alarm

    def next_due(self) -> float | None:
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Alarm | None:
        """Take out the earliest alarm that is due, if there is one."""
        due = self.next_due()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[2]


class SystemClock:
    """The clock of the machine, on the running event loop.

    Waits for a wall-clock time follow the wall clock when it is stepped, within 10 s.
    """

    def __init__(self) -> None:
        self._wall = _Agenda()
        self._wake: asyncio.TimerHandle | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return _time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        alarm = Alarm(self.monotonic() + delay_s, callback)
        handle = asyncio.get_running_loop().call_later(max(0.0, delay_s), alarm.ring)
        return _LoopAlarm(alarm, handle)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        alarm = self._wall.add(when.timestamp(), callback)
        self._arm()
        return alarm

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(max(0.0, delay_s))

    def _arm(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self._wall.next_due()
        if due is not None:
            delay_s = min(max(0.0, due - _time.time()), _RECHECK_S)
            self._wake = asyncio.get_running_loop().call_later(delay_s, self._ring_due)

    def _ring_due(self) -> None:
        try:
            while (alarm := self._wall.pop_due(_time.time())) is not None:
                alarm.ring()
        finally:
            self._arm()


class _LoopAlarm(Alarm):
    """An alarm that takes its timer off the event loop when it is cancelled."""

    __slots__ = ("_alarm", "_handle")

    def __init__(self, alarm: Alarm, handle: asyncio.TimerHandle) -> None:
        self.due = alarm.due
        self._alarm = alarm
        self._handle = handle

    @property
    def pending(self) -> bool:
        return self._alarm.pending

    def cancel(self) -> None:
        self._alarm.cancel()
        self._handle.cancel()

    def ring(self) -> None:
        self._alarm.ring()


class VirtualClock:
    """A clock that stands still until it is told to move.

    ``advance`` runs everything that falls due, in order, each at its own time. ``pass_time``
    does the same and lets the tasks of the event loop run between two alarms.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("start: an aware datetime is needed")
        self._start = start.astimezone(UTC)
        self._elapsed = 0.0
        self._agenda = _Agenda()
        self._now = self._start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        return self._agenda.add(_rounded(self._elapsed + max(0.0, delay_s)), callback)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        return self.call_later((when - self._now).total_seconds(), callback)

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

    def advance(self, by: float | timedelta) -> None:
        """Move on by so many seconds, calling everything that falls due on the way."""
        end = self._end(by)
        while (alarm := self._agenda.pop_due(end)) is not None:
            self._set(alarm.due)
            alarm.ring()
        self._set(end)

    async def pass_time(self, by: float | timedelta) -> None:
        """Move on as ``advance`` does, letting tasks settle before, between and after."""
        end = self._end(by)
        await settle()
        while (alarm := self._agenda.pop_due(end)) is not None:
            self._set(alarm.due)
            alarm.ring()
            await settle()
        self._set(end)
        await settle()

    def _end(self, by: float | timedelta) -> float:
        by_s = by.total_seconds() if isinstance(by, timedelta) else by
        if by_s < 0:
            raise ValueError("time does not run backwards here")
        return _rounded(self._elapsed + by_s)

    def _set(self, elapsed: float) -> None:
        if elapsed > self._elapsed:
            self._elapsed = elapsed
            self._now = self._start + timedelta(seconds=elapsed)


def _rounded(elapsed_s: float) -> float:
    """Cut to microseconds, so that sums of delays meet the times that people write."""
    return round(elapsed_s, 6)


async def settle(rounds: int = 20) -> None:
    """Give the tasks of the event loop so many turns."""
    for _ in range(rounds):
        await asyncio.sleep(0)
