"""Chains of causes that grow in breadth, and those that go on after they were stopped."""

from __future__ import annotations

from typing import Final

from casita.clock import Clock

DEEP: Final = 2
"""Runs before that are not counted: one event may well set off hundreds of automations."""
MOST: Final = 30
"""So often a second automations may run again in one chain, beyond the first few runs."""
_WINDOW_S: Final = 1.0
_STOPPED_S: Final = 60.0
_KEPT: Final = 256


class Storms:
    """Counts the runs of chains that have gone deep; nobody else is counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chains: dict[int, _Chain] = {}
        self.stopped: dict[int, float] = {}
        """When chains were stopped, by their first event: what rests in them does not go on."""

    def is_stopped(self, root: int) -> bool:
        """Say whether a chain was stopped within the last minute."""
        since = self.stopped.get(root)
        if since is None:
            return False
        if self._clock.monotonic() - since < _STOPPED_S:
            return True
        del self.stopped[root]
        return False

    def stop(self, root: int) -> None:
        """Let a chain not go on for a minute."""
        now = self._clock.monotonic()
        if len(self.stopped) > _KEPT:
            self.stopped = {k: t for k, t in self.stopped.items() if now - t < _STOPPED_S}
        self.stopped[root] = now

    def admit(self, root: int, owner: str) -> bool:
        """Count one more run of the chain that began with an event; say whether it may be."""
        now = self._clock.monotonic()
        chain = self._chains.get(root)
        if chain is None or now - chain.began >= _WINDOW_S:
            if len(self._chains) > _KEPT:
                recent = self._chains.items()
                self._chains = {k: c for k, c in recent if now - c.began < _WINDOW_S}
            chain = self._chains[root] = _Chain(now)
        if owner not in chain.owners:
            chain.owners.add(owner)
            return True
        chain.again += 1
        return chain.again <= MOST


class _Chain:
    """The runs of one chain within a second."""

    __slots__ = ("again", "began", "owners")

    def __init__(self, began: float) -> None:
        self.began = began
        self.owners: set[str] = set()
        self.again = 0
