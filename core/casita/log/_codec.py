"""How events stand on the disk: batches of JSON rows, each row with its place in a checksum chain.

A batch is a JSON array with one row a line. ``sums`` holds for each row the CRC-32 of its bytes,
begun with the sum of the row before, so that a row can be checked alone and the whole is a chain.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

from casita.events import Event
from casita.ids import Offset

_Row = tuple[int, datetime, str, str, str, dict[str, Any], int | None, int, int, str | None]


class RawEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An event as it stands on the disk: its data is JSON yet, as who reads millions wants it."""

    offset: Offset
    time: datetime
    type: str
    subject: str
    source: str
    data: msgspec.Raw
    cause: Offset | None
    root: Offset
    hops: int
    actor: str | None

    def event(self) -> Event:
        """Return it as the rest of the house knows it."""
        return Event(
            offset=self.offset, time=self.time, type=self.type, subject=self.subject,
            source=self.source, data=_decode_data(self.data), cause=self.cause, root=self.root,
            hops=self.hops, actor=self.actor,
        )  # fmt: skip


_encode: Final = msgspec.json.Encoder().encode
_decode_data: Final = msgspec.json.Decoder(dict[str, Any]).decode
_decode_raw: Final = msgspec.json.Decoder(list[RawEvent]).decode
_decode_row: Final = msgspec.json.Decoder(_Row).decode
_decode_rows: Final = msgspec.json.Decoder(list[_Row]).decode
_BETWEEN: Final = b",\n"
_FIRST: Final = re.compile(rb"\[\[(\d{1,18}),")
_COLUMNS: Final = (int, int, float, float, bytes, bytes, int, int)
MOST_ROWS: Final = 4096
"""More than a batch ever has."""


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


def as_batch(columns: Sequence[Any]) -> Batch:
    """Return a row of the file as a batch; in a damaged file a column can hold anything."""
    return Batch._make(
        one if isinstance(one, kind) else kind()
        for one, kind in zip(columns, _COLUMNS, strict=True)
    )


class Damage(NamedTuple):
    """A row that does not bear its checksum."""

    offset: int


def raw_rows(events: Any, crc: Any) -> list[RawEvent] | None:
    """Return the rows of a batch without their data decoded; None if it is damaged."""
    if not isinstance(events, bytes) or crc32(events) != crc or events[:2] != b"[[":
        return None
    return _decode_raw(events)


def raw_row(event: Event) -> RawEvent:
    """Return an event as it would stand on the disk."""
    return _decode_raw(b"[" + row_of(event) + b"]")[0]


def row_of(event: Event) -> bytes:
    """Return the bytes of an event."""
    return _encode(
        (
            event.offset, event.time, event.type, event.subject, event.source, event.data,
            event.cause, event.root, event.hops, event.actor,
        )
    )  # fmt: skip


