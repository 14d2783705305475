"""The group's rows as this worker's own log keeps them, and where events came from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.events import Cause, Event
from casita.ids import new_id
from casita.log import EventLog
from casita.workers._words import Row

_ROWS: Final = "worker.row"
_SELF: Final = "worker"
_ORIGINS: Final = "worker.origin"
_ORIGINS_KEPT: Final = 5_000
_SHARES_KEPT: Final = 5_000


class KeptRows(MutableMapping[str, Row]):
    """Rows in memory and in the log's documents."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        found = log.items(_ROWS).items()
        self._rows = {run: msgspec.convert(document, Row) for run, document in found}

    def __getitem__(self, run: str) -> Row:
        return self._rows[run]

    def __setitem__(self, run: str, row: Row) -> None:
        self._rows[run] = row
        self._log.put(_ROWS, run, msgspec.to_builtins(row))

    def __delitem__(self, run: str) -> None:
        del self._rows[run]
        self._log.remove(_ROWS, run)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Origins:
    """From which message of the broker each of the newest 5,000 events here came."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        known = log.items(_ORIGINS)
        self._keys: OrderedDict[int, str] = OrderedDict(
            (offset, str(known[str(offset)])) for offset in sorted(map(int, known))
        )

    def add(self, offset: int, key: str) -> None:
        """Note the message that an event came with."""
        self._keys[offset] = key
        self._log.put(_ORIGINS, str(offset), key)
        if len(self._keys) > _ORIGINS_KEPT:
            oldest, _ = self._keys.popitem(last=False)
            self._log.remove(_ORIGINS, str(oldest))

    def of(self, offset: int) -> str | None:
        """Return the message that an event came with, if it is known."""
        return self._keys.get(offset)


class Shares:
    """By which key this worker owns the newest 5,000 runs, by the events that began them."""

    def __init__(self) -> None:
        self._keys: OrderedDict[int, str] = OrderedDict()

    def add(self, offset: int, key: str) -> None:
        """Note a run."""
        self._keys[offset] = key
        if len(self._keys) > _SHARES_KEPT:
            self._keys.popitem(last=False)

    def of(self, cause: Event | Cause | None) -> str | None:
        """Return the key of the run that an event follows from, if one is known."""
        if cause is None:
            return None
        offset = cause.cause if isinstance(cause, Event) else cause.offset
        return None if offset is None else self._keys.get(offset)


def begun(log: EventLog, now: datetime) -> tuple[str, datetime]:
    """Return what names this worker's log, and when the worker ran for the first time."""
    known: dict[str, Any] = log.items(_SELF)
    if "begun" not in known:
        known = {"name": new_id(), "begun": now.isoformat()}
        for key, value in known.items():
            log.put(_SELF, key, value)
    return str(known["name"]), datetime.fromisoformat(known["begun"])
