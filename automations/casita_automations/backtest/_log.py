"""The log of a backtest: it numbers events, and keeps of them what explains commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from casita.clock import Clock
from casita.events import STATE_CHANGED, Event
from casita.log import EventLog

_MOST: Final = 400_000
"""So many events are kept to explain commands; later commands are counted and not explained."""
_TOLD: Final = frozenset({"command.sent", "run.started"})
Documents = Callable[[str], dict[str, Any]]


class ThinLog(EventLog):
    """An `EventLog` without storage.

    It remembers the newest few thousand events, and for good only those from which the chain of
    a command's causes is told. Documents are those that it is given; writing any does nothing.
    """

    def __init__(self, *, clock: Clock, documents: Documents, listen: Callable[[Event], None]):
        """``listen`` is called with each event that has a cause, is a run, or a command."""
        super().__init__(clock)
        self._documents = documents
        self._listen = listen
        self._kept: dict[int, Event] = {}

    @property
    def stored_head(self) -> int:
        return self._head

    def pin(self, offset: int) -> None:
        """Keep an event that something may later have for its cause."""
        index = offset - self._first_recent
        if 0 <= index < len(self._recent) and len(self._kept) < _MOST:
            self._kept[offset] = self._recent[index]

    def chain(self, offset: int) -> list[Event]:
        """Return a kept event and what led to it: itself first."""
        found: list[Event] = []
        wanted: int | None = offset
        while wanted is not None and (event := self._kept.get(wanted)) is not None:
            found.append(event)
            wanted = event.cause
        return found

    def put(self, collection: str, key: str, value: Any) -> None:
        return

    def remove(self, collection: str, key: str) -> None:
        return

    def items(self, collection: str) -> dict[str, Any]:
        return self._documents(collection)

    def flush(self) -> None:
        return

    def close(self) -> None:
        self.closed = True

    def scan(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> Iterator[Event]:
        yield from ()

    async def retain(
        self,
        max_age: timedelta | None = None,
        max_bytes: int | None = None,
        *,
        keep_from: int | None = None,
    ) -> int:
        return 0

    def _keep(self, event: Event) -> None:
        if event.cause is None:
            if event.type == STATE_CHANGED:
                return
        elif event.cause not in self._kept:
            self.pin(event.cause)
        if event.type in _TOLD or (event.type == STATE_CHANGED and event.cause is not None):
            self.pin(event.offset)
        self._listen(event)

    async def _older(
        self,
        after: int,
        before: int,
        wanted: tuple[tuple[str, ...], tuple[str, ...]],
        limit: int,
        *,
        newest_first: bool,
    ) -> list[Event]:
        return []


def no_documents(_collection: str) -> dict[str, Any]:
    """Stand in for the documents of a house of which there are none."""
    return {}


def documents_of(given: Mapping[str, Mapping[str, Any]]) -> Documents:
    """Return documents that are at hand, by collection and key."""
    return lambda collection: dict(given.get(collection, {}))
