"""The clock of the machine."""

from __future__ import annotations

import asyncio
import time as _time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from casita.clock._alarms import STEPPED_S, Agenda, Alarm, Setbacks
from casita.clock._clock import slept_by

_RECHECK_S: Final = 10.0
"""How long a wait may rely on a timer before it looks again: clocks get stepped, machines sleep."""


def _boot_time() -> float:
    """Return the seconds since the machine was started, those in which it slept included."""
    if hasattr(_time, "CLOCK_BOOTTIME"):
        return _time.clock_gettime(_time.CLOCK_BOOTTIME)
    return _time.monotonic()


class SystemClock:
    """The clock of the machine, on the running event loop.

    Waits for a wall-clock time follow the wall clock when it is stepped, and long waits end in
    time when the machine was suspended meanwhile, both within 10 s.
    """

    def __init__(
        self,
        wall: Callable[[], float] = _time.time,
        elapsed: Callable[[], float] = _boot_time,
    ) -> None:
        """``wall`` gives seconds since 1970, ``elapsed`` seconds that only grow."""
        self.trusted = True
        self._read_wall = wall
        self._read_elapsed = elapsed
        self._wall = Agenda()
        self._long = Agenda()
        self._setbacks = Setbacks()
        self._apart: float | None = None
        self._wake: asyncio.TimerHandle | None = None

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._read_wall(), UTC)

    def monotonic(self) -> float:
        return self._read_elapsed()

    def distrust(self) -> None:
        self.trusted = False

    def trust(self) -> None:
        self.trusted = True
        self._arm()

    def on_setback(self, callback: Callable[[], None]) -> Callable[[], None]:
        return self._setbacks.add(callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        alarm = Alarm(self._read_elapsed() + delay_s, callback)
        if delay_s > _RECHECK_S:
            self._long.add(alarm)
            self._arm()
            return alarm
        handle = asyncio.get_running_loop().call_later(max(0.0, delay_s), alarm.ring)
        return _LoopAlarm(alarm, handle)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        alarm = self._wall.add(Alarm(when.timestamp(), callback))
        self._arm()
        return alarm

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= _RECHECK_S:
            await asyncio.sleep(max(0.0, delay_s))
        else:
            await slept_by(self, delay_s)

    def _arm(self) -> None:
        """Look again when the next alarm is due, or in 10 s."""
        wall, elapsed = self._read_wall(), self._read_elapsed()
        if self._apart is None:
            self._apart = wall - elapsed
        left = [_RECHECK_S]
        due = self._long.next_due()
        if due is not None:
            left.append(due - elapsed)
        due_at = self._wall.next_due()
        if due_at is not None and self.trusted:
            left.append(due_at - wall)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if due is not None or due_at is not None:
            delay_s = max(0.0, min(left))
            self._wake = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        try:
            self._notice_setback()
            while (alarm := self._long.pop_due(self._read_elapsed())) is not None:
                alarm.ring()
            while self.trusted and (alarm := self._wall.pop_due(self._read_wall())) is not None:
                alarm.ring()
        finally:
            self._arm()

    def _notice_setback(self) -> None:
        apart, before = self._read_wall() - self._read_elapsed(), self._apart
        self._apart = apart
        if before is not None and apart < before - STEPPED_S:
            self._setbacks.tell()


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
