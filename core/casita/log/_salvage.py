"""Finds batches in the raw pages of a file whose structure cannot be trusted any more.

Whatever pages, cells and pointers say of each other: a batch is recognized by the form of its
record, and proves itself by its checksums. One whose record has lost its form is looked for where
its page says that a record is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from casita.log._codec import Batch, examine, first_offset
from casita.log._schema import PAGE_BYTES

_RECORD: Final = re.compile(
    rb"[\x09-\x0f]\x00"  # length of the header; the key is stored elsewhere
    rb"[\x01-\x06\x08\x09][\x01-\x09]{2}"  # last, first_time, last_time
    rb"([\x80-\xff]{0,3}[\x00-\x7f])([\x80-\xff]{0,2}[\x00-\x7f])"  # events, sums
    rb"[\x01-\x06\x08\x09]{2}",  # previous, crc
    re.DOTALL,
)
"""The header of a batch's record, as SQLite writes it."""
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
_LOCAL_MOST: Final = PAGE_BYTES - 35
_LOCAL_LEAST: Final = (PAGE_BYTES - 12) * 32 // 255 - 23
_TABLE_LEAF: Final = b"\x0d"
_MOST_CELLS: Final = PAGE_BYTES // 4
_MOST_BYTES: Final = 64 << 20
_MOST_HEADER: Final = 64
"""The text of a batch begins no further in its record."""
_MOST_REST: Final = 16
"""What follows the sums: two numbers."""
_BETWEEN: Final = b",\n"
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24


def carve(file: Path) -> Iterator[Batch]:
    """Yield everything in a file and its journal that looks like a batch and holds sound rows.

    The same may come more than once, in any order.
    """
    pages = _Pages(file)
    try:
        for page in pages.all():
            formed = set[int]()
            for found in _RECORD.finditer(page):
                batch = _batch_at(pages, page, found)
                if batch is not None and examine(batch).pieces:
                    formed.add(batch.first)
                    yield batch
            for payload in _payloads_of(pages, page):
                batch = _batch_in(payload, formed)
                if batch is not None:
                    yield batch
    finally:
        pages.close()


class _Pages:
    """The pages of a file, those in its journal before those in the file."""

    def __init__(self, file: Path) -> None:
        self._file = _Raw(file)
        self._wal = _Raw(file.with_name(f"{file.name}-wal"))
        self._frames = dict(self._frames_of_wal())

    def close(self) -> None:
        self._file.close()
        self._wal.close()

    def all(self) -> Iterator[bytes]:
        for at in range(0, self._file.length, PAGE_BYTES):
            yield self._file.read(PAGE_BYTES, at)
        for at in range(_WAL_HEADER + _FRAME_HEADER, self._wal.length, PAGE_BYTES + _FRAME_HEADER):
            yield self._wal.read(PAGE_BYTES, at)

    def get(self, number: int) -> bytes:
        if number in self._frames:
            return self._wal.read(PAGE_BYTES, self._frames[number])
        at = (number - 1) * PAGE_BYTES
        return self._file.read(PAGE_BYTES, at) if at >= 0 else b""

    def _frames_of_wal(self) -> Iterator[tuple[int, int]]:
        salts = self._wal.read(8, 16)
        for at in range(_WAL_HEADER, self._wal.length, PAGE_BYTES + _FRAME_HEADER):
            header = self._wal.read(_FRAME_HEADER, at)
            if header[8:16] == salts:
                yield int.from_bytes(header[:4], "big"), at + _FRAME_HEADER


class _Raw:
    """A file of which parts may not be readable; these read as nothing."""

    def __init__(self, file: Path) -> None:
        self._descriptor: int | None = None
        self.length = 0
        """In bytes; 0 if the file is not there."""
        try:
            self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            self.length = os.fstat(self._descriptor).st_size
        except OSError:
            return

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def read(self, length: int, at: int) -> bytes:
        if self._descriptor is None or at >= self.length:
            return b""
        try:
            return os.pread(self._descriptor, length, at)
        except OSError:
            return b""  # a sector that the disk does not give back