def stand_in(event: Event, why: str) -> Event:
    """Return what can be stored of an event that JSON cannot hold."""

    def plain(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    return Event(
        offset=event.offset, time=event.time, type=plain(event.type), subject=plain(event.subject),
        source=plain(event.source), data={"unstorable": plain(why)}, cause=event.cause,
        root=event.root, hops=event.hops, actor=None if event.actor is None else plain(event.actor),
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
    if _is_whole(batch):
        for row in _decode_rows(batch.events):
            yield _event(row)
        return
    rows = _sound_rows(batch)
    for offset in _offsets(batch):
        yield _event(_decode_row(rows[offset])) if offset in rows else Damage(offset)


class Examined(NamedTuple):
    """What a close look at a batch has shown."""

    pieces: list[tuple[Batch, set[str]]]
    """What is sound of it, as batches with their subjects."""
    lost: list[int]
    """Offsets of rows that do not bear their checksum."""
    intact: bool
    """Whether there is nothing to repair."""


def examine(batch: Batch, before: int | None = None, *, without: Collection[int] = ()) -> Examined:
    """Check every row and every column of a batch.

    ``before`` is the sum of the row before the first, where it is known from elsewhere. Rows
    at the offsets ``without`` are left out of the pieces.
    """
    if _is_whole(batch):
        texts = batch.events[1:-1].split(_BETWEEN)
        rows = {row[0]: text for row, text in zip(_decode_rows(batch.events), texts, strict=True)}
        lost: list[int] = []
        batch_first = min(rows)  # a damaged column may say otherwise
    else:
        batch_first = batch.first
        rows = _sound_rows(batch)
        lost = [offset for offset in _offsets(batch) if offset not in rows]
    pieces = [
        _repack(batch, run, rows, before, run[0] - batch_first)
        for run in _runs(rows.keys() - set(without))
    ]
    intact = not lost and len(pieces) == 1 and pieces[0][0] == batch
    return Examined(pieces, lost, intact)


def first_offset(events: bytes) -> int | None:
    """Return the offset that the first row of a batch tells, if it can be read."""
    found = _FIRST.match(events)
    return int(found[1]) if found else None


def _is_whole(batch: Batch) -> bool:
    return crc32(batch.events) == batch.crc and batch.events[:2] == b"[["


def _offsets(batch: Batch) -> range:
    """Return which offsets a damaged batch had; the number of its sums is the best witness."""
    count = len(batch.sums) // 4
    if not 0 < count <= MOST_ROWS:
        count = batch.last - batch.first + 1
    return range(batch.first, batch.first + (count if 0 < count <= MOST_ROWS else 1))


def _sound_rows(batch: Batch) -> dict[int, bytes]:
    """Return the rows that bear their checksum; each needs the stored sum before it and its own."""
    rows: dict[int, bytes] = {}
    sums = array("I", batch.sums[: len(batch.sums) // 4 * 4])
    before = batch.previous
    begin = 0
    for offset, total in zip(_offsets(batch), sums, strict=False):
        place = _row_at(batch.events, begin, offset, before & 0xFFFFFFFF, total)
        if place is not None:
            rows[offset] = batch.events[place]
            begin = place.stop
        before = total
    return rows


def _row_at(body: bytes, begin: int, offset: int, before: int, total: int) -> slice | None:
    """Find a row in a batch whose separators may be damaged too."""
    at = body.find(b"[%d," % offset, begin)
    while at >= 0:
        for end in _ends(body, at, offset):
            if crc32(body[at:end], before) == total:
                return slice(at, end)
        at = body.find(b"[%d," % offset, at + 1)
    return None


def _ends(body: bytes, at: int, offset: int) -> Iterator[int]:
    """Yield where a row can end: at a separator, before the next row, or with the batch."""
    end = body.find(_BETWEEN, at)
    if end >= 0:
        yield end
    following = body.find(b"[%d," % (offset + 1), at + 1)
    if following >= 0:
        yield following - len(_BETWEEN)
    if end < 0:
        yield len(body) - 1


def _runs(offsets: Collection[int]) -> Iterator[list[int]]:
    """Yield offsets that follow each other."""
    run: list[int] = []
    for offset in sorted(offsets):
        if run and offset != run[-1] + 1:
            yield run
            run = []
        run.append(offset)
    if run:
        yield run


def _repack(
    batch: Batch, run: list[int], rows: Mapping[int, bytes], before: int | None, index: int
) -> tuple[Batch, set[str]]:
    """Make a batch of some rows, of which the first had an ``index`` in its old one."""
    texts = [rows[offset] for offset in run]
    events = [_event(_decode_row(text)) for text in texts]
    sum_before = batch.sums[index * 4 - 4 : index * 4] if index > 0 else b""
    if len(sum_before) == 4:
        previous = array("I", sum_before)[0]
    elif before is not None:
        previous = before
    else:
        previous = batch.previous
    piece, _ = pack(events, texts, previous & 0xFFFFFFFF)
    return piece, {event.subject for event in events}


def _event(row: _Row) -> Event:
    offset, time, type_, subject, source, data, cause, root, hops, actor = row
    return Event(
        offset=Offset(offset), time=time, type=type_, subject=subject, source=source, data=data,
        cause=None if cause is None else Offset(cause), root=Offset(root), hops=hops, actor=actor,
    )  # fmt: skip
