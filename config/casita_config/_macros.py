"""Reads the macros that templates may import: ``custom_templates/*.jinja``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from casita_config._files import Folder
from casita_config._limits import Budget, Unreadable
from casita_config.errors import Problem

FOLDER: Final = "custom_templates"


def read_macros(root: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return the texts by the name under which they are imported, and what could not be read."""
    above = root / FOLDER
    folder = Folder(root, Budget())
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(above.rglob("*.jinja")):
        try:
            inside = folder.resolve(above, str(path.relative_to(above)))
            texts[path.relative_to(above).as_posix()] = folder.read(inside)
        except Unreadable as err:
            name = path.relative_to(root).as_posix()
            problems.append(Problem(message=f"left out: {err}", file=name))
    return texts, problems
