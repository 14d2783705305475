"""A log without a disk, for tests and backtests: what is appended counts as stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from casita.clock import Clock
from casita.events import Event
from casita.log._base import EventLog
from casita.log._select import selector


class MemoryLog(EventLog):
    """An `EventLog` that ends with the process."""

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock)
        self._documents: dict[str, dict[str, bytes]] = {}

    def copy(self) -> MemoryLog:
        """Return a log that holds the same at this moment, as a disk would after a crash."""
        other = MemoryLog(clock=self._clock)
        other._head = self._head
        other._recent = list(self._recent)
        other._documents = {key: dict(value) for key, value in self._documents.items()}
        return other

    @property
    def stored_head(self) -> int:
        return self._head

    def put(self, collection: str, key: str, value: Any) -> None:
        self._documents.setdefault(collection, {})[key] = msgspec.json.encode(value)

    def remove(self, collection: str, key: str) -> None:
        self._documents.get(collection, {}).pop(key, None)

    def items(self, collection: str) -> dict[str, Any]:
        documents = self._documents.get(collection, {})
        return {key: msgspec.json.decode(value) for key, value in documents.items()}

    def flush(self) -> None:
        return

    def close(self) -> None:
        self.closed = True
        self._grew()

    def scan(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> Iterator[Event]:
        first = self._first_recent
        end = self._end(before, stored_only=True)
        selects = selector(tuple(types), tuple(subjects))
        for event in self._recent[max(0, after + 1 - first) : max(0, end - first)]:
            if selects is None or selects(event):
                yield event

    async def retain(
        self,
        max_age: timedelta | None = None,
        max_bytes: int | None = None,
        *,
        keep_from: int | None = None,
    ) -> int:
        if max_age is None:
            return 0
        oldest = self._clock.now() - max_age
        end = self._head if keep_from is None else keep_from - 1
        count = 0
        for event in self._recent:
            if event.time >= oldest or event.offset > end:
                break
            count += 1
        del self._recent[:count]
        return count

    def _keep(self, event: Event) -> None:
        if self._waiting:
            self._grew()

    def _forget_recent(self) -> None:
        """Everything stays: memory is all there is."""

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
