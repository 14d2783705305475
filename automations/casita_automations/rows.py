"""Where runs that wait are written down: in this hub's log, or with all workers of a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from casita.kernel import Kernel
from casita.log import EventLog
from casita.workers import Group

RUNS: Final = "run"


class Rows(Protocol):
    """Documents of runs, by collection and the name of the run."""

    def put(self, collection: str, run: str, document: Mapping[str, Any], share: str) -> None:
        """Write one down; ``share`` is the key by which a worker owns it."""
        ...

    def remove(self, collection: str, run: str) -> None:
        """Strike one out; one that is not there is no error."""
        ...

    def items(self, collection: str) -> dict[str, Any]:
        """Return those with which a start goes on."""
        ...

    def name(self, offset: int) -> str:
        """Return the name of a run that an event of this log began."""
        ...


class LogRows:
    """Rows of the log of this hub."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def put(self, collection: str, run: str, document: Mapping[str, Any], share: str) -> None:
        """Write one down."""
        self._log.put(collection, run, document)

    def remove(self, collection: str, run: str) -> None:
        """Strike one out."""
        self._log.remove(collection, run)

    def items(self, collection: str) -> dict[str, Any]:
        """Return all."""
        return self._log.items(collection)

    def name(self, offset: int) -> str:
        """Return the offset as a text."""
        return str(offset)


class SharedRows(LogRows):
    """Rows that all workers of a group know; those of other collections stay here."""

    def __init__(self, log: EventLog, group: Group) -> None:
        super().__init__(log)
        self._group = group

    def put(self, collection: str, run: str, document: Mapping[str, Any], share: str) -> None:
        """Write one down."""
        if collection == RUNS:
            self._group.keep(run, share, document)
        else:
            super().put(collection, run, document, share)

    def remove(self, collection: str, run: str) -> None:
        """Strike one out."""
        if collection == RUNS:
            self._group.drop(run)
        else:
            super().remove(collection, run)

    def items(self, collection: str) -> dict[str, Any]:
        """Return none of those that are shared: they are taken up when it is this worker's turn."""
        return {} if collection == RUNS else super().items(collection)

    def name(self, offset: int) -> str:
        """Return what no other worker gives a run of its own."""
        return f"{self._group.log_name}-{offset:012d}"


def rows_of(kernel: Kernel) -> Rows:
    """Return where the engine of a hub keeps its rows."""
    group = kernel.group
    return LogRows(kernel.log) if group is None else SharedRows(kernel.log, group)
