"""Where statistics are kept: a file of its own beside the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import apsw
import msgspec

from casita.errors import LogError
from casita.statistics._series import Bucket, Series

FILE: Final = "statistics.db"
_VERSION: Final = 1
_APPLICATION: Final = 0xCA5175
_BUSY_MS: Final = 5000
_SCHEMA: Final = """
CREATE TABLE entities (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE numbers (
    length INTEGER NOT NULL, entity INTEGER NOT NULL, start INTEGER NOT NULL,
    min REAL NOT NULL, max REAL NOT NULL, mean REAL NOT NULL, sum REAL NOT NULL,
    last REAL NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (length, entity, start)
) WITHOUT ROWID;
CREATE TABLE states (
    length INTEGER NOT NULL, entity INTEGER NOT NULL, start INTEGER NOT NULL,
    state TEXT NOT NULL, seconds REAL NOT NULL, times INTEGER NOT NULL, final INTEGER NOT NULL,
    PRIMARY KEY (length, entity, start, state)
) WITHOUT ROWID;
CREATE TABLE series (entity INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), cursor INTEGER NOT NULL);
INSERT INTO progress VALUES (1, 0);
"""


class Closed(NamedTuple):
    """A bucket of an entity, as it is written."""

    entity_id: str
    length: int
    bucket: Bucket


class Numbers(NamedTuple):
    """The numbers of a period."""

    min: float
    max: float
    mean: float
    sum: float
    last: float
    seconds: float


class Found(NamedTuple):
    """What is stored of one period."""

    start: int
    numbers: Numbers | None
    states: dict[str, tuple[float, int]]
    """Seconds and times by state."""
    final: str | None


class StatisticsReader:
    """Reads statistics, also while a hub writes them. Blocks."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the statistics of a data folder. Raises `LogError` if there are none."""
        path = folder / FILE
        if not path.exists():
            raise LogError(f"{folder}: there are no statistics here yet")
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro", flags=flags)
        connection.set_busy_timeout(_BUSY_MS)
        return cls(connection)

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
        self._connection.close()

    def entities(self) -> list[str]:
        """Return the entities of which there are statistics."""
        return [
            name for (name,) in self._connection.execute("SELECT name FROM entities ORDER BY 1")
        ]

    def series(self) -> dict[str, Series]:
        """Return what is in the making."""
        rows = self._connection.execute(
            "SELECT name, value FROM series JOIN entities ON id = entity"
        )
        return {name: msgspec.json.decode(value, type=Series) for name, value in rows}

    def cursor(self) -> int:
        """Return the offset up to which the log was taken in."""
        return int(next(self._connection.execute("SELECT cursor FROM progress"))[0])

    def find(self, entity_id: str, length: int, begin: int, end: int) -> Iterator[Found]:
        """Yield what is stored of periods that start in a span, in order, and of the one before."""
        before = self._last_before(entity_id, length, begin)
        first = begin if before is None else before
        yield from self._between(entity_id, length, first, end)

    def oldest(self, entity_id: str, length: int) -> int | None:
        """Return when the oldest period of an entity starts; None if there is none."""
        found = []
        for table in ("numbers", "states"):
            query = (
                f"SELECT min(start) FROM {table} JOIN entities ON id = entity"
                f" WHERE length = ? AND name = ?"
            )
            (start,) = next(self._connection.execute(query, (length, entity_id)))
            if start is not None:
                found.append(int(start))
        return min(found, default=None)

    def _last_before(self, entity_id: str, length: int, begin: int) -> int | None:
        found: list[int] = []
        for table in ("numbers", "states"):
            query = (
                f"SELECT max(start) FROM {table} JOIN entities ON id = entity"
                f" WHERE length = ? AND name = ? AND start < ?"
            )
            (start,) = next(self._connection.execute(query, (length, entity_id, begin)))
            if start is not None:
                found.append(start)
        return max(found, default=None)

    def _between(self, entity_id: str, length: int, begin: int, end: int) -> Iterator[Found]:
        what = "JOIN entities ON id = entity WHERE length = ? AND name = ? AND start >= ?"
        values = (length, entity_id, begin, end)
        numbers: dict[int, Numbers] = {
            start: Numbers(*rest)
            for start, *rest in self._connection.execute(
                f"SELECT start, min, max, mean, sum, last, seconds FROM numbers {what}"
                f" AND start < ?", values,
            )
        }  # fmt: skip
        found: dict[int, Found] = {
            start: Found(start, one, {}, None) for start, one in numbers.items()
        }
        rows: Iterable[tuple[int, str, float, int, int]] = self._connection.execute(
            f"SELECT start, state, seconds, times, final FROM states {what} AND start < ?", values
        )
        for start, state, seconds, times, final in rows:
            one = found.setdefault(start, Found(start, None, {}, None))
            one.states[state] = (seconds, times)
            if final:
                found[start] = one._replace(final=state)
        yield from (found[start] for start in sorted(found))


class Store(StatisticsReader):
    """Reads and writes."""

    @classmethod
    def make(cls, folder: Path | None) -> Store:
        """Open the file of a data folder, made if it is new; None: in memory."""
        connection = apsw.Connection(":memory:" if folder is None else str(folder / FILE))
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("synchronous", "extra")  # so that what led to the next line is gone
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        version = connection.pragma("user_version")
        if version > _VERSION:
            connection.close()
            raise LogError(f"{folder}: {FILE} was written by a newer Casita; install that again")
        if version == 0:
            with connection:
                connection.execute(_SCHEMA)
                connection.pragma("application_id", _APPLICATION)
                connection.pragma("user_version", _VERSION)
        return cls(connection)

    def write(
        self, closed: Sequence[Closed], series: Iterable[tuple[str, bytes]], cursor: int
    ) -> None:
        """Write buckets, what is in the making, and how far the log was taken in, as one."""
        with self._connection:
            ids = {one.entity_id: self._id(one.entity_id) for one in closed}
            self._write_numbers(closed, ids)
            self._write_states(closed, ids)
            self._connection.executemany(
                "INSERT OR REPLACE INTO series VALUES (?, ?)",
                [(self._id(entity_id), value.decode()) for entity_id, value in series],
            )
            self._connection.execute("UPDATE progress SET cursor = ?", (cursor,))

    def _write_numbers(self, closed: Sequence[Closed], ids: dict[str, int]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO numbers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (length, ids[name], b.start, b.min, b.max, b.mean, b.growth, b.last, b.seconds)
                for name, length, b in closed
                if b.last is not None
            ],
        )

    def _write_states(self, closed: Sequence[Closed], ids: dict[str, int]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (length, ids[name], b.start, state, seconds, times, int(state == b.final))
                for name, length, b in closed
                for state, (seconds, times) in b.states.items()
            ],
        )

    def _id(self, entity_id: str) -> int:
        for (known,) in self._connection.execute(
            "SELECT id FROM entities WHERE name = ?", (entity_id,)
        ):
            return int(known)
        self._connection.execute("INSERT INTO entities (name) VALUES (?)", (entity_id,))
        return self._connection.last_insert_rowid()
