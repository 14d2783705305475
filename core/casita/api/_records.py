"""Events as they are shown over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from casita.events import Event
from casita.ids import Offset
from casita.kernel import Kernel
from casita.sentences import Names, plain_name, sentence


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log."""

    offset: Offset
    """Position in the log, from 1; also the id of the event."""
    time: datetime
    type: str
    """``state.changed``, ``command.sent``, ``run.started``, ..., or a user's own."""
    subject: str
    """What it is about, mostly an entity id."""
    source: str
    """The plugin instance that it came from; ``casita`` for the hub itself."""
    data: Mapping[str, Any]
    cause: Offset | None
    """Offset of the event that led to this one."""
    root: Offset
    """Offset of the first event of the causal chain."""
    hops: int
    """How many automation runs the causal chain has gone through so far."""
    actor: str | None
    """The person or token that asked for it."""
    sentence: str | msgspec.UnsetType = msgspec.UNSET
    """What happened, in plain words, where that was asked for."""


class Teller:
    """Shows events, in words too if that is wanted."""

    def __init__(self, kernel: Kernel, *, sentences: bool) -> None:
        self._names = names(kernel)
        self._sentences = sentences

    def show(self, event: Event) -> Record:
        """Return an event as it is shown."""
        words = sentence(event, self._names) if self._sentences else msgspec.UNSET
        return Record(
            offset=event.offset,
            time=event.time,
            type=event.type,
            subject=event.subject,
            source=event.source,
            data=event.data,
            cause=event.cause,
            root=event.root,
            hops=event.hops,
            actor=event.actor,
            sentence=words,
        )

    def show_all(self, events: Iterable[Event]) -> list[Record]:
        """Return events as they are shown."""
        return [self.show(one) for one in events]


def names(kernel: Kernel) -> Names:
    """Return what gives the name of an entity, for sentences."""

    def name_of(subject: str) -> str:
        state = kernel.states.get(subject)
        if state is not None:
            return state.name
        entry = kernel.registry.entities.get(subject)
        return entry.shown_name if entry is not None else plain_name(subject)

    return name_of
