"""The record: the one immutable event type that the log holds and the bus carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.ids import Offset, domain_of

STATE_CHANGED: Final = "state.changed"
"""Data: ``{"old": text or None, "state": text or None, "attributes": {...}}``; None is absence."""


class Cause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What led to an event: the part of an earlier event that its effects have to carry."""

    offset: Offset
    root: Offset
    hops: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record of the log, named after CloudEvents.

    An event can be given wherever a `Cause` is asked for.
    """

    offset: Offset
    """Position in the log, from 1; also the id of the event."""
    time: datetime
    """When it happened: aware, UTC."""
    type: str
    """``state.changed``, ``command.sent``, ``run.started``, ..., or a user's own."""
    subject: str
    """What it is about, mostly an entity id."""
    source: str
    """The plugin instance that it came from; ``casita`` for the hub itself."""
    data: Mapping[str, Any]
    """What JSON can hold. Nobody may change it."""
    cause: Offset | None = None
    """Offset of the event that led to this one."""
    root: Offset
    """Offset of the first event of the causal chain; its own where it is the first."""
    hops: int = 0
    """How many automation runs the causal chain has gone through so far."""
    actor: str | None = None
    """The person or token that asked for it, on the event where the asking entered the log."""

    def as_cause(self) -> Cause:
        """Return what effects of this event carry of it, small enough to be stored."""
        return Cause(offset=self.offset, root=self.root, hops=self.hops)


class StateChanged(Event, frozen=True, kw_only=True, gc=False):
    """A ``state.changed`` event as it is dispatched in memory, with both states at hand."""

    old: State | None
    new: State | None


class State(msgspec.Struct, frozen=True, gc=False):
    """What is known of one entity at one moment."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]
    last_changed: datetime
    """When the text of the state last became what it is: aware, UTC."""
    last_updated: datetime
    """When state or attributes were last written: aware, UTC."""
    offset: Offset
    """Offset of the ``state.changed`` event that wrote it."""

    @property
    def domain(self) -> str:
        """The domain of the entity id: ``light``."""
        return domain_of(self.entity_id)

    @property
    def object_id(self) -> str:
        """The part of the entity id after the last dot."""
        return self.entity_id.rpartition(".")[2]

    @property
    def name(self) -> str:
        """The friendly name, or the object id in words."""
        return str(self.attributes.get("friendly_name", self.object_id.replace("_", " ")))
