"""Home Assistant's ``.storage``: JSON documents, with the lines of what they hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

FOLDER: Final = ".storage"
_MAX_BYTES: Final = 200_000_000
Item = dict[str, Any]


class Stored:
    """One document. One that is absent or cannot be read holds nothing."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = f"{FOLDER}/{name}"
        self.fault: str | None = None
        """Why it cannot be read, if it is there."""
        self._text = ""
        self._lines: dict[str, int] | None = None
        self.data: Item = {}
        path = folder / FOLDER / name
        if path.is_file():
            self._read(path)

    def items(self, key: str = "items") -> list[Item]:
        """Return the items under a key of the document."""
        found = self.data.get(key)
        if not isinstance(found, list):
            return []
        return [one for one in found if isinstance(one, dict)]

    def place(self, item: Item, keys: Iterable[str]) -> tuple[str, int | None]:
        """Return file and line of an item, by the first of these keys that it has."""
        for key in keys:
            if item.get(key):
                return self.file, self._line_of(f'"{key}": {json.dumps(item[key])}')
        return self.file, None

    def _read(self, path: Path) -> None:
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise ValueError("it is larger than 200 MB")
            data = path.read_bytes()
            document = msgspec.json.decode(data)
            self._text = data.decode()
        except (OSError, ValueError, msgspec.DecodeError) as err:
            self.fault = f"it cannot be read: {err}"
            return
        found = document.get("data") if isinstance(document, dict) else None
        self.data = found if isinstance(found, dict) else {}

    def _line_of(self, text: str) -> int | None:
        """Return the line of a key with its value; every line is looked at once in all."""
        if self._lines is None:
            self._lines = {}
            for number, line in enumerate(self._text.splitlines(), 1):
                self._lines.setdefault(line.strip().rstrip(","), number)
        found = self._lines.get(text)
        if found is None and self._text.count("\n") < 2:
            return 1 if self._text else None
        return found


def text_of(item: Item, key: str) -> str | None:
    """Return a text of an item, or None where there is none or something else."""
    value = item.get(key)
    return value.strip() if isinstance(value, str) and value.strip() else None


def texts_of(item: Item, key: str) -> list[str]:
    """Return a list of texts of an item."""
    value = item.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
