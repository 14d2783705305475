"""Reads a data folder, whether a hub runs on it or not."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, cast

import msgspec

from casita.cli._options import Exit, Failure, data_folder
from casita.errors import LogError, did_you_mean
from casita.events import State
from casita.log import EventLog, LogReader
from casita.sentences import Names, plain_name

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Reading:
    """The data of one configuration folder, open for reading."""

    def __init__(self, folder: Path) -> None:
        """Raises `Failure` if no hub has ever run on the folder."""
        path = data_folder(folder)
        self._stack = ExitStack()
        try:
            self.log = self._stack.enter_context(LogReader(path))
        except PermissionError:
            raise Failure(f"{path}: it belongs to another user", Exit.REFUSED) from None
        except LogError as err:
            raise Failure(f"{err} Start it: casita run {folder}", Exit.NO_HUB) from err

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def documents(self, collection: str, type_: type[_Struct]) -> list[_Struct]:
        """Return the documents of a collection."""
        return [msgspec.convert(one, type_) for one in self.log.items(collection).values()]

    def names(self) -> Names:
        """Return what gives the friendly name of an entity or device."""
        known: dict[str, str] = {}
        for kind in ("device", "entity"):
            for key, document in self.log.items(kind).items():
                known[key] = document.get("name_by_user") or document["name"]
        for state in self.states():
            known[state.entity_id] = state.name
        return lambda subject: known.get(subject) or plain_name(subject)

    def states(self) -> list[State]:
        """Return the present states, by entity id."""
        from casita.bus import Bus
        from casita.clock import SystemClock
        from casita.states import States

        # nothing is written here: what restores the states only reads
        states = States(Bus(cast(EventLog, self.log)), SystemClock())
        states.restore()
        return sorted(states, key=lambda one: one.entity_id)

    def unknown(self, entity_id: str) -> Failure:
        """Return the failure that says that an entity is not known, with the nearest name."""
        hint = did_you_mean(entity_id, (one.entity_id for one in self.states()))
        return Failure(f"{entity_id}: nothing is known of it.{hint}")
