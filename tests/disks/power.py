"""A disk that remembers in which order it was written, and can be shown as a power cut leaves it.

What was synced is there after the cut. Of what was not, any part may be: each write as a whole,
not at all, or torn between two sectors.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import apsw

SECTOR_BYTES = 512
_NAME = "power"
_BASE = "unix"


class Write(NamedTuple):
    """Bytes that were written to a file, and not synced yet."""

    file: str
    at: int
    content: bytes


class Truncate(NamedTuple):
    """A file that was cut to a length."""

    file: str
    length: int


class Sync(NamedTuple):
    """A file of which everything is on the disk from here on."""

    file: str


class Delete(NamedTuple):
    """A file that was deleted."""

    file: str
    synced: bool


class Note(NamedTuple):
    """Something that the test wants to know the place of, as an acknowledgement."""

    what: str
    value: int


Operation = Write | Truncate | Sync | Delete | Note


class Fault(Enum):
    """How a disk can refuse to be written to."""

    FULL = "full"
    BROKEN = "broken"
    READ_ONLY = "read-only"
    UNSYNCABLE = "unsyncable"
    """It takes what is written, and fails when it is to be synced; what was written is lost."""


class Recorder:
    """All operations on the files of one folder, in their order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.operations: list[Operation] = []
        self.fault: Fault | None = None
        """How the disk refuses at present."""

    def refuse(self) -> None:
        """Raise what SQLite is told when it writes to a disk that refuses."""
        if self.fault is Fault.FULL:
            raise apsw.FullError("no space left on the device")
        if self.fault is Fault.BROKEN:
            raise apsw.IOError("input/output error")
        if self.fault is Fault.READ_ONLY:
            raise apsw.ReadOnlyError("read-only file system")

    def note(self, what: str, value: int) -> None:
        """Put a note between the operations."""
        self.operations.append(Note(what, value))


class Disk:
    """The files as they were synced, and what was done to them since."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._synced = {name: bytearray(content) for name, content in files.items()}
        self._pending: list[Write | Truncate | Delete] = []

    def do(self, operation: Operation) -> None:
        """Take the next operation."""
        if isinstance(operation, Sync):
            self._sync(operation.file)
        elif isinstance(operation, Delete) and operation.synced:
            self._pending = [one for one in self._pending if one.file != operation.file]
            self._synced.pop(operation.file, None)
        elif not isinstance(operation, Note):
            self._pending.append(operation)

    def after_power_cut(self, rng: random.Random) -> dict[str, bytes]:
        """Return what the files may hold if the power goes now."""
        files = {name: bytearray(content) for name, content in self._synced.items()}
        fate = rng.choice(("nothing", "all", "some", "some", "torn"))
        for operation in self._pending:
            if fate == "all" or (fate != "nothing" and rng.random() < 0.5):
                _apply(files, _torn(operation, rng) if fate == "torn" else operation)
        return {name: bytes(content) for name, content in files.items()}

    def _sync(self, file: str) -> None:
        for operation in self._pending:
            if operation.file == file:
                _apply(self._synced, operation)
        self._synced.setdefault(file, bytearray())
        self._pending = [one for one in self._pending if one.file != file]


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a disk's files to a folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """Record what SQLite does to the files of a folder."""
    recorder = Recorder(folder)
    system = _FileSystem(recorder)
    apsw.set_default_vfs(_NAME)
    try:
        yield recorder
    finally:
        apsw.set_default_vfs(_BASE)
        system.unregister()


class _FileSystem(apsw.VFS):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        super().__init__(_NAME, _BASE)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or Path(path).parent != self._recorder.folder:
            return apsw.VFSFile(_BASE, name, flags)
        return _File(self._recorder, Path(path).name, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        if Path(filename).parent == self._recorder.folder:
            self._recorder.operations.append(Delete(Path(filename).name, syncdir))


class _File(apsw.VFSFile):
    def __init__(
        self,
        recorder: Recorder,
        file: str,
        name: str | apsw.URIFilename | None,
        flags: Sequence[int],
    ) -> None:
        self._recorder = recorder
        self._operations = recorder.operations
        self._file = file
        super().__init__(_BASE, name, list(flags))

    def xLock(self, level: int) -> None:
        try:
            super().xLock(level)
        except apsw.IOError as err:  # who may only read asks in closing whether it is the last
            raise apsw.BusyError from err

    def xWrite(self, data: bytes, offset: int) -> None:
        self._recorder.refuse()
        super().xWrite(data, offset)
        self._operations.append(Write(self._file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        self._recorder.refuse()
        super().xTruncate(newsize)
        self._operations.append(Truncate(self._file, newsize))

    def xSync(self, flags: int) -> None:
        self._recorder.refuse()
        if self._recorder.fault is Fault.UNSYNCABLE:
            raise apsw.IOError("cannot be synced")
        self._operations.append(Sync(self._file))


def _apply(files: dict[str, bytearray], operation: Write | Truncate | Delete) -> None:
    if isinstance(operation, Delete):
        files.pop(operation.file, None)
        return
    content = files.setdefault(operation.file, bytearray())
    if isinstance(operation, Truncate):
        del content[operation.length :]
        return
    if len(content) < operation.at:
        content.extend(bytes(operation.at - len(content)))
    content[operation.at : operation.at + len(operation.content)] = operation.content


def _torn(operation: Write | Truncate | Delete, rng: random.Random) -> Write | Truncate | Delete:
    """Return a write as far as it came: up to a boundary between sectors."""
    if not isinstance(operation, Write):
        return operation
    boundary = SECTOR_BYTES - operation.at % SECTOR_BYTES
    cuts = range(boundary, len(operation.content), SECTOR_BYTES)
    if not cuts:
        return operation
    return operation._replace(content=operation.content[: rng.choice(cuts)])
