"""Tables as files that other programs read: CSV and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec

from casita.errors import CasitaError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV with a line of names: times in ISO 8601, mappings as JSON.

    A text that a spreadsheet would take for a formula gets a quote before it.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(one) for one in row] for row in rows])
    return text.getvalue()


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows as Parquet, mappings as JSON. Raises `CasitaError` if ``pyarrow`` is missing."""
    try:
        pyarrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError as err:
        raise CasitaError(
            "Parquet needs one more package; install it with: pip install 'casita[parquet]'"
        ) from err
    table = pyarrow.table(
        {name: [_plain(row[index]) for row in rows] for index, name in enumerate(columns)}
    )
    parquet.write_table(table, str(path))


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    value = _plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, Mapping) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
