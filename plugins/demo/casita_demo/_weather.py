"""The weather around the demo house: season, time of day, and some chance."""

from __future__ import annotations

import math
from datetime import datetime
from random import Random
from typing import Final

_WARMEST_HOUR: Final = 15.0
_SWING_C: Final = 4.0
_YEAR_MEAN_C: Final = 10.0
_YEAR_SWING_C: Final = 9.0
_COLDEST_DAY: Final = 20
_NOON: Final = 12.5
_FULL_SUN_LX: Final = 60_000.0
_DARK_LX: Final = 400.0


class Weather:
    """What it is like outside. Clouds drift by chance; everything else follows the calendar."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._drift_c = chance.uniform(-2.0, 2.0)
        self._clouds = chance.uniform(0.2, 0.7)
        self.temperature_c = 0.0
        self.humidity_pct = 0.0
        self.illuminance_lx = 0.0
        self.part_of_day = "day"
        """``morning``, ``day``, ``evening`` or ``night``."""

    def step(self, now: datetime) -> None:
        """Let a few minutes of weather pass; ``now`` is local time."""
        self._drift_c = 0.97 * self._drift_c + self._chance.gauss(0.0, 0.25)
        self._clouds = min(1.0, max(0.0, self._clouds + self._chance.gauss(0.0, 0.05)))
        hour = now.hour + now.minute / 60
        self.temperature_c = _climate_c(now) + self._drift_c
        self.humidity_pct = min(98.0, max(35.0, 78.0 - 2.2 * _SWING_C * _warmth(hour)))
        self.illuminance_lx = _FULL_SUN_LX * _sun_height(now, hour) * (1.0 - 0.8 * self._clouds)
        self.part_of_day = _part_of_day(hour, self.illuminance_lx)

    @property
    def dark(self) -> bool:
        """Whether one wants light indoors."""
        return self.illuminance_lx < _DARK_LX


def _climate_c(now: datetime) -> float:
    day = now.timetuple().tm_yday
    season = -math.cos(2 * math.pi * (day - _COLDEST_DAY) / 365)
    hour = now.hour + now.minute / 60
    return _YEAR_MEAN_C + _YEAR_SWING_C * season + _SWING_C * _warmth(hour)


def _warmth(hour: float) -> float:
    return math.cos(2 * math.pi * (hour - _WARMEST_HOUR) / 24)


def _sun_height(now: datetime, hour: float) -> float:
    """Return how high the sun stands, from 0 (on or below the horizon) to 1."""
    day = now.timetuple().tm_yday
    day_length_h = 12 - 4 * math.cos(2 * math.pi * (day + 10) / 365)
    return max(0.0, math.cos(math.pi * (hour - _NOON) / day_length_h)) * day_length_h / 16


def _part_of_day(hour: float, illuminance_lx: float) -> str:
    if hour < 6.0 or hour >= 22.5:
        return "night"
    if illuminance_lx >= _DARK_LX:
        return "day"
    return "morning" if hour < _NOON else "evening"
