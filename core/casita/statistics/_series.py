"""One entity's statistics in the making: a bucket for each period, filled change by change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

import msgspec

LENGTHS_S: Final = (300, 3600)
"""The periods for which statistics are kept."""
_MOST_STATES: Final = 50
"""So many different states of one period are told apart; what else there is counts together."""
_LONGEST_STATE: Final = 64
_OTHER: Final = "(other)"
_UP: Final = "total_increasing"


class Bucket(msgspec.Struct, kw_only=True):
    """What is known of one period so far. Times are seconds since 1970."""

    start: int
    min: float | None = None
    max: float | None = None
    weighted: float = 0.0
    """The sum of number times seconds, for the mean."""
    seconds: float = 0.0
    """For how long there was a number."""
    growth: float = 0.0
    last: float | None = None
    states: dict[str, list[float]] = {}
    """Of states that are no numbers: for how long, and how often they came about."""
    final: str | None = None
    """The state that is no number with which it ends."""

    def number(self, value: float, seconds: float) -> None:
        """Take a number that was there for so long."""
        self.min = value if self.min is None else min(self.min, value)
        self.max = value if self.max is None else max(self.max, value)
        self.weighted += value * seconds
        self.seconds += seconds
        self.last, self.final = value, None

    def state(self, text: str, seconds: float, times: int) -> None:
        """Take a state that was there for so long."""
        key = text if len(text) <= _LONGEST_STATE else _OTHER
        if key not in self.states and len(self.states) >= _MOST_STATES:
            key = _OTHER
        entry = self.states.setdefault(key, [0.0, 0])
        entry[0] += seconds
        entry[1] += times
        self.final = key

    @property
    def mean(self) -> float | None:
        """The mean over time; of a number that was there for no time, itself."""
        return self.weighted / self.seconds if self.seconds else self.last


class Series(msgspec.Struct, kw_only=True):
    """An entity's present state, its open buckets, and what its number was last."""

    text: str | None = None
    at: float = 0.0
    number: float | None = None
    buckets: dict[int, Bucket] = {}
    """By length of the period in seconds."""

    def change(
        self, text: str | None, attributes: Mapping[str, Any], at: float
    ) -> Iterator[tuple[int, Bucket]]:
        """Take a new state; yield what is closed by it: the period's length, and its bucket."""
        at = max(at, self.at)
        yield from self.advance(at)
        came = text is not None and text != self.text
        for length in LENGTHS_S:
            self._open(length, at)
        self.text = text
        if text is None:
            return
        value = number_of(text)
        growth = 0.0
        if value is not None:
            growth = _growth(self.number, value, attributes.get("state_class") == _UP)
            self.number = value
        for length in LENGTHS_S:
            bucket = self.buckets[length]
            if value is None:
                bucket.state(text, 0.0, int(came))
            else:
                bucket.number(value, 0.0)
                bucket.growth += growth

    def advance(self, to: float) -> Iterator[tuple[int, Bucket]]:
        """Let the state last until a time; yield what is over by then.

        Of periods in which nothing was said there is no bucket: they are as the last one ended.
        """
        for length in LENGTHS_S:
            bucket = self.buckets.get(length)
            if bucket is not None and bucket.start + length <= to:
                self._last(bucket, bucket.start + length - max(self.at, bucket.start))
                del self.buckets[length]
                yield length, bucket
            elif bucket is not None:
                self._last(bucket, to - max(self.at, bucket.start))
        self.at = max(self.at, to)

    def _open(self, length: int, at: float) -> None:
        """Begin the bucket of a time, with the state that was there before."""
        if length not in self.buckets:
            bucket = self.buckets[length] = Bucket(start=int(at // length) * length, states={})
            self._last(bucket, at - bucket.start)

    def _last(self, bucket: Bucket, seconds: float) -> None:
        if self.text is None or seconds <= 0:
            return
        value = number_of(self.text)
        if value is None:
            bucket.state(self.text, seconds, 0)
        else:
            bucket.number(value, seconds)


def number_of(text: str) -> float | None:
    """Return a state as a number, or None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _growth(before: float | None, now: float, only_up: bool) -> float:
    """Return by how much a reading has grown; a meter that only counts up begins anew at nought."""
    if before is None:
        return 0.0
    return now if only_up and now < before else now - before
