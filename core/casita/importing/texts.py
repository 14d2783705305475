"""The YAML files of a folder as texts: read when they are asked for, edited line by line."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

SECRETS_FILE: Final = "secrets.yaml"
_MAX_BYTES: Final = 2_000_000
"""Larger files the hub does not read either."""
_MARK: Final = "  # not taken: see IMPORT.md"


class Unreadable(Exception):
    """A file cannot be used; the message says why."""


class Texts:
    """Texts of files by their path in the folder, with the edits made so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._texts: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        """Lines of files that are being edited; their texts are put together when asked for."""
        self.edited: set[str] = set()
        self.edits = 0
        """How many edits there were."""

    def text(self, file: str) -> str:
        """Return the text of a file. Raises `Unreadable`."""
        if file in self._lines:
            self._texts[file] = "".join(f"{line}\n" for line in self._lines.pop(file))
        if file not in self._texts:
            self._texts[file] = read_text(self.path(file))
        return self._texts[file]

    def path(self, file: str) -> Path:
        """Return the path of a file. Raises `Unreadable` if it lies outside of the folder."""
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self.folder):
            raise Unreadable("it is outside the configuration folder; move it into the folder")
        return path

    def name(self, base: str, text: str) -> str:
        """Return the path in the folder of what a file names, relative to that file."""
        path = (self.folder / base).parent / text
        resolved = path.resolve()
        if not resolved.is_relative_to(self.folder):
            raise Unreadable(f"{text}: it is outside the configuration folder; move it into it")
        return resolved.relative_to(self.folder).as_posix()

    def yaml_files(self, folder: str) -> list[str]:
        """Return the ``*.yaml`` files in and below a folder that the hub would include."""
        root = self.folder / folder
        found = [path.relative_to(self.folder) for path in root.rglob("*.yaml")]
        shown = [
            path for path in found
            if not any(part.startswith(".") for part in path.parts) and path.name != SECRETS_FILE
        ]  # fmt: skip
        return [path.as_posix() for path in sorted(shown)]

    def comment_out(self, file: str, first: int, last: int) -> None:
        """Turn lines, counted from 1, into comments; the number of lines stays."""
        lines = self._edit(file)
        for number in range(first - 1, min(last, len(lines))):
            if lines[number].strip() and not lines[number].lstrip().startswith("#"):
                lines[number] = f"# {lines[number]}"
        if first <= len(lines):
            lines[first - 1] = f"{lines[first - 1]}{_MARK}"

    def blank(self, file: str, first: int, last: int, name: str) -> None:
        """Take lines out that nobody is to read any more, and say whose they were."""
        lines = self._edit(file)
        for number in range(first - 1, min(last, len(lines))):
            lines[number] = "#"
        if first <= len(lines):
            lines[first - 1] = f"# {name}{_MARK}"

    def line(self, file: str, number: int) -> str:
        """Return a line, counted from 1."""
        lines = self._lines.get(file)
        return (self.text(file).splitlines() if lines is None else lines)[number - 1]

    def replace_line(self, file: str, number: int, line: str) -> None:
        """Replace a line, counted from 1."""
        self._edit(file)[number - 1] = line

    def comment_out_all(self, file: str) -> None:
        """Turn a whole file into comments."""
        self.comment_out(file, 1, len(self.text(file).splitlines()))

    def append(self, file: str, text: str) -> None:
        """Add a text at the end of a file."""
        before = self.text(file) if file in self._texts else ""
        gap = "" if not before or before.endswith("\n") else "\n"
        self.put(file, f"{before}{gap}{text}")

    def put(self, file: str, text: str) -> None:
        """Replace the text of a file, or make it."""
        self._lines.pop(file, None)
        self._texts[file] = text
        self.edited.add(file)
        self.edits += 1

    def _edit(self, file: str) -> list[str]:
        """Return the lines of a file, to be changed at once."""
        if file not in self._lines:
            self._lines[file] = self.text(file).splitlines()
        self.edited.add(file)
        self.edits += 1
        return self._lines[file]


def read_text(path: Path) -> str:
    """Return the text of a regular file. Raises `Unreadable`."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise Unreadable("it is not a regular file")
        data = path.read_bytes()
    except OSError as err:
        raise Unreadable(f"it cannot be read: {err.strerror or err}") from err
    if len(data) > _MAX_BYTES:
        raise Unreadable("it is larger than 2 MB; split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text; save it as UTF-8") from None
