"""Damages files: flips a bit, cuts the end off, lets a sector refuse to be read."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

_NAME = "unreadable"
_BASE = "unix"


def flip_bit(path: Path, rng: random.Random) -> int:
    """Flip one bit somewhere in a file; return at which byte."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    content[at] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return at


def cut(path: Path, rng: random.Random) -> int:
    """Cut a file at a random length; return the length."""
    length = rng.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.truncate(length)
    return length


@contextmanager
def unreadable(path: Path, at: int) -> Iterator[None]:
    """Let SQLite fail when it reads a byte of a file; its copies elsewhere are sound."""
    inode = path.stat().st_ino
    system = _FileSystem(inode, at)
    apsw.set_default_vfs(_NAME)
    try:
        yield
    finally:
        apsw.set_default_vfs(_BASE)
        system.unregister()


class _FileSystem(apsw.VFS):
    def __init__(self, inode: int, bad: int) -> None:
        self._inode = inode
        self._bad = bad
        super().__init__(_NAME, _BASE)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not Path(path).exists() or Path(path).stat().st_ino != self._inode:
            return apsw.VFSFile(_BASE, name, flags)
        return _File(self._bad, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, bad: int, name: str | apsw.URIFilename | None, flags: Sequence[int]) -> None:
        self._bad = bad
        super().__init__(_BASE, name, list(flags))

    def xLock(self, level: int) -> None:
        try:
            super().xLock(level)
        except apsw.IOError as err:  # who may only read asks in closing whether it is the last
            raise apsw.BusyError from err

    def xRead(self, amount: int, offset: int) -> bytes:
        if offset <= self._bad < offset + amount:
            raise apsw.exception_for(apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)
