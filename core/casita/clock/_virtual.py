"""A clock for tests and backtests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from casita.clock._alarms import STEPPED_S, Agenda, Alarm, Setbacks
from casita.clock._clock import settle, slept_by


class _WallAlarm(Alarm):
    """An alarm for a time of the wall clock."""

    __slots__ = ("when",)

    def __init__(self, due: float, when: datetime, callback: Callable[[], None]) -> None:
        super().__init__(due, callback)
        self.when = when


class VirtualClock:
    """A clock that stands still until it is told to move.

    ``advance`` runs everything that falls due, in order, each at its own time. ``pass_time``
    does the same and lets the tasks of the event loop run between two alarms.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("start: an aware datetime is needed")
        self.trusted = True
        self._start = start.astimezone(UTC)
        self._elapsed = 0.0
        self._agenda = Agenda()
        self._now = self._start
        self._setbacks = Setbacks()
        self._held: list[Alarm] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def distrust(self) -> None:
        self.trusted = False

    def trust(self) -> None:
        self.trusted = True
        held, self._held = self._held, []
        for alarm in held:
            if alarm.pending:
                self._agenda.add(alarm)

    def on_setback(self, callback: Callable[[], None]) -> Callable[[], None]:
        return self._setbacks.add(callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        return self._agenda.add(Alarm(self._in(delay_s), callback))

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        due = self._in((when - self._now).total_seconds())
        return self._agenda.add(_WallAlarm(due, when, callback))

    def step(self, by: timedelta) -> None:
        """Put the wall clock forward or back; no time elapses. What is due rings at `advance`."""
        self._start += by
        self._now += by
        for alarm in self._held:
            self._agenda.add(alarm)
        self._held = []
        self._agenda.replan(self._due_of)
        if by < timedelta(seconds=-STEPPED_S):
            self._setbacks.tell()

    def lapse(self, by: float | timedelta) -> None:
        """Let time pass in a house that is down: nothing rings, then or later."""
        self._agenda.empty()
        self._held = []
        self._set(self._end(by))

    async def sleep(self, delay_s: float) -> None:
        await slept_by(self, delay_s)

    def advance(self, by: float | timedelta) -> None:
        """Move on by so many seconds, calling everything that falls due on the way."""
        end = self._end(by)
        while (alarm := self._pop_due(end)) is not None:
            self._set(alarm.due)
            alarm.ring()
        self._set(end)

    async def pass_time(self, by: float | timedelta) -> None:
        """Move on as ``advance`` does, letting tasks settle before, between and after."""
        end = self._end(by)
        await settle()
        while (alarm := self._pop_due(end)) is not None:
            self._set(alarm.due)
            alarm.ring()
            await settle()
        self._set(end)
        await settle()

    def _pop_due(self, end: float) -> Alarm | None:
        """Take out what is due next; what is set for a time waits while that is not trusted."""
        while (alarm := self._agenda.pop_due(end)) is not None:
            if self.trusted or not isinstance(alarm, _WallAlarm):
                return alarm
            self._held.append(alarm)
        return None

    def _in(self, delay_s: float) -> float:
        return _rounded(self._elapsed + max(0.0, delay_s))

    def _due_of(self, alarm: Alarm) -> float:
        if isinstance(alarm, _WallAlarm):
            return self._in((alarm.when - self._now).total_seconds())
        return alarm.due

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
