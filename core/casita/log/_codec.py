"""How events stand on the disk: batches of JSON rows, each row with its place in a checksum chain.

A batch is a JSON array with one row a line. ``sums`` holds for each row the CRC-32 of its bytes,
begun with the sum of the row before, so that a row can be checked alone and the whole is a chain.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

from casita.events import Event
from casita.ids import Offset

_Row = tuple[int, datetime, str, str, str, dict[str, Any], int | None, int, int, str | None]

_encode: Final = msgspec.json.Encoder().encode
_decode_row: Final = msgspec.json.Decoder(_Row).decode
_decode_rows: Final = msgspec.json.Decoder(list[_Row]).decode
_BETWEEN: Final = b",\n"


class Batch(NamedTuple):
    """Some events in a row, as they are stored."""

    first: int
    last: int
    first_time: float
    last_time: float
    events: bytes
    sums: bytes
    previous: int
    """Sum of the row before the first."""
    crc: int
    """CRC-32 of ``events`` as a whole, for a quick check."""


class Damage(NamedTuple):
    """A row that does not bear its checksum."""

    offset: int


def row_of(event: Event) -> bytes:
    """Return the bytes of an event."""
    return _encode(
        (
            event.offset, event.time, event.type, event.subject, event.source, event.data,
            event.cause, event.root, event.hops, event.actor,
        )
    )  # fmt: skip


def pack(events: Sequence[Event], rows: Sequence[bytes], previous: int) -> tuple[Batch, int]:
    """Make a batch of events and their rows; return it with the sum of its last row."""
    sums = array("I")
    total = previous
    for row in rows:
        total = crc32(row, total)
        sums.append(total)
    body = b"[" + _BETWEEN.join(rows) + b"]"
    batch = Batch(
        events[0].offset,
        events[-1].offset,
        events[0].time.timestamp(),
        events[-1].time.timestamp(),
        body,
        sums.tobytes(),
        previous,
        crc32(body),
    )
    return batch, total


def last_sum(sums: bytes) -> int:
    """Return the sum that the next batch goes on from."""
    return array("I", sums[-4:])[0]


def unpack(batch: Batch) -> Iterator[Event | Damage]:
    """Yield a batch's events; in place of a damaged one, its `Damage`."""
    if crc32(batch.events) == batch.crc:
        for row in _decode_rows(batch.events):
            yield _event(row)
    else:
        yield from _unpack_damaged(batch)


def is_chained(batch: Batch) -> bool:
    """Say whether every row of a batch bears its checksum."""
    return not any(isinstance(one, Damage) for one in _unpack_damaged(batch))


def _unpack_damaged(batch: Batch) -> Iterator[Event | Damage]:
    """Check row by row; each needs the stored sum before it and its own."""
    count = batch.last - batch.first + 1
    rows = batch.events[1:-1].split(_BETWEEN)
    sums = array("I", batch.sums[: len(batch.sums) // 4 * 4])
    if len(rows) != count or len(sums) != count:
        yield from (Damage(offset) for offset in range(batch.first, batch.last + 1))
        return
    before = batch.previous
    for index, (row, total) in enumerate(zip(rows, sums, strict=True)):
        if crc32(row, before) == total:
            yield _event(_decode_row(row))
        else:
            yield Damage(batch.first + index)
        before = total


def _event(row: _Row) -> Event:
    offset, time, type_, subject, source, data, cause, root, hops, actor = row
    return Event(
        offset=Offset(offset), time=time, type=type_, subject=subject, source=source, data=data,
        cause=None if cause is None else Offset(cause), root=Offset(root), hops=hops, actor=actor,
    )  # fmt: skip
