"""Opens a record, whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from casita.errors import ConfigError, Problem
from casita_automations.backtest._rows import Record
from casita_automations.backtest.records._files import history_csv, json_lines
from casita_automations.backtest.records._own import OwnRecord
from casita_automations.backtest.records._recorder import RecorderRecord

_SQLITE: Final = b"SQLite format 3\0"


def open_log(folder: Path, *, leave_out_effects: bool) -> Record:
    """Open the log of a data folder. Raises `LogError` if there is none."""
    return OwnRecord(folder, leave_out_effects=leave_out_effects)


def open_file(path: Path) -> Record:
    """Open a file of another system: what it is, its first bytes tell.

    A recorder database of Home Assistant, a CSV of its History panel, or JSON lines (also
    gzip'd). Raises `ConfigError`.
    """
    try:
        with path.open("rb") as file:
            first = file.read(64)
    except OSError as err:
        message = f"it cannot be read: {err.strerror}"
        raise ConfigError([Problem(message=message, file=str(path))]) from err
    if first.startswith(_SQLITE):
        return RecorderRecord(path)
    name = path.name.removesuffix(".gz")
    if name.endswith(".csv") or first.startswith((b"entity_id,", b"\xef\xbb\xbfentity_id,")):
        return history_csv(path)
    return json_lines(path)
