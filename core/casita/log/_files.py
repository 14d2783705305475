"""The files of a data folder, and how one file of the log takes the place of another.

A replacement is made ready under another name, and is decided on when it gets the name
``casita.db.next``. From then on every opening finishes it, wherever it was interrupted: the old
file and its journal are put aside, and the new one gets their place.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final
from zlib import crc32

FILE: Final = "casita.db"
_NEXT: Final = "casita.db.next"
_JOURNALS: Final = ("-wal", "-shm", "-journal")
_ASIDE: Final = "aside"
_MARK: Final = "casita.mark"
_MARKED: Final = struct.Struct(">QI")


def replace(folder: Path, ready: Path) -> Path:
    """Put a finished file in the place of the log; return the folder where the old one is now."""
    _sync(ready)
    ready.rename(folder / _NEXT)
    _sync(folder)
    aside = finish_replacement(folder)
    assert aside is not None
    return aside


def finish_replacement(folder: Path) -> Path | None:
    """Finish what `replace` began, if it was interrupted; return where the old log is."""
    following = folder / _NEXT
    if not following.exists():
        return None
    aside = _newest_aside(folder)
    if aside is None or (folder / FILE).exists():
        aside = make_aside(folder)
    for suffix in ("", *_JOURNALS):
        old = folder / f"{FILE}{suffix}"
        if old.exists():
            old.rename(aside / old.name)
    _sync(aside)
    _sync(folder)
    following.rename(folder / FILE)
    _sync(folder)
    return aside


def make_aside(folder: Path) -> Path:
    """Make a new folder for what is kept aside."""
    newest = _newest_aside(folder)
    number = int(newest.name) + 1 if newest is not None else 1
    aside = folder / _ASIDE / str(number)
    aside.mkdir(mode=0o700, parents=True)
    return aside


def write_aside(folder: Path, name: str, content: bytes) -> Path:
    """Keep something aside, so that it lasts; return its file."""
    file = make_aside(folder) / name
    with file.open("xb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return file


class Mark:
    """Says beside the log how far it went, so that an end that is missing is noticed.

    It is written after what it tells is stored, and not synced: at worst it tells too little.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _MARK
        self._file: int | None = None

    def read(self) -> int:
        """Return the offset up to which all was stored once; 0 if nothing is known."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return 0
        if len(content) != _MARKED.size:
            return 0
        offset, crc = _MARKED.unpack(content)
        return int(offset) if crc32(content[:8]) == crc else 0

    def write(self, offset: int) -> None:
        """Tell how far the log goes; a disk that refuses is no matter."""
        content = offset.to_bytes(8, "big")
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, content + crc32(content).to_bytes(4, "big"), 0)
        except OSError:
            return

    def set(self, offset: int) -> None:
        """Tell how far the log goes that is about to take this one's place."""
        self.write(offset)
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _newest_aside(folder: Path) -> Path | None:
    try:
        numbers = [int(one.name) for one in (folder / _ASIDE).iterdir() if one.name.isdigit()]
    except FileNotFoundError:
        return None
    return folder / _ASIDE / str(max(numbers)) if numbers else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
