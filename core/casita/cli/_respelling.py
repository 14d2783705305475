"""Rewrites keys that have a newer name, in place: nothing else in the files changes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from casita.asking import Finding, Respelling
from casita_config import load_tolerantly

_KEY: Final = r"(?P<quote>[\"']?){old}(?P=quote)(?=\s*:(?:\s|$))"
_BEFORE: Final = r"(?P<before>^[\s-]*|[{{,]\s*)"


def respell(folder: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Rewrite what findings say has a newer name; return those that were.

    A line on which the key cannot be told from other text is left alone, and so is a file of
    which anything else would change.
    """
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.fix is not None and one.file is not None and one.line is not None:
            by_file[one.file].append(one)
    done: list[Finding] = []
    for file, wanted in by_file.items():
        done += _respell_file(folder, folder / file, wanted)
    return done


def _respell_file(folder: Path, path: Path, wanted: Sequence[Finding]) -> list[Finding]:
    try:
        before = path.read_bytes()
        lines = before.decode("utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        return []
    tree = load_tolerantly(path, root=folder).tree
    done: list[Finding] = []
    for one in wanted:
        index = (one.line or 0) - 1
        line = _respelt(lines[index], one.fix) if one.fix and 0 <= index < len(lines) else None
        if line is not None:
            lines[index] = line
            done.append(one)
    names = {one.fix.old: one.fix.new for one in done if one.fix is not None}
    path.write_bytes("".join(lines).encode("utf-8"))
    if _renamed(tree, names) != _renamed(load_tolerantly(path, root=folder).tree, names):
        path.write_bytes(before)
        return []
    return done


def _respelt(line: str, fix: Respelling) -> str | None:
    """Return a line with the key renamed, or None if it is not there exactly once."""
    pattern = re.compile(_BEFORE.format() + _KEY.format(old=re.escape(fix.old)))
    if len(pattern.findall(line)) != 1:
        return None
    return pattern.sub(rf"\g<before>\g<quote>{fix.new}\g<quote>", line)


def _renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """Return a tree in which old and new names of keys are the same."""
    if isinstance(tree, Mapping):
        return [
            (_newest(key, names) if isinstance(key, str) else key, _renamed(value, names))
            for key, value in tree.items()
        ]
    if isinstance(tree, list):
        return [_renamed(one, names) for one in tree]
    return tree


def _newest(key: str, names: Mapping[str, str]) -> str:
    while key in names:
        key = names[key]
    return key