def _batch_at(pages: _Pages, page: bytes, found: re.Match[bytes]) -> Batch | None:
    """Read the record whose header stands at a place in a page."""
    header = found[0]
    events, sums = _blob_bytes(found[1]), _blob_bytes(found[2])
    if header[0] != len(header) or events is None or sums is None or not sums:
        return None
    kinds = (header[2], header[3], header[4], header[-2], header[-1])
    sizes = [_INTEGER_BYTES[kind] for kind in kinds]
    length = len(header) + sum(sizes) + events + sums
    for payload in _payloads(pages, page, found.start(), length):
        body = payload[len(header) :]
        last = int.from_bytes(body[: sizes[0]], "big", signed=True)
        begin = sum(sizes[:3])
        text, body = body[begin : begin + events], body[begin + events :]
        previous = int.from_bytes(body[sums : sums + sizes[3]], "big", signed=True)
        crc = int.from_bytes(body[sums + sizes[3] :], "big", signed=True)
        first = first_offset(text)
        if first is None:
            first = last - sums // 4 + 1
        batch = Batch(
            first, last, 0.0, 0.0, text, body[:sums],
            _constant(kinds[3], previous), _constant(kinds[4], crc),
        )  # fmt: skip
        if examine(batch).pieces:
            return batch
    return None


def _payloads_of(pages: _Pages, page: bytes) -> Iterator[bytes]:
    """Yield the records of a page of a table, along its own pointers."""
    if page[:1] != _TABLE_LEAF:
        return
    for number in range(min(int.from_bytes(page[3:5], "big"), _MOST_CELLS)):
        pointer = 8 + 2 * number
        length, at = _varint(page, int.from_bytes(page[pointer : pointer + 2], "big"))
        _, at = _varint(page, at)
        if at < len(page) and length <= _MOST_BYTES:
            yield from _payloads(pages, page, at, length)


def _batch_in(payload: bytes, formed: Collection[int]) -> Batch | None:
    """Return the batch in a record whose header is damaged, unless it is one of ``formed``."""
    begin = payload.find(b"[[", 0, _MOST_HEADER)
    first = first_offset(payload[begin:]) if begin >= 0 else None
    if first is None or first in formed:
        return None
    end = payload.rfind(b"]]") + 2
    while end > begin + 2:
        text = payload[begin:end]
        rows = text.count(_BETWEEN) + 1
        sums, rest = payload[end : end + 4 * rows], payload[end + 4 * rows :]
        if len(sums) == 4 * rows and len(rest) <= _MOST_REST:
            found = [_unformed(first, text, sums, rest[:size]) for size in range(len(rest) + 1)]
            best = max(found, key=_sound_rows)
            return best if _sound_rows(best) else None
        end = payload.rfind(b"]]", begin, end - 1) + 2
    return None


def _unformed(first: int, text: bytes, sums: bytes, previous: bytes) -> Batch:
    """Return a batch of which the columns are guessed; its rows have to prove themselves."""
    last = first + len(sums) // 4 - 1
    return Batch(first, last, 0.0, 0.0, text, sums, int.from_bytes(previous, "big", signed=True), 0)


def _sound_rows(batch: Batch) -> int:
    return sum(piece.last - piece.first + 1 for piece, _ in examine(batch).pieces)


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """Return a number of SQLite's form, and where it ends."""
    value = 0
    for byte in page[at : at + 8]:
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at


def _payloads(pages: _Pages, page: bytes, at: int, length: int) -> Iterator[bytes]:
    """Yield the record's bytes: along its pointers, and where these lead astray, straight on."""
    local = length
    if length > _LOCAL_MOST:
        kept = _LOCAL_LEAST + (length - _LOCAL_LEAST) % (PAGE_BYTES - 4)
        local = kept if kept <= _LOCAL_MOST else _LOCAL_LEAST
    head = page[at : at + local]
    if local == length:
        yield head
        return
    begin = int.from_bytes(page[at + local : at + local + 4], "big")
    yield head + _chain(pages, begin, length - local, straight=False)
    yield head + _chain(pages, begin, length - local, straight=True)


def _chain(pages: _Pages, number: int, length: int, *, straight: bool) -> bytes:
    parts: list[bytes] = []
    while length > 0:
        page = pages.get(number)
        if not page:
            break
        parts.append(page[4 : 4 + length])
        length -= PAGE_BYTES - 4
        number = number + 1 if straight else int.from_bytes(page[:4], "big")
    return b"".join(parts)


def _blob_bytes(varint: bytes) -> int | None:
    kind = 0
    for byte in varint:
        kind = kind << 7 | byte & 0x7F
    return (kind - 12) // 2 if kind >= 12 and kind % 2 == 0 else None


def _constant(kind: int, value: int) -> int:
    """Return a number's value; SQLite stores 0 and 1 in the header alone."""
    return kind - 8 if kind in (8, 9) else value
