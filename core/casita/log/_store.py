"""The SQLite file: its tables, and what is written to and read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from casita.errors import LogError
from casita.events import Event
from casita.log._codec import Batch, Damage, last_sum, unpack
from casita.log._select import exact, selector

FILE: Final = "casita.db"
VERSION: Final = 1
_APPLICATION: Final = 0xCA517A
_BUSY_MS: Final = 5000
_READABLE: Final = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI

_SCHEMA: Final = """
CREATE TABLE batches (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL,
    first_time REAL NOT NULL, last_time REAL NOT NULL,
    events BLOB NOT NULL, sums BLOB NOT NULL, previous INTEGER NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE subjects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE batch_subjects (
    subject INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (subject, first)
) WITHOUT ROWID;
CREATE TABLE documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;
CREATE VIEW events AS
SELECT value ->> 0 AS offset, value ->> 1 AS time, value ->> 2 AS type, value ->> 3 AS subject,
       value ->> 4 AS source, value -> 5 AS data, value ->> 6 AS cause, value ->> 7 AS root,
       value ->> 8 AS hops, value ->> 9 AS actor
FROM batches, json_each(CAST(batches.events AS TEXT));
"""
_STEP: Final = 8
"""So many batches at a time are dropped, until there is little enough."""
_BATCH: Final = "batches.first, last, first_time, last_time, events, sums, previous, crc"


def open_for_writing(folder: Path) -> apsw.Connection:
    """Open the file of a data folder, made and brought to this version's form if need be."""
    connection = apsw.Connection(str(folder / FILE))
    connection.set_busy_timeout(_BUSY_MS)
    connection.pragma("auto_vacuum", 2)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    version = connection.pragma("user_version")
    if version > VERSION:
        raise LogError(
            f"{folder / FILE}: it was written by a newer Casita (form {version}; this one knows "
            f"up to {VERSION}); install that version again"
        )
    if version == 0:
        with connection:
            connection.execute(_SCHEMA)
            connection.pragma("application_id", _APPLICATION)
            connection.pragma("user_version", VERSION)
    return connection


def open_for_reading(folder: Path) -> apsw.Connection:
    """Open the file of a data folder to read, also while a hub writes to it."""
    path = folder / FILE
    if not path.exists():
        raise LogError(f"{folder}: there is no log here; has a hub run with this configuration?")
    connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro", flags=_READABLE)
    connection.set_busy_timeout(_BUSY_MS)
    return connection


class Reader:
    """Reads events and documents over one connection, in one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.damaged: set[int] = set()
        """Offsets of rows that were met and do not bear their checksum; they are not served."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def tail(self) -> tuple[int, int]:
        """Return the offset of the newest stored event and the sum of its row; zeros if none."""
        for last, sums in self._connection.execute(
            "SELECT last, sums FROM batches ORDER BY first DESC LIMIT 1"
        ):
            return last, last_sum(sums)
        return 0, 0

    def head(self) -> int:
        """Return the offset of the newest stored event; 0 if there is none."""
        return self.tail()[0]

    def items(self, collection: str) -> dict[str, Any]:
        """Return the documents of a collection."""
        rows = self._connection.execute(
            "SELECT key, value FROM documents WHERE collection = ?", (collection,)
        )
        return {key: msgspec.json.decode(value) for key, value in rows}

    def events(
        self,
        after: int,
        before: int,
        types: Sequence[str],
        subjects: Sequence[str],
        *,
        newest_first: bool = False,
    ) -> Iterator[Event]:
        """Yield events between two offsets, both exclusive."""
        selects = selector(tuple(types), tuple(subjects))
        for batch in self.batches(after, before, subjects, newest_first=newest_first):
            rows = list(self._sound(batch))
            if newest_first:
                rows.reverse()
            for event in rows:
                if after < event.offset < before and (selects is None or selects(event)):
                    yield event

    def batches(
        self, after: int, before: int, subjects: Sequence[str] = (), *, newest_first: bool = False
    ) -> Iterator[Batch]:
        """Yield the batches that can hold what is looked for."""
        order = "DESC" if newest_first else "ASC"
        values: list[int | str] = [after, before]
        source = "batches"
        if exact(subjects):
            marks = ", ".join("?" * len(subjects))
            source += (
                f" JOIN (SELECT DISTINCT first FROM batch_subjects JOIN subjects ON id = subject"
                f" WHERE name IN ({marks})) USING (first)"
            )
            values = [*subjects, *values]
        query = f"SELECT {_BATCH} FROM {source} WHERE last > ? AND first < ? ORDER BY first {order}"
        for row in self._connection.execute(query.replace("batches.first", "first"), values):
            yield Batch(*row)

    def _sound(self, batch: Batch) -> Iterator[Event]:
        for one in unpack(batch):
            if isinstance(one, Damage):
                self.damaged.add(one.offset)
            else:
                yield one


class Writer:
    """Writes batches and documents over one connection, in one thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        rows: list[tuple[int, str]] = list(connection.execute("SELECT id, name FROM subjects"))
        self._subjects = {name: id_ for id_, name in rows}

    def close(self) -> None:
        """Move everything from the journal to the file, and close."""
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._connection.close()

    def write(
        self,
        batches: Sequence[tuple[Batch, set[str]]],
        documents: Mapping[tuple[str, str], bytes | None],
    ) -> None:
        """Write batches, with the subjects in each, and documents (None removes) as one."""
        known = dict(self._subjects)
        with self._connection:
            execute = self._connection.executemany
            execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (batch for batch, _ in batches),
            )
            execute(
                "INSERT INTO batch_subjects VALUES (?, ?)",
                [
                    (self._subject(known, name), batch.first)
                    for batch, names in batches
                    for name in names
                ],
            )
            execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                [(*key, value.decode()) for key, value in documents.items() if value is not None],
            )
            execute(
                "DELETE FROM documents WHERE collection = ? AND key = ?",
                [key for key, value in documents.items() if value is None],
            )
        self._subjects = known

    def drop(self, oldest_time: float | None, max_bytes: int | None, keep_from: int) -> int:
        """Delete the oldest batches that are too old or too much; return how many events."""
        dropped = 0
        with self._connection:
            if oldest_time is not None:
                dropped += self._drop_where("last_time < ?", oldest_time, keep_from)
            while max_bytes is not None and self._size() > max_bytes:
                gone = self._drop_where(
                    "first IN (SELECT first FROM batches ORDER BY first LIMIT ?)", _STEP, keep_from
                )
                dropped += gone
                if gone == 0:
                    break
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        return dropped

    def _drop_where(self, condition: str, value: float, keep_from: int) -> int:
        """Delete batches of the past; the newest batch stays, for the chain to go on from."""
        rows: list[Any] = self._connection.execute(
            f"DELETE FROM batches WHERE {condition} AND last < ?"
            f" AND first < (SELECT max(first) FROM batches) RETURNING first, last",
            (value, keep_from),
        ).fetchall()
        if rows:
            self._connection.execute(
                "DELETE FROM batch_subjects WHERE first <= ?", (max(first for first, _ in rows),)
            )
        return sum(last - first + 1 for first, last in rows)

    def _size(self) -> int:
        pages: int = self._connection.pragma("page_count") - self._connection.pragma(
            "freelist_count"
        )
        return pages * int(self._connection.pragma("page_size"))

    def _subject(self, known: dict[str, int], name: str) -> int:
        id_ = known.get(name)
        if id_ is None:
            self._connection.execute("INSERT INTO subjects (name) VALUES (?)", (name,))
            id_ = known[name] = self._connection.last_insert_rowid()
        return id_
