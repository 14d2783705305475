"""Writes lines without ever keeping the hub from its work."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Final, Self, TextIO

_WAITING_LIMIT: Final = 500
"""How many lines may wait for a slow terminal; what comes beyond is counted and left out."""
_END_WITHIN_S: Final = 2.0


class Voice:
    """Lines to a stream, written by a thread: a terminal may be stopped, the hub may not."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING_LIMIT)
        self._left_out = 0
        self._thread = threading.Thread(target=self._write, name="casita voice", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._lines.put(None, timeout=_END_WITHIN_S)
        except queue.Full:
            return
        self._thread.join(_END_WITHIN_S)

    def say(self, line: str) -> None:
        """Write a line soon."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            text = f"({left_out} lines left out)\n{line}\n" if left_out else f"{line}\n"
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                return
