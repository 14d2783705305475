"""Bounds chains of template entities that make each other render."""

from __future__ import annotations

from typing import Final

from casita.events import Cause, Event

LONGEST: Final = 32
"""After so many template entities in a row, each set off by the one before, a chain is stopped."""
_KEPT: Final = 10_000


class Chains:
    """How far each change that a template entity made is along its chain.

    A chain through an automation is bounded by the count of runs, as any is. Between template
    entities there is no run, so their changes are counted here.
    """

    def __init__(self) -> None:
        self._lengths: dict[int, int] = {}

    def after(self, cause: Event | Cause | None) -> int:
        """Return how long a chain gets by what this event sets off."""
        return 1 if cause is None else self._lengths.get(cause.offset, 0) + 1

    def made(self, event: Event | None, length: int) -> None:
        """Take down a change that a template entity made."""
        if event is None:
            return
        if len(self._lengths) >= _KEPT:
            for offset in list(self._lengths)[: _KEPT // 2]:
                del self._lengths[offset]
        self._lengths[event.offset] = length
