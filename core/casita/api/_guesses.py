"""Limits how often secrets may be guessed."""

from __future__ import annotations

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import Final

from casita.clock import Clock

PER_MINUTE: Final = 10
"""How many wrong secrets of one source are tested within a minute."""
_WINDOW_S: Final = 60.0
_SOURCES_LIMIT: Final = 1000
"""How many sources are told apart; those beyond share one place."""
_REST: Final = "all the others"


class Guesses:
    """Counts wrong secrets by source address, for the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, source: str) -> float:
        """Return how long a source has to wait until it may be tested again; 0: it may now."""
        times = self._recent(self._place(source))
        if len(times) < PER_MINUTE:
            return 0.0
        return max(0.0, times[0] + _WINDOW_S - self._clock.monotonic())

    def wrong(self, source: str) -> None:
        """Count a wrong secret."""
        place = self._place(source)
        times = self._wrong.setdefault(place, deque(maxlen=PER_MINUTE))
        times.append(self._clock.monotonic())
        self._wrong.move_to_end(place)

    def _place(self, source: str) -> str:
        place = _network_of(source)
        if place in self._wrong or len(self._wrong) < _SOURCES_LIMIT:
            return place
        oldest = next(iter(self._wrong))
        if self._recent(oldest):
            return _REST
        del self._wrong[oldest]
        return place

    def _recent(self, place: str) -> deque[float]:
        times = self._wrong.get(place, deque())
        while times and times[0] <= self._clock.monotonic() - _WINDOW_S:
            times.popleft()
        return times


def _network_of(source: str) -> str:
    """Return what stands for a source: an IPv6 host has a whole /64 of addresses to itself."""
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
