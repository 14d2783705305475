"""Looks at the whole log, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

import apsw

from casita.log._codec import Batch, Examined, examine, last_sum
from casita.log._opening import UNREADABLE
from casita.log._schema import FLOOR, form_of, schema_is_damaged
from casita.log._store import LOST, Reader

Span = tuple[int, int]
"""First and last offset of some events."""


class Report(NamedTuple):
    """What a look at the whole log has shown."""

    events: int = 0
    """How many events are sound."""
    damaged: tuple[int, ...] = ()
    """Offsets of events that do not bear their checksum."""
    gaps: tuple[Span, ...] = ()
    """Offsets that are missing: first and last of each gap."""
    broken_links: tuple[int, ...] = ()
    """First offsets of batches that are sound, but do not stand as they were written."""
    documents: tuple[str, ...] = ()
    """Documents that do not bear their checksum, as ``collection/key``."""
    structure: tuple[str, ...] = ()
    """What is wrong with the file itself."""
    lost: tuple[Span, ...] = ()
    """What is known to be lost: it was damaged or missing, and was told."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong that has not been dealt with."""
        return not (
            self.damaged or self.gaps or self.broken_links or self.documents or self.structure
        )

    @property
    def hurt(self) -> bool:
        """Whether the file has to be built anew."""
        return bool(self.structure or self.documents)


class Finding(NamedTuple):
    """A batch, and what a close look at it has shown."""

    batch: Batch
    examined: Examined


def survey(reader: Reader) -> Iterator[Finding]:
    """Look closely at every batch, in order; each has to go on from the one before."""
    after: int | None = None
    total: int | None = None
    for batch in reader.everything():
        adjacent = total is not None and after is not None and batch.first == after + 1
        examined = examine(batch, total if adjacent else None)
        yield Finding(batch, examined)
        after = total = None
        if examined.pieces and not examined.lost:
            newest = examined.pieces[-1][0]
            after, total = newest.last, last_sum(newest.sums)


def verify(connection: apsw.Connection, mark: int = 0) -> Report:
    """Look at every row, link, document and page. ``mark`` says how far the log went once."""
    structure = _structure(connection)
    reader = Reader(connection)
    connection.execute("BEGIN")
    try:
        return _verify(connection, reader, mark, structure)
    finally:
        if connection.in_transaction:  # SQLite ends it itself where it cannot read
            connection.execute("ROLLBACK")


def known_losses(reader: Reader) -> tuple[Span, ...]:
    """Return what is known to be lost, in order."""
    told = reader.items(LOST).values()
    return tuple(sorted((int(one["first"]), int(one["last"])) for one in told))


def floor_of(reader: Reader) -> int | None:
    """Return the first offset that retention has left; None if nothing was ever dropped."""
    floor = reader.items(FLOOR[0]).get(FLOOR[1])
    return None if floor is None else int(floor)


def _verify(connection: apsw.Connection, reader: Reader, mark: int, structure: list[str]) -> Report:
    events = 0
    damaged: list[int] = []
    links: list[int] = []
    gaps: list[Span] = []
    indexed = 0
    reached = (floor_of(reader) or 1) - 1
    for batch, examined in survey(reader):
        first = min([*examined.lost, *(piece.first for piece, _ in examined.pieces)])
        if first > reached + 1:
            gaps.append((reached + 1, first - 1))
        reached = max([reached, *examined.lost, *(piece.last for piece, _ in examined.pieces)])
        damaged += examined.lost
        if not examined.intact and not examined.lost:
            links.append(batch.first)
        for piece, names in examined.pieces:
            events += piece.last - piece.first + 1
            indexed ^= _index_sum(batch.first, names)
    if mark > reached:
        gaps.append((reached + 1, mark))
    lost = known_losses(reader)
    for _ in reader.documents():
        pass
    if reader.torn:
        structure.append("a part cannot be read")
    elif not damaged and indexed != _indexed(connection):
        structure.append("the index of subjects does not fit the events")
    return Report(
        events=events,
        damaged=tuple(damaged),
        gaps=tuple(gap for gap in gaps if not _covered(gap, lost)),
        broken_links=tuple(links),
        documents=tuple(sorted(reader.damaged_documents)),
        structure=tuple(structure),
        lost=lost,
    )


def _structure(connection: apsw.Connection) -> list[str]:
    """Return what SQLite has to say about the file."""
    try:
        if form_of(connection) > 1 and schema_is_damaged(connection):
            return ["the tables are not those of a log"]
        told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
    except UNREADABLE as err:
        return [str(err)]
    return [one for one in told if one != "ok"]


def _indexed(connection: apsw.Connection) -> int | None:
    """Return a sum over the index of subjects that does not depend on its order."""
    total = 0
    try:
        for first, name in connection.execute(
            "SELECT first, name FROM batch_subjects LEFT JOIN subjects ON id = subject"
        ):
            total ^= _index_sum(first, {str(name)})
    except UNREADABLE:
        return None
    return total


def _index_sum(first: int, names: set[str]) -> int:
    total = 0
    for name in names:
        text = f"{first}\0{name}".encode()
        total ^= crc32(text) << 32 | crc32(text[::-1])
    return total


def _covered(gap: Span, lost: tuple[Span, ...]) -> bool:
    """Say whether a gap is known, in one piece or several."""
    at = gap[0]
    for first, last in lost:
        if first <= at <= last:
            at = last + 1
    return at > gap[1]
