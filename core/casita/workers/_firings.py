"""Firings of triggers that are not known to be dealt with, in memory and in the worker's log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from casita.clock import Clock
from casita.log import EventLog

_COLLECTION: Final = "worker.firing"
_MOST: Final = 5_000


class Firing(NamedTuple):
    """A firing that somebody has to deal with."""

    key: str
    run: Callable[[], object]
    """What deals with it."""
    since: float
    """When it came about, by the monotonic clock."""


class Firings:
    """Those that are held for another worker, and those that this one has begun to deal with.

    Each is written down until it is known that a worker has dealt with it, so that no power cut
    makes them all forget one that each has had from the broker.
    """

    def __init__(self, log: EventLog, clock: Clock, hold_s: float) -> None:
        """``hold_s`` is how long one is held that nobody speaks of."""
        self._log = log
        self._clock = clock
        self._hold_s = hold_s
        self._held: OrderedDict[str, Firing] = OrderedDict()
        self._begun: dict[str, Firing] = {}
        self.left: Mapping[str, Any] = log.items(_COLLECTION)
        """Documents of those that were not dealt with when this worker last ran."""
        self._kept = set(self.left)

    def is_begun(self, firing: str) -> bool:
        """Say whether this worker has begun to deal with one."""
        return firing in self._begun

    def keep(self, firing: str, document: Callable[[], Any]) -> None:
        """Write one down, unless it is."""
        if firing not in self._kept:
            self._kept.add(firing)
            self._log.put(_COLLECTION, firing, document())

    def begin(self, firing: str, key: str, run: Callable[[], object]) -> None:
        """Note that this worker deals with one now."""
        self._held.pop(firing, None)
        self._begun[firing] = Firing(key, run, self._clock.monotonic())

    def hold(self, firing: str, key: str, run: Callable[[], object]) -> None:
        """Hold one for another worker, which may fail to deal with it."""
        now = self._clock.monotonic()
        self._held[firing] = Firing(key, run, now)
        while self._held:
            oldest, held = next(iter(self._held.items()))
            if now - held.since < self._hold_s and len(self._held) <= _MOST:
                return
            self.forget(oldest)

    def of(self, key: str) -> list[tuple[str, Firing]]:
        """Return those of a key that are held."""
        return [(firing, held) for firing, held in self._held.items() if held.key == key]

    def forget(self, firing: str) -> None:
        """Strike one out that was dealt with, whoever did; one that is not known is no error."""
        self._held.pop(firing, None)
        self._begun.pop(firing, None)
        if firing in self._kept:
            self._kept.discard(firing)
            self._log.remove(_COLLECTION, firing)

    def undo(self) -> None:
        """Hold again what this worker began, and nobody will ever know of."""
        begun, self._begun = self._begun, {}
        for firing, one in begun.items():
            self.hold(firing, one.key, one.run)
