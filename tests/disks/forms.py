"""Logs as earlier versions wrote them, and what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

_FOLDER: Final = Path(__file__).parents[1] / "core" / "log" / "forms"


class Form(NamedTuple):
    """A file of an earlier version."""

    number: int
    file: bytes
    events: list[dict[str, Any]]
    documents: dict[str, dict[str, Any]]
    """By collection and key."""


def forms() -> list[Form]:
    """Return a file of every form that there ever was."""
    found = []
    for path in sorted(_FOLDER.glob("*.db")):
        told = json.loads(path.with_suffix(".json").read_text())
        found.append(Form(int(path.stem), path.read_bytes(), told["events"], told["documents"]))
    return found
