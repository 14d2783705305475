"""Reads files of the configuration folder, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from casita_config._limits import MAX_FILE_BYTES, Budget, Unreadable

SECRETS_FILE: Final = "secrets.yaml"
TEST_FILES: Final = ".test.yaml"
"""How the names of files end that hold tests of automations, and no configuration."""


class Folder:
    """The configuration folder: files outside of it do not exist."""

    def __init__(self, root: Path, budget: Budget) -> None:
        self.root = root.resolve()
        self._budget = budget

    def name(self, path: Path) -> str:
        """Return a path relative to the folder, as messages show it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    def resolve(self, base: Path, text: str) -> Path:
        """Return the file or folder that a text beside a file in ``base`` names.

        Raises `Unreadable` if it is outside the configuration folder, symlinks followed.
        """
        try:
            path = (base / text).resolve()
        except (OSError, ValueError, RuntimeError) as err:
            raise Unreadable(f"{text!r} is not a usable path: {err}") from err
        if not path.is_relative_to(self.root):
            raise Unreadable(
                f"{text!r} is outside the configuration folder; move what it names into the folder"
            )
        return path

    def read(self, path: Path) -> str:
        """Return the text of a file. Raises `Unreadable` or `TooMuch`."""
        self._budget.take_file()
        data = _read_regular(path)
        self._budget.take_bytes(len(data))
        return _decode(data)

    def yaml_files(self, folder: Path) -> Iterator[Path]:
        """Go through the ``*.yaml`` files in and below a folder, sorted.

        Hidden ones and secrets are left out. Raises `Unreadable` if there is no such folder.
        """
        if not folder.is_dir():
            raise Unreadable(f"there is no folder {self.name(folder)!r}")
        for at, folders, files in os.walk(folder):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            for file in sorted(files):
                if _is_shown_yaml(file):
                    yield self.resolve(Path(at), file)


def _is_shown_yaml(file: str) -> bool:
    return (
        file.endswith(".yaml")
        and not file.startswith(".")
        and not file.endswith(TEST_FILES)
        and file != SECRETS_FILE
    )


def _read_regular(path: Path) -> bytes:
    """Read a regular file; a FIFO or device is refused without waiting for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as err:
        raise Unreadable("there is no such file") from err
    except (OSError, ValueError) as err:
        reason = err.strerror if isinstance(err, OSError) else str(err)
        raise Unreadable(f"cannot be opened: {reason}") from err
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise Unreadable("is not UTF-8 text; save it as UTF-8", line=line) from err
