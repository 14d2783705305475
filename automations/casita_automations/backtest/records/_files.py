"""Records in text files: JSON lines, and the CSV of Home Assistant's History panel."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec

from casita.ids import is_entity_id
from casita_automations.backtest._rows import Row
from casita_automations.backtest.records._listed import ListedRecord, refuse

_TIMES: Final = ("ts", "time", "last_updated", "last_changed")
_WHAT_IT_IS: Final = (
    ". A record is a recorder database of Home Assistant, a CSV of its History panel, or JSON lines"
)
_CSV: Final = ("entity_id", "state", "last_changed")


def json_lines(path: Path) -> ListedRecord:
    """Read one change a line: ``ts`` (or ``last_updated``, ...), ``entity_id``, ``state``,
    ``attributes``. Raises `ConfigError` naming the line.
    """
    rows: list[Row] = []
    with_attributes = False
    for number, text in enumerate(_lines(path), 1):
        if not text.strip():
            continue
        try:
            item = msgspec.json.decode(text)
        except msgspec.DecodeError as err:
            refuse(path, number, f"this is no JSON: {err}{_WHAT_IT_IS if number == 1 else ''}")
        row = _row(path, number, item)
        with_attributes = with_attributes or bool(row[3])
        rows.append(row)
    rows.sort(key=lambda row: row[0])
    return ListedRecord(path, rows, knows_attributes=with_attributes)


def history_csv(path: Path) -> ListedRecord:
    """Read ``entity_id,state,last_changed``, as the History panel exports it.

    Raises `ConfigError` naming the line.
    """
    rows: list[Row] = []
    with _text(path) as file:
        reader = csv.DictReader(file)
        missing = [name for name in _CSV if name not in (reader.fieldnames or ())]
        if missing:
            refuse(path, 1, f"the column {missing[0]!r} is missing; it has {','.join(_CSV)}")
        for item in reader:
            rows.append(_row(path, reader.line_num, item))
    rows.sort(key=lambda row: row[0])
    return ListedRecord(path, rows, knows_attributes=False)


def _row(path: Path, number: int, item: Any) -> Row:
    if not isinstance(item, Mapping):
        refuse(path, number, "expected an object with entity_id, state and a time")
    entity_id, state = item.get("entity_id"), item.get("state")
    if not isinstance(entity_id, str) or not is_entity_id(entity_id):
        refuse(path, number, f"entity_id: {entity_id!r} is no entity id (domain.name)")
    stamp = next((item[key] for key in _TIMES if item.get(key) is not None), None)
    if stamp is None:
        refuse(path, number, f"no time; it stands under one of {', '.join(_TIMES)}")
    attributes = item.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        refuse(path, number, "attributes: expected an object")
    return _time(path, number, stamp), entity_id, None if state is None else str(state), attributes


def _time(path: Path, number: int, stamp: Any) -> datetime:
    try:
        if isinstance(stamp, int | float) and not isinstance(stamp, bool):
            return datetime.fromtimestamp(stamp, UTC)
        moment = datetime.fromisoformat(str(stamp).strip())
    except (ValueError, OverflowError, OSError):
        refuse(path, number, f"{stamp!r} is no time; write it as 2026-03-12T09:00:00+01:00")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _lines(path: Path) -> Iterator[str]:
    with _text(path) as file:
        yield from file


def _text(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8-sig"))
    return path.open(encoding="utf-8-sig", newline="")
