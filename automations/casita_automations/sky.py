"""When the sun rises and sets over the house."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from casita.clock import Clock
from casita_config import HomeSettings

if TYPE_CHECKING:
    from astral import Observer

SUNRISE: Final = "sunrise"
SUNSET: Final = "sunset"
_DAYS_AHEAD: Final = 370
"""Near a pole the next sunrise may be half a year away."""


class Sky:
    """The sun over one place."""

    def __init__(self, home: HomeSettings, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._observer: Observer | None = None
        self.on_day = lru_cache(maxsize=64)(self._on_day)
        """Return when the sun rises or sets on a day (of UTC), or None if it does not."""

    @property
    def today(self) -> date:
        """The day that it is at home."""
        return self._clock.now().astimezone(self._home.zone).date()

    def local_date(self, moment: datetime) -> date:
        """Return the day on which a moment falls at home."""
        return moment.astimezone(self._home.zone).date()

    def next(self, event: str, after: datetime, offset: timedelta) -> datetime | None:
        """Return the first sunrise or sunset, moved by an offset, after a time."""
        day = after.astimezone(self._home.zone).date() - timedelta(days=1)
        for ahead in range(_DAYS_AHEAD):
            moment = self.on_day(event, day + timedelta(days=ahead))
            if moment is not None and moment + offset > after:
                return moment + offset
        return None

    def _on_day(self, event: str, day: date) -> datetime | None:
        from astral import sun  # seldom needed, and slow to import

        find = sun.sunrise if event == SUNRISE else sun.sunset
        try:
            return find(self._place(), date=day)
        except ValueError:
            return None

    def _place(self) -> Observer:
        if self._observer is None:
            from astral import Observer

            home = self._home
            self._observer = Observer(home.latitude or 0.0, home.longitude or 0.0, home.elevation_m)
        return self._observer
