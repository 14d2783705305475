"""Positions and speeds: between percent and what a device counts in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """What a device counts from and to. ``high`` may be the smaller number."""

    low: float
    high: float

    def to_pct(self, value: float) -> int:
        """Return a device's number as percent, 0 to 100."""
        share = (value - self.low) / (self.high - self.low)
        return min(max(round(share * 100), 0), 100)

    def from_pct(self, value_pct: float) -> int:
        """Return percent as a device's number."""
        return round(self.low + (self.high - self.low) * value_pct / 100)

    def __contains__(self, value: object) -> bool:
        low, high = sorted((self.low, self.high))
        return isinstance(value, (int, float)) and low <= value <= high


@dataclass(frozen=True, slots=True)
class Speeds:
    """Speeds that a device counts from ``slowest`` to ``fastest``; below the slowest is off."""

    slowest: float
    fastest: float

    @property
    def count(self) -> int:
        """How many speeds there are."""
        return int(self.fastest - self.slowest + 1)

    def to_pct(self, value: float) -> int:
        """Return a speed as percent."""
        return int((value - self.slowest + 1) * 100 // (self.fastest - self.slowest + 1))

    def from_pct(self, value_pct: float) -> int:
        """Return percent as the next speed that is not slower."""
        span = self.fastest - self.slowest + 1
        return math.ceil(span * value_pct / 100 + self.slowest - 1)
