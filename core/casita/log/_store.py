"""The SQLite file: its tables, and what is written to and read from them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import apsw
import msgspec

from casita.errors import LogDamaged
from casita.events import Event
from casita.log._codec import (
    MOST_ROWS,
    Batch,
    Damage,
    RawEvent,
    as_batch,
    examine,
    last_sum,
    raw_row,
    raw_rows,
    unpack,
)
from casita.log._opening import UNREADABLE, damage_told, is_damage
from casita.log._schema import FLOOR, document_crc, form_of
from casita.log._select import exact, selector

LOST: Final = "log.lost"
"""Collection of what is known to be missing: ``{"first": ..., "last": ..., "why": ...}``."""
_STEP: Final = 8
"""So many batches at a time are dropped, until there is little enough."""
_GATHERED: Final = 1000
"""So many events at least are read at a time, if there are as many."""
_BATCH: Final = "batches.first, last, first_time, last_time, events, sums, previous, crc"

_WITHIN: Final = "first > ? AND last > ? AND first < ?"
"""The first says again what the second does, as only ``first`` leads to a place in the file."""

_logger = logging.getLogger(__name__)


class Reader:
    """Reads events and documents over one connection, in one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.damaged: set[int] = set()
        """Offsets of rows that were met and do not bear their checksum; they are not served."""
        self.damaged_documents: set[str] = set()
        self.torn = False
        """Whether a part of the file could not be read at all."""
        with damage_told("the log"):
            self._document_sum = "crc" if form_of(connection) >= 2 else "NULL"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def tail(self) -> tuple[int, int]:
        """Return the offset of the newest stored event and the sum of its row; zeros if none.

        Raises `LogDamaged` if the newest batch is not whole.
        """
        for row in self._connection.execute(
            f"SELECT {_BATCH} FROM batches ORDER BY first DESC LIMIT 1"
        ):
            batch = as_batch(row)
            if not examine(batch).intact:
                raise LogDamaged(f"the newest events, from {batch.first} on, are damaged")
            return batch.last, last_sum(batch.sums)
        return 0, 0

    def head(self) -> int:
        """Return the offset of the newest stored event; 0 if there is none."""
        for (last,) in self._connection.execute(
            "SELECT last FROM batches ORDER BY first DESC LIMIT 1"
        ):
            return int(last)
        return 0

    def items(self, collection: str) -> dict[str, Any]:
        """Return the documents of a collection; a damaged one is not served."""
        where = "WHERE collection = ?"
        return {
            key: msgspec.json.decode(value)
            for _, key, value in self._documents(where, (collection,))
        }

    def documents(self) -> Iterator[tuple[str, str, str]]:
        """Yield all documents that are sound: collection, key, value."""
        return self._documents("", ())

    def _documents(self, where: str, values: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
        query = (
            f"SELECT CAST(collection AS BLOB), CAST(key AS BLOB), CAST(value AS BLOB),"
            f" {self._document_sum} FROM documents {where}"
        )
        with self._tears_noted():
            for *texts, crc in self._connection.execute(query, values):
                document = _texts(texts)
                if document is None or crc not in (None, document_crc(*document)):
                    name = b"/".join(one or b"" for one in texts[:2])
                    self.damaged_documents.add(name.decode("utf-8", "replace"))
                else:
                    yield document

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

    def subjects(self) -> list[str]:
        """Return what events are or were about."""
        with damage_told("the log"):
            rows = self._connection.execute("SELECT name FROM subjects ORDER BY id").fetchall()
        return [str(name) for (name,) in rows]

    def raw(self, after: int, before: int) -> Iterator[list[RawEvent]]:
        """Yield what `events` yields, in lists; quickly, as long as nothing is damaged."""
        query = f"SELECT events, crc FROM batches WHERE {_WITHIN} ORDER BY first"
        gathered: list[RawEvent] = []
        reached, damaged = after, False
        try:
            for events, crc in self._connection.execute(query, _bounds(after, before)):
                rows = raw_rows(events, crc)
                if rows is None:
                    damaged = True
                    break
                gathered += rows
                if len(gathered) >= _GATHERED:
                    yield _between(gathered, after, before)
                    reached = gathered[-1].offset
                    gathered = []
        except UNREADABLE as err:
            if not is_damage(err):
                raise
            damaged = True
        if gathered:
            yield _between(gathered, after, before)
            reached = gathered[-1].offset
        if not damaged:
            return
        for event in self.events(reached, before, (), ()):
            yield [raw_row(event)]

    def batches(
        self, after: int, before: int, subjects: Sequence[str] = (), *, newest_first: bool = False
    ) -> Iterator[Batch]:
        """Yield the batches that can hold what is looked for."""
        order = "DESC" if newest_first else "ASC"
        values: list[int | str] = [*_bounds(after, before)]
        source = "batches"
        if exact(subjects) and len(subjects) == 1:
            source = (
                "(SELECT id FROM subjects WHERE name = ?) CROSS JOIN batch_subjects ON subject = id"
                " CROSS JOIN batches USING (first)"
            )
            values = [*subjects, *values]
        elif exact(subjects):
            marks = ", ".join("?" * len(subjects))
            source += (
                f" JOIN (SELECT DISTINCT first FROM batch_subjects JOIN subjects ON id = subject"
                f" WHERE name IN ({marks})) USING (first)"
            )
            values = [*subjects, *values]
        columns = _BATCH.replace("batches.first", "first")
        where = f"FROM {source} WHERE {_WITHIN} ORDER BY first"
        seen: int | None = None
        try:
            for row in self._connection.execute(f"SELECT {columns} {where} {order}", values):
                seen = row[0]
                yield as_batch(row)
        except UNREADABLE as err:
            if not is_damage(err):
                raise
            self.torn = True
            yield from self._beyond(seen, where, values, newest_first=newest_first)

    def _beyond(
        self, seen: int | None, where: str, values: Sequence[int | str], *, newest_first: bool
    ) -> Iterator[Batch]:
        """Yield what can be reached from the other side of a place that cannot be read."""
        keys: list[int] = []
        with self._tears_noted():  # the far side of the place; what is before it has been seen
            for (first,) in self._connection.execute(
                f"SELECT first {where} {'ASC' if newest_first else 'DESC'}", values
            ):
                if seen is not None and (first >= seen if newest_first else first <= seen):
                    break
                keys.append(first)
        for first in reversed(keys):
            with self._tears_noted():
                yield from (
                    as_batch(row)
                    for row in self._connection.execute(
                        f"SELECT {_BATCH} FROM batches WHERE first = ?", (first,)
                    )
                )

    def everything(self) -> Iterator[Batch]:
        """Yield all batches, whatever their columns say."""
        with self._tears_noted():
            for row in self._connection.execute(f"SELECT {_BATCH} FROM batches ORDER BY first"):
                yield as_batch(row)

    @contextmanager
    def _tears_noted(self) -> Iterator[None]:
        """End a block where the file cannot be read any further, and note that."""
        try:
            yield
        except UNREADABLE as err:
            if not is_damage(err):
                raise
            self.torn = True

    def _sound(self, batch: Batch) -> Iterator[Event]:
        for one in unpack(batch):
            if isinstance(one, Damage):
                self.damaged.add(one.offset)
            else:
                yield one


def _bounds(after: int, before: int) -> tuple[int, int, int]:
    """Return the values of `_WITHIN` for batches that can have events between two offsets."""
    return after - MOST_ROWS, after, before


def _between(rows: list[RawEvent], after: int, before: int) -> list[RawEvent]:
    if after < rows[0].offset and rows[-1].offset < before:
        return rows
    return [row for row in rows if after < row.offset < before]


def _texts(texts: Sequence[bytes | None]) -> tuple[str, str, str] | None:
    """Return the columns of a document; in a damaged file any of them can be missing."""
    try:
        collection, key, value = (one.decode() for one in texts if one is not None)
    except ValueError:  # too few, or no UTF-8
        return None
    return collection, key, value


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Do a block as one, or as part of a transaction that is under way.

    SQLite itself takes a transaction back when the disk fails within it, at times.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Writer:
    """Writes batches and documents over one connection, in one thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        rows: list[tuple[int, str]] = list(connection.execute("SELECT id, name FROM subjects"))
        self._subjects = {name: id_ for id_, name in rows}

    def close(self) -> None:
        """Move everything from the journal to the file, if the disk lets us, and close."""
        try:
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error as err:
            _logger.warning("the log's journal stays until the next start: %s", err)
        try:
            self.connection.close()
        except apsw.Error as err:
            _logger.warning("the log could not be closed in order: %s", err)

    def write(
        self,
        batches: Sequence[tuple[Batch, set[str]]],
        documents: Mapping[tuple[str, str], bytes | None],
        *,
        instead_of: Sequence[int] = (),
    ) -> None:
        """Write batches, with the subjects in each, and documents (None removes) as one.

        They take the place of the batches with the given first offsets.
        """
        known = dict(self._subjects)
        with transaction(self.connection):
            execute = self.connection.executemany
            execute("DELETE FROM batches WHERE first = ?", [(one,) for one in instead_of])
            execute("DELETE FROM batch_subjects WHERE first = ?", [(one,) for one in instead_of])
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
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
                [
                    (*key, value.decode(), document_crc(*key, value.decode()))
                    for key, value in documents.items()
                    if value is not None
                ],
            )
            execute(
                "DELETE FROM documents WHERE collection = ? AND key = ?",
                [key for key, value in documents.items() if value is None],
            )
        self._subjects = known

    def drop(self, oldest_time: float | None, max_bytes: int | None, keep_from: int) -> int:
        """Delete the oldest batches that are too old or too much; return how many events."""
        dropped = 0
        with transaction(self.connection):
            if oldest_time is not None:
                dropped += self._drop_where(
                    "first < (SELECT min(first) FROM batches WHERE last_time >= ?)"
                    " OR (SELECT max(last_time) FROM batches) < ?1",
                    oldest_time, keep_from,
                )  # fmt: skip
            while max_bytes is not None and self._size() > max_bytes:
                gone = self._drop_where(
                    "first IN (SELECT first FROM batches ORDER BY first LIMIT ?)", _STEP, keep_from
                )
                dropped += gone
                if gone == 0:
                    break
            if dropped:
                self._tell_floor()
        self.connection.execute("PRAGMA incremental_vacuum").fetchall()
        return dropped

    def _drop_where(self, condition: str, value: float, keep_from: int) -> int:
        """Delete batches of the past; the newest batch stays, for the chain to go on from."""
        rows: list[Any] = self.connection.execute(
            f"DELETE FROM batches WHERE ({condition}) AND last < ?2"
            f" AND first < (SELECT max(first) FROM batches) RETURNING first, last",
            (value, keep_from),
        ).fetchall()
        if rows:
            self.connection.execute(
                "DELETE FROM batch_subjects WHERE first <= ?", (max(first for first, _ in rows),)
            )
        return sum(last - first + 1 for first, last in rows)

    def _tell_floor(self) -> None:
        """Note where the log begins now; what was lost before is no news any more."""
        ((floor,),) = self.connection.execute("SELECT min(first) FROM batches")
        self.connection.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
            (*FLOOR, str(floor), document_crc(*FLOOR, str(floor))),
        )
        self.connection.execute(
            "DELETE FROM documents WHERE collection = ? AND value ->> 'last' < ?", (LOST, floor)
        )

    def _size(self) -> int:
        pages: int = self.connection.pragma("page_count") - self.connection.pragma("freelist_count")
        return pages * int(self.connection.pragma("page_size"))

    def _subject(self, known: dict[str, int], name: str) -> int:
        id_ = known.get(name)
        if id_ is None:
            self.connection.execute("INSERT INTO subjects (name) VALUES (?)", (name,))
            id_ = known[name] = self.connection.last_insert_rowid()
        return id_
