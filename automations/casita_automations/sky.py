"""When the sun rises and sets over the house."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import degrees
from typing import Final

from casita.clock import Clock
from casita_config import HomeSettings

SUNRISE: Final = "sunrise"
SUNSET: Final = "sunset"
_DAYS_AHEAD: Final = 370
"""Near a pole the next sunrise may be half a year away."""
_STEEPEST: Final = 89.8
_MINUTES_A_DAY: Final = 1440.0


class Sky:
    """The sun over one place."""

    def __init__(self, home: HomeSettings, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self.on_day = lru_cache(maxsize=64)(self._on_day)
        """Return when the sun rises or sets in the solar day of a date; None if it does not."""

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
        home = self._home
        try:
            return _transit(
                home.latitude or 0.0, home.longitude or 0.0, home.elevation_m, day, event
            )
        except ValueError:
            return None


def _transit(
    latitude: float, longitude: float, elevation_m: float, day: date, event: str
) -> datetime:
    """Return when the sun crosses the horizon in the solar day of a date.

    Two passes of NOAA's formulas, as Home Assistant takes them: the result may lie on the UTC
    date before or after, which `astral`'s own functions would not give. Raises `ValueError` if
    the sun stays on one side.
    """
    from astral import SunDirection, refraction_at_zenith, sun  # seldom needed, slow to import
    from astral.julian import julianday, julianday_to_juliancentury

    direction = SunDirection.RISING if event == SUNRISE else SunDirection.SETTING
    at = max(-_STEEPEST, min(_STEEPEST, latitude))
    zenith = 90.0 + sun.SUN_APPARENT_RADIUS
    if elevation_m > 0:
        zenith += sun.adjust_to_horizon(elevation_m)
    refraction = refraction_at_zenith(zenith)
    moment, minutes = julianday(day), 0.0
    for bent in (zenith - refraction, zenith + refraction):
        century = julianday_to_juliancentury(moment + minutes / _MINUTES_A_DAY)
        angle = sun.hour_angle(at, sun.sun_declination(century), bent, direction)
        apart = -longitude - degrees(angle)
        minutes = _MINUTES_A_DAY / 2 + 4 * apart - sun.eq_of_time(century)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
