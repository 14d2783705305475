"""Opens the SQLite file of a data folder, and tells damage as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from casita.errors import LogDamaged, LogError
from casita.log._files import FILE
from casita.log._schema import bring_up_to_date, header_is_damaged, schema_is_damaged

DAMAGE: Final = (
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.FormatError,
    apsw.SQLError,
    apsw.ConstraintError,
    apsw.MismatchError,
    UnicodeDecodeError,
)
"""What reading a damaged file can end in, beside what `UNREADABLE` adds."""
UNREADABLE: Final = (*DAMAGE, apsw.IOError)
"""What reading a damaged file can end in; `is_damage` tells it from a disk that refuses."""
_MISSING_PARTS: Final = frozenset(
    (
        apsw.SQLITE_IOERR_SHORT_READ,
        apsw.SQLITE_IOERR_READ,
        apsw.SQLITE_IOERR_DATA,
        apsw.SQLITE_IOERR_CORRUPTFS,
    )
)
"""A file that is shorter than it says, and sectors that cannot be read."""

_BUSY_MS: Final = 5000
_READABLE: Final = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
_SYNCHRONOUS: Final = "extra"
"""As "full"; and a journal that a new file had before it got its present kind is gone for good.

If it came back after a loss of power, SQLite would take all back that was written since.
"""


def open_for_writing(folder: Path) -> apsw.Connection:
    """Open the file of a data folder, made and brought to this version's form if need be.

    Raises `LogError` if it is of a newer form, `LogDamaged` if it is not what was written.
    """
    path = folder / FILE
    if header_is_damaged(path):
        raise LogDamaged(f"{path}: its header is damaged")
    with damage_told(path):
        connection = connect(path)
        try:
            bring_up_to_date(connection, path)
            if schema_is_damaged(connection):
                raise LogDamaged(f"{path}: its tables are not those of a log")
        except BaseException:
            connection.close()
            raise
    return connection


def connect(path: Path) -> apsw.Connection:
    """Open a file as the log is written: with a journal, and synced before it is told."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_MS)
    connection.pragma("synchronous", _SYNCHRONOUS)
    if connection.pragma("page_count") == 0:
        connection.pragma("auto_vacuum", 2)  # writes even where it changes nothing
    connection.pragma("journal_mode", "wal")
    return connection


def open_for_reading(folder: Path) -> apsw.Connection:
    """Open the file of a data folder to read, also while a hub writes to it.

    Raises `LogError` if there is none.
    """
    path = folder / FILE
    if not path.exists():
        raise LogError(f"{folder}: there is no log here; has a hub run with this configuration?")
    with damage_told(path):
        connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro", flags=_READABLE)
        connection.set_busy_timeout(_BUSY_MS)
    return connection


def is_damage(err: BaseException) -> bool:
    """Say whether what reading has ended in is damage to the file."""
    if isinstance(err, apsw.IOError):
        return getattr(err, "extendedresult", None) in _MISSING_PARTS
    return isinstance(err, DAMAGE)


@contextmanager
def damage_told(path: Path | str) -> Iterator[None]:
    """Raise `LogDamaged` in place of what SQLite says about a damaged file."""
    try:
        yield
    except UNREADABLE as err:
        if not is_damage(err):
            raise
        raise LogDamaged(f"{path}: it is damaged: {err}") from err
