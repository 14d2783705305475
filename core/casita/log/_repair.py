"""Cuts damage off: what is sound stays, what is not is kept aside, and both are told."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import apsw
import msgspec

from casita.errors import LogDamaged
from casita.log._check import Report, Span, floor_of, survey, verify
from casita.log._codec import Batch, examine
from casita.log._files import FILE, replace, write_aside
from casita.log._opening import UNREADABLE, connect, is_damage
from casita.log._salvage import carve
from casita.log._schema import bring_up_to_date, restore_frame
from casita.log._store import LOST, Reader, Writer, transaction

_PARTIAL: Final = "casita.db.partial"
_SOURCE: Final = "casita.db.source"


class Repair(NamedTuple):
    """What a repair has found and done."""

    lost: tuple[Span, ...]
    """Offsets of the events that are lost: first and last of each run."""
    documents: tuple[str, ...]
    """The documents that are lost, as ``collection/key``; ``*`` if it is not known which."""
    aside: str
    """Where what was cut off is kept; empty if there was nothing to keep."""
    why: str


def repair(folder: Path, connection: apsw.Connection, report: Report, mark: int) -> Repair:
    """Repair a log that is not sound, over its one open connection, which is closed if need be.

    ``mark`` says how far the log went once. Raises `LogDamaged` if that cannot be done, and
    what SQLite raises if the disk refuses.
    """
    if not report.hurt:
        try:
            done = _mend(folder, connection, report)
            _relink(connection)
        except UNREADABLE as err:
            if not is_damage(err):
                raise
            # there is more to it than was seen
        else:
            return done
    connection.close()
    return rebuild(folder, "; ".join(report.structure) or "documents are damaged", mark)


def rebuild(folder: Path, why: str, mark: int = 0) -> Repair:
    """Build the file anew of all that is sound in it, and put the old one aside.

    Nobody may have it open. It may be interrupted at any time: the old file stays what it is
    until the new one is complete.
    """
    partial = folder / _PARTIAL
    for old in (partial, folder / _SOURCE):
        for suffix in ("", "-wal", "-shm", "-journal"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    with closing(connect(partial)) as connection:
        connection.pragma("journal_mode", "delete")
        connection.pragma("synchronous", "off")
        bring_up_to_date(connection, partial)
        with transaction(connection):
            documents = _copy(folder, connection)
            _relink(connection)
        found = verify(connection, mark)
        if found.hurt or found.damaged:
            raise LogDamaged(f"{folder}: the repaired log is not sound: {found}")
        Writer(connection).write([], _losses(found.gaps, why))
    (folder / _SOURCE).unlink(missing_ok=True)
    aside = replace(folder, partial)
    return Repair(found.gaps, documents, str(aside), why)


def _mend(folder: Path, connection: apsw.Connection, report: Report) -> Repair:
    """Cut damaged rows out of a file whose structure is sound."""
    writer = Writer(connection)
    bad = [one for one in survey(Reader(connection)) if not one.examined.intact]
    aside = ""
    if bad:
        content = b"\n".join(_told(one.batch) for one in bad)
        aside = str(write_aside(folder, "events.jsonl", content))
    lost = tuple(_spans([*report.damaged])) + report.gaps
    writer.write(
        [piece for one in bad for piece in one.examined.pieces],
        _losses(lost, "damaged"),
        instead_of=[one.batch.first for one in bad],
    )
    return Repair(lost, (), aside, "rows do not bear their checksum")


def _relink(connection: apsw.Connection) -> None:
    """Chain sound batches to those that they follow; some stand beside these only now."""
    bad = [one for one in survey(Reader(connection)) if not one.examined.intact]
    Writer(connection).write(
        [piece for one in bad for piece in one.examined.pieces], {},
        instead_of=[one.batch.first for one in bad],
    )  # fmt: skip


def _copy(folder: Path, connection: apsw.Connection) -> tuple[str, ...]:
    """Copy what is sound into a new file; return the documents that are not."""
    documents: tuple[str, ...] = ("*",)
    floor = None
    try:
        with closing(_source(folder)) as old:
            reader = Reader(old)
            floor = floor_of(reader)
            documents = _copy_documents(connection, reader)
            _add(connection, (one.batch for one in survey(reader)), floor)
    except (*UNREADABLE, LogDamaged, apsw.CantOpenError, OSError):
        pass  # the pages themselves are looked at next
    _add(connection, carve(folder / FILE), floor)
    return documents


def _copy_documents(connection: apsw.Connection, reader: Reader) -> tuple[str, ...]:
    writer = Writer(connection)
    for collection, key, value in reader.documents():
        writer.write([], {(collection, key): value.encode()})
    return tuple(sorted(reader.damaged_documents)) + (("*",) if reader.torn else ())


def _add(connection: apsw.Connection, batches: Iterable[Batch], floor: int | None) -> None:
    """Add what the new file does not have yet, from the first offset that is kept."""
    writer = Writer(connection)
    for batch in batches:
        pieces = examine(batch).pieces
        if not pieces:
            continue
        first, last = pieces[0][0].first, pieces[-1][0].last
        there = {
            offset
            for begin, end in connection.execute(
                "SELECT first, last FROM batches WHERE last >= ? AND first <= ?", (first, last)
            )
            for offset in range(begin, end + 1)
        }
        if floor is not None:
            there.update(range(first, floor))
        if there:
            pieces = examine(batch, without=there).pieces
        writer.write(pieces, {})


def _source(folder: Path) -> apsw.Connection:
    """Open the damaged file to read: a copy with a whole header, if its own is not."""
    file = folder / FILE
    try:
        old = apsw.Connection(str(file))
        old.execute("SELECT count(*) FROM documents WHERE crc IS NULL").fetchall()
    except (*UNREADABLE, apsw.CantOpenError, apsw.ReadOnlyError):
        copy = folder / _SOURCE
        shutil.copyfile(file, copy)
        if (wal := file.with_name(f"{FILE}-wal")).exists():
            shutil.copyfile(wal, copy.with_name(f"{_SOURCE}-wal"))
        restore_frame(copy)
        return apsw.Connection(str(copy))
    return old


def _losses(lost: Iterable[Span], why: str) -> dict[tuple[str, str], bytes | None]:
    return {
        (LOST, str(first)): msgspec.json.encode({"first": first, "last": last, "why": why})
        for first, last in lost
    }


def _spans(offsets: list[int]) -> Iterator[Span]:
    """Yield first and last of each run of offsets."""
    begin: int | None = None
    end = 0
    for offset in sorted(offsets):
        if begin is not None and offset != end + 1:
            yield begin, end
            begin = None
        begin, end = offset if begin is None else begin, offset
    if begin is not None:
        yield begin, end


def _told(batch: Batch) -> bytes:
    """Return a batch as one line of JSON; each byte of its blobs is a character of Latin-1."""
    columns = zip(batch._fields, batch, strict=True)
    return msgspec.json.encode(
        {name: one.decode("latin-1") if isinstance(one, bytes) else one for name, one in columns}
    )
