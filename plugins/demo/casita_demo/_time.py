"""The demo house's own time, which may run faster than the hub's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from casita import Clock
from casita.clock import Alarm


class HouseTime:
    """Local time in the demo house: ``pace`` of its seconds pass in one second of the clock."""

    def __init__(
        self, clock: Clock, *, pace: float = 1.0, at: time | None = None, time_zone: str = "UTC"
    ) -> None:
        """``at`` is the local time at which the house begins; None: what the clock shows."""
        self.clock = clock
        self.pace = pace
        self._began_s = clock.monotonic()
        start = clock.now().astimezone(ZoneInfo(time_zone))
        if at is not None:
            start = start.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        self._start = start

    def now(self) -> datetime:
        """Return the local time in the house."""
        return self._start + timedelta(seconds=self.elapsed_s())

    def hour(self) -> float:
        """Return the local time as hours since midnight, 17.5 for half past five."""
        now = self.now()
        return now.hour + now.minute / 60 + now.second / 3600

    def elapsed_s(self) -> float:
        """Return how many seconds have passed in the house since it began."""
        return (self.clock.monotonic() - self._began_s) * self.pace

    async def sleep(self, seconds: float) -> None:
        """Return once so many seconds have passed in the house."""
        await self.clock.sleep(seconds / self.pace)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """Call back once so many seconds have passed in the house."""
        return self.clock.call_later(seconds / self.pace, callback)
