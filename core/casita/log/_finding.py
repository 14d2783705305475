"""Takes a data folder for this process, and brings its log into a state to go on from."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from pathlib import Path
from typing import IO, Final, NamedTuple

from casita.errors import LogDamaged, LogInUse
from casita.log._check import known_losses, verify
from casita.log._files import Mark, finish_replacement
from casita.log._opening import damage_told, open_for_reading, open_for_writing
from casita.log._repair import Repair, rebuild, repair
from casita.log._store import Reader

_LOCK: Final = "casita.lock"


class Found(NamedTuple):
    """A log that can be gone on with."""

    reader: Reader
    head: int
    """The offset behind which it goes on."""
    previous: int
    """Sum of the newest stored row."""
    repair: Repair | None
    """What had to be repaired."""


def hold(folder: Path) -> IO[str]:
    """Take a data folder for this process, until the file is closed. Raises `LogInUse`."""
    file = (folder / _LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise LogInUse(
            f"{folder}: another hub (process {holder}) has this data folder; stop it, or use "
            f"another folder"
        ) from err
    try:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    except OSError:
        pass  # a full disk; the lock holds without our name
    return file


def find_sound(folder: Path) -> Found:
    """Make sure that the newest events and all documents of a held folder can be read.

    What is damaged further back is not served either; `Log.examine` finds and cuts it off.
    """
    finish_replacement(folder)
    mark = Mark(folder).read()
    try:
        return _look(folder, mark, None)
    except LogDamaged as err:
        return _look(folder, mark, _repaired(folder, mark, str(err)))


def repair_folder(folder: Path) -> Repair | None:
    """Cut all damage off the log of a folder on which no hub runs; None if there was none.

    Raises `LogInUse` if a hub runs on it.
    """
    with hold(folder):
        found = find_sound(folder)
        found.reader.close()
        mark = Mark(folder).read()
        with closing(open_for_writing(folder)) as connection:
            report = verify(connection, mark)
            if report.sound:
                return found.repair
            return repair(folder, connection, report, mark)


def _look(folder: Path, mark: int, done: Repair | None) -> Found:
    open_for_writing(folder).close()
    reader = Reader(open_for_reading(folder))
    try:
        with damage_told(folder):
            stored, previous = reader.tail()
        for _ in reader.documents():
            pass
        lost = known_losses(reader)
        head = max([stored, *(last for _, last in lost)])
        if reader.torn or reader.damaged_documents or head < mark:
            raise LogDamaged(f"{folder}: documents, or the newest events, are missing or damaged")
    except BaseException:
        reader.close()
        raise
    return Found(reader, head, previous, done)


def _repaired(folder: Path, mark: int, why: str) -> Repair:
    try:
        with closing(open_for_writing(folder)) as connection:
            return repair(folder, connection, verify(connection, mark), mark)
    except LogDamaged:
        return rebuild(folder, why, mark)
