"""Remembers which messages were taken already, also across a restart."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from zlib import crc32

from casita.log import EventLog

_WINDOW: Final = 20_000


class Seen:
    """The newest 20,000 messages of one broker, by source and id."""

    def __init__(self, log: EventLog, broker: str, *, window: int = _WINDOW) -> None:
        self._log = log
        self._collection = f"broker.{broker}.seen"
        self._window = window
        known = log.items(self._collection)
        self._keys: OrderedDict[str, int] = OrderedDict(
            sorted(((key, int(place)) for key, place in known.items()), key=lambda one: one[1])
        )
        self._next = max(self._keys.values(), default=0) + 1

    def __contains__(self, key: str) -> bool:
        return _short(key) in self._keys

    def add(self, key: str) -> None:
        """Remember a message; the oldest makes way."""
        short = _short(key)
        self._keys[short] = self._next
        self._log.put(self._collection, short, self._next)
        self._next += 1
        if len(self._keys) > self._window:
            oldest, _ = self._keys.popitem(last=False)
            self._log.remove(self._collection, oldest)


def _short(key: str) -> str:
    """Return a key that is not too long to be kept by the thousand."""
    return key if len(key) <= 80 else f"{key[:60]}~{crc32(key.encode()):08x}{len(key)}"
