"""The form of the log's file: its tables, and how a file of an earlier form becomes one of this.

Each step goes from one form to the next in a transaction of its own, so that a file is always of
one form or another. A new file goes through all of them, so that all files of a form are alike.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import apsw

from casita.errors import LogError

_APPLICATION: Final = 0xCA517A
PAGE_BYTES: Final = 4096

_FORM_1: Final = """
CREATE TABLE batches (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL,
    first_time REAL NOT NULL, last_time REAL NOT NULL,
    events BLOB NOT NULL, sums BLOB NOT NULL, previous INTEGER NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE subjects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE batch_subjects (
    subject INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (subject, first)
) WITHOUT ROWID;
CREATE TABLE documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;
CREATE VIEW events AS
SELECT value ->> 0 AS offset, value ->> 1 AS time, value ->> 2 AS type, value ->> 3 AS subject,
       value ->> 4 AS source, value -> 5 AS data, value ->> 6 AS cause, value ->> 7 AS root,
       value ->> 8 AS hops, value ->> 9 AS actor
FROM batches, json_each(CAST(batches.events AS TEXT));
"""
_FORM_2: Final = """
ALTER TABLE documents RENAME TO documents_1;
CREATE TABLE documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;
INSERT INTO documents
SELECT collection, key, value, document_crc(collection, key, value) FROM documents_1;
DROP TABLE documents_1;
INSERT INTO documents
SELECT 'log', 'floor', min(first), document_crc('log', 'floor', CAST(min(first) AS TEXT))
FROM batches HAVING min(first) > 0;
"""
"""Documents get a checksum each, and one of them tells with which offset the log begins."""

_STEPS: Final = (_FORM_1, _FORM_2)
FORM: Final = len(_STEPS)
"""The form that this version writes."""

FLOOR: Final = ("log", "floor")
"""The document that tells the first offset that retention has left."""
_FORM_TOLD: Final = ("log", "form")
"""The document that tells the form once more: the number in the file's header has no checksum."""
_HEADER: Final = (
    (0, b"SQLite format 3\0"),
    (16, PAGE_BYTES.to_bytes(2, "big")),
    (20, bytes((0, 64, 32, 32))),
    (44, (4).to_bytes(4, "big")),
    (56, (1).to_bytes(4, "big")),
    (68, _APPLICATION.to_bytes(4, "big")),
)
"""What stands in the header of every log: page size, fractions, formats, encoding, whose it is."""
_SET_LATER: Final = (44, 56, 68)
"""What is still zero in a new file, all of which is in its journal until the first checkpoint."""
_JOURNAL_MODES: Final = (b"\1\1", b"\2\2")
_HEADER_BYTES: Final = 100

_logger = logging.getLogger(__name__)


def document_crc(collection: str, key: str, value: str) -> int:
    """Return the checksum of a document."""
    return crc32(f"{collection}\0{key}\0{value}".encode())


def bring_up_to_date(connection: apsw.Connection, path: Path) -> None:
    """Give a file this version's form; ``path`` is its name for messages.

    Raises `LogError` if the file is of a newer form.
    """
    form = form_of(connection)
    if form > FORM:
        raise LogError(
            f"{path}: it was written by a newer Casita (form {form}; this one knows up to {FORM}); "
            f"install that version again"
        )
    if form < FORM:
        connection.create_scalar_function(
            "document_crc", lambda *texts: document_crc(*map(str, texts)), 3, deterministic=True
        )
    for number in range(form + 1, FORM + 1):
        with connection:
            connection.execute(_STEPS[number - 1])
            if number >= 2:
                _tell_form(connection, number)
            connection.pragma("application_id", _APPLICATION)
            connection.pragma("user_version", number)
    if connection.pragma("user_version") != FORM:
        connection.pragma("user_version", FORM)


def form_of(connection: apsw.Connection) -> int:
    """Return the form of a file; 0 if it is new."""
    try:
        rows = connection.execute(
            "SELECT value, crc FROM documents WHERE collection = ? AND key = ?", _FORM_TOLD
        ).fetchall()
    except apsw.SQLError:
        rows = []  # form 1, or no form yet
    for value, crc in rows:
        if document_crc(*_FORM_TOLD, str(value)) == crc:
            return int(str(value))
    version: int = connection.pragma("user_version")
    return version


def header_is_damaged(path: Path) -> bool:
    """Say whether the constant part of a file's header is not what it is in every log."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # its sector cannot be read
    if len(header) < _HEADER_BYTES or path.stat().st_size <= PAGE_BYTES:
        return False
    if all(header[at : at + 4] == bytes(4) for at in _SET_LATER):
        return not path.with_name(f"{path.name}-wal").exists()
    return header[18:20] not in _JOURNAL_MODES or any(
        header[at : at + len(wanted)] != wanted for at, wanted in _HEADER
    )


def schema_is_damaged(connection: apsw.Connection) -> bool:
    """Say whether an up-to-date file does not have exactly the tables that it should have."""
    return _schema(connection) != _schema_of_this_form()


def restore_frame(path: Path) -> None:
    """Give a copy of a damaged file the header and the tables' descriptions that it should have.

    What cannot be restored is left as it is.
    """
    with path.open("r+b") as file:
        for at, wanted in _HEADER:
            file.seek(at)
            file.write(wanted)
        file.seek(18)
        file.write(_JOURNAL_MODES[1])
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("writable_schema", 1)
        with connection:
            connection.executemany(
                "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ?"
                " WHERE rowid = ?",
                _frame_of_this_form(),
            )
    except apsw.Error as err:
        _logger.warning("%s: its tables' descriptions cannot be restored: %s", path, err)
    finally:
        connection.close()


@cache
def _schema_of_this_form() -> frozenset[tuple[str, str, str]]:
    connection = apsw.Connection(":memory:")
    bring_up_to_date(connection, Path(":memory:"))
    return _schema(connection)


@cache
def _frame_of_this_form() -> tuple[tuple[Any, ...], ...]:
    connection = apsw.Connection(":memory:")
    bring_up_to_date(connection, Path(":memory:"))
    rows: list[Any] = connection.execute(
        "SELECT type, name, tbl_name, sql, rowid FROM sqlite_schema"
    ).fetchall()
    return tuple(rows)


def _schema(connection: apsw.Connection) -> frozenset[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    return frozenset((str(type_), str(name), str(sql)) for type_, name, sql in rows)


def _tell_form(connection: apsw.Connection, form: int) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
        (*_FORM_TOLD, str(form), document_crc(*_FORM_TOLD, str(form))),
    )
