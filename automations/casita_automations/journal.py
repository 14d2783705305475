"""What a run of a Python automation has awaited, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from casita.clock import Clock
from casita.errors import CasitaError

_MOST: int = 10_000
"""A handler that awaits more often than this is stopped: its journal would never end."""


class ChangedMeanwhile(CasitaError):
    """The code of a handler does not do again what its journal holds."""


class Entry:
    """One thing that the handler awaits."""

    def __init__(self, journal: Journal, document: dict[str, Any]) -> None:
        self._journal = journal
        self._document = document

    @property
    def begun(self) -> bool:
        """Whether it was begun before a restart."""
        return "begun" in self._document

    @property
    def done(self) -> bool:
        """Whether its result is known."""
        return "result" in self._document

    @property
    def result(self) -> Any:
        """What came of it."""
        return self._document["result"]

    def begin(self, limit: timedelta | None = None) -> datetime | None:
        """Write down that it is under way; return when its time is over, if it has a limit."""
        if not self.begun:
            due = None if limit is None else self._journal.clock.now() + limit
            self._document |= {"begun": True, "due": due}
            self._journal.changed()
        due_then: datetime | None = self._document.get("due")
        return due_then

    def end(self, result: Any) -> Any:
        """Write down what came of it; return that."""
        self._document["result"] = result
        self._journal.changed()
        return result


class Journal:
    """The entries of a run, in the order in which its handler asks."""

    def __init__(
        self, entries: list[dict[str, Any]], clock: Clock, changed: Callable[[], None]
    ) -> None:
        """``entries`` are those from before a restart; new ones are added to the same list."""
        self._entries = entries
        self._position = 0
        self.clock = clock
        self.changed = changed
        """Called when there is something new to be stored."""

    def next(self, kind: str, what: str) -> Entry:
        """Return the entry of what the handler awaits now.

        Raises `ChangedMeanwhile` if it awaited something else before the restart.
        """
        if self._position >= _MOST:
            raise CasitaError(f"the handler awaited more than {_MOST} things in one run")
        if self._position == len(self._entries):
            self._entries.append({"kind": kind, "what": what})
        document = self._entries[self._position]
        if (document["kind"], document["what"]) != (kind, what):
            raise ChangedMeanwhile(
                f"its code has changed while the run waited: it did {document['kind']} "
                f"{document['what']}, now it does {kind} {what}"
            )
        self._position += 1
        return Entry(self, document)
