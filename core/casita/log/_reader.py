"""Reads the log of a data folder from outside of the hub, also while a hub runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from casita.events import Event
from casita.log._check import Report, verify
from casita.log._codec import RawEvent
from casita.log._files import Mark
from casita.log._opening import open_for_reading
from casita.log._store import Reader


class LogReader:
    """A log that is read from its folder, without a hub. Blocks."""

    def __init__(self, folder: Path) -> None:
        """Raises `LogError` if there is no log in the folder."""
        self._folder = folder
        self._reader = Reader(open_for_reading(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    @property
    def head(self) -> int:
        """Offset of the newest stored event; 0 if there is none."""
        return self._reader.head()

    def items(self, collection: str) -> dict[str, Any]:
        """Return all documents of a collection by key."""
        return self._reader.items(collection)

    def cursors(self) -> dict[str, int]:
        """Return the offsets that all named consumers have reached."""
        return {name: int(offset) for name, offset in self.items("cursor").items()}

    def scan(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        newest_first: bool = False,
    ) -> Iterator[Event]:
        """Yield events between two offsets, both exclusive; names may have ``*``."""
        end = before if before is not None else self.head + 1
        return self._reader.events(after, end, types, subjects, newest_first=newest_first)

    def subjects(self) -> list[str]:
        """Return what events are or were about."""
        return self._reader.subjects()

    def raw(self, *, after: int = 0) -> Iterator[list[RawEvent]]:
        """Yield all events behind an offset in lists, their data not decoded: for tools that
        go through millions.
        """
        return self._reader.raw(after, self.head + 1)

    def read(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        limit: int = 1000,
        newest_first: bool = False,
    ) -> list[Event]:
        """Return what `scan` yields, at most ``limit`` of it."""
        found = self.scan(
            after=after, before=before, types=types, subjects=subjects, newest_first=newest_first
        )
        return list(islice(found, limit))

    def event(self, offset: int) -> Event | None:
        """Return the event at an offset, or None if it is not there (any more)."""
        return next(iter(self.scan(after=offset - 1, before=offset + 1)), None)

    def verify(self) -> Report:
        """Look at every row, every link of the chain, every document and every page."""
        mark = Mark(self._folder).read()
        with closing(open_for_reading(self._folder)) as connection:
            return verify(connection, mark)
