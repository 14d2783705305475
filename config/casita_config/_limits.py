"""How much a configuration may hold, so that no file can exhaust the machine."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 2_000_000
MAX_NODES: Final = 200_000
"""Keys, values and items of one file, each alias counted with all that it stands for."""
MAX_DEPTH: Final = 50
"""Mappings and lists in one another, across includes."""
MAX_FILES: Final = 5_000
MAX_TOTAL_BYTES: Final = 64_000_000
MAX_TOTAL_NODES: Final = 2_000_000


class Unreadable(Exception):
    """A file cannot be used. Says why, and what to do; ``line`` where it is known."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class TooMuch(Unreadable):
    """A limit is passed. Says which, and what to do."""


class Budget:
    """What all files of one load may use together."""

    def __init__(self) -> None:
        self._files = 0
        self._bytes = 0
        self._nodes = 0

    def take_file(self) -> None:
        """Count a file, before it is read. Raises `TooMuch`, also if all else is used up."""
        self._files += 1
        if self._files > MAX_FILES:
            raise TooMuch(
                f"more than {MAX_FILES:,} files are included; is one included very often?"
            )
        self.take_bytes(0)
        self.take_nodes(0)

    def take_bytes(self, count: int) -> None:
        """Count a file's size. Raises `TooMuch`."""
        if count > MAX_FILE_BYTES:
            raise TooMuch(f"is larger than {MAX_FILE_BYTES:,} bytes; split it with !include")
        self._bytes += count
        if self._bytes > MAX_TOTAL_BYTES:
            raise TooMuch(
                f"all files together are larger than {MAX_TOTAL_BYTES:,} bytes; "
                f"is one included very often?"
            )

    def take_nodes(self, count: int) -> None:
        """Count a file's nodes. Raises `TooMuch`."""
        self._nodes += count
        if self._nodes > MAX_TOTAL_NODES:
            raise TooMuch(
                f"all files together hold more than {MAX_TOTAL_NODES:,} values; "
                f"is one included very often?"
            )
