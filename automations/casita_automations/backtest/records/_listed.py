"""A record that is a list of changes, without causes: what files of other systems hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from casita.errors import ConfigError, Problem
from casita.events import Event
from casita_automations.backtest._rows import Batch, Row, Sent, Span, Traits

_BATCH: Final = 5000


class ListedRecord:
    """Rows in memory, in the order of time."""

    effects = 0

    def __init__(self, path: Path, rows: list[Row], *, knows_attributes: bool) -> None:
        self.traits = Traits(
            attributes=knows_attributes, all_entities=False, events=False, commands=False,
            effects=False, repeats_are_changes=False, calls_as_made=False,
        )  # fmt: skip
        self.sent: list[Sent] = []
        self._path = path
        self._rows = rows

    def follow(self, automations: frozenset[str]) -> None:
        """Do nothing: such a file has no commands."""

    def span(self) -> Span:
        """Return from when to when it goes. Raises `ConfigError` if it is empty."""
        if not self._rows:
            refuse(self._path, None, "it holds no changes of state")
        return Span(self._rows[0][0], self._rows[-1][0])

    def initial(self, at: datetime) -> Iterable[Row]:
        """Return what was known of each entity at a time, changes at that time included."""
        known: dict[str, Row] = {}
        for row in self._rows:
            if row[0] > at:
                break
            known[row[1]] = row
        return known.values()

    def batches(self, span: Span) -> Iterator[Batch]:
        """Yield the changes behind the beginning of a span, up to its end."""
        first = bisect_left(self._rows, True, key=lambda row: row[0] > span.begin)
        last = bisect_left(self._rows, True, key=lambda row: row[0] > span.end)
        for start in range(first, last, _BATCH):
            yield self._rows[start : min(last, start + _BATCH)]

    def documents(self, collection: str) -> dict[str, Any]:
        """Return nothing: such a file has no areas and devices."""
        return {}

    def why(self, sent: Sent) -> list[Event]:
        """Return nothing: such a file has no causes."""
        return []


def refuse(path: Path, line: int | None, message: str) -> NoReturn:
    """Raise `ConfigError` about a line of a record."""
    raise ConfigError([Problem(message=message, file=str(path), line=line)])
