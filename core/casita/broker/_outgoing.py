"""What this home tells the others: which events, and how they read on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casita.broker._naming import home_in, identity, patterns, source_of
from casita.broker._settings import Publishing
from casita.cloudevents import CloudEvent, Extension
from casita.events import STATE_CHANGED, Event, State
from casita.ids import home_of
from casita.kernel import Kernel
from casita.transport import Channel, Message, Purpose

HOPS: Final = "casitahops"
_NEVER: Final = ("broker.", "consumer.", "dead_letter.", "token.")
"""Families that are this hub's own business."""


class Outgoing:
    """Turns events into messages."""

    def __init__(self, kernel: Kernel, home: str, publishing: Publishing) -> None:
        self._kernel = kernel
        self._labels = tuple(publishing.labels)
        self._fits_type = patterns(publishing.types)
        self._fits_subject = patterns(publishing.subjects)
        self._channel = Channel(home, Purpose.EVENTS)
        self._source = source_of(home)
        self._identity = identity(kernel.log)

    def message(self, event: Event) -> Message | None:
        """Return what goes out for an event; None: it stays here.

        What came from another home is not passed on: who wants it listens to that home.
        """
        if home_in(event.source) is not None or not self._is_shared(event.type, event.subject):
            return None
        return Message(channel=self._channel, event=self._cloud_event(event))

    def snapshot(self, up_to: int) -> Iterator[Message]:
        """Yield the present states that were reached at an offset or before.

        Each goes out as the event that brought it about: who has had that ignores it.
        """
        for state in self._kernel.states:
            if state.offset <= up_to and self._is_shared(STATE_CHANGED, state.entity_id):
                yield Message(channel=self._channel, event=self._as_event(state))

    def _is_shared(self, type_: str, subject: str) -> bool:
        return (
            home_of(subject) is None
            and not type_.startswith(_NEVER)
            and self._fits_type(type_)
            and self._fits_subject(subject)
            and (not self._labels or self._bears_label(subject))
        )

    def _bears_label(self, subject: str) -> bool:
        registry = self._kernel.registry
        return any(subject in registry.entities_with_label(label) for label in self._labels)

    def _cloud_event(self, event: Event) -> CloudEvent:
        extensions: dict[str, Extension] = {"partitionkey": event.subject, HOPS: event.hops}
        if event.cause is not None:
            extensions["casitacause"] = f"{self._identity}-{event.cause}"
        return CloudEvent(
            id=f"{self._identity}-{event.offset}", source=self._source, type=event.type,
            subject=event.subject, time=event.time, data=event.data, extensions=extensions,
        )  # fmt: skip

    def _as_event(self, state: State) -> CloudEvent:
        data = {"old": None, "state": state.state, "attributes": state.attributes}
        return CloudEvent(
            id=f"{self._identity}-{state.offset}", source=self._source, type=STATE_CHANGED,
            subject=state.entity_id, time=state.last_updated, data=data,
            extensions={"partitionkey": state.entity_id, HOPS: 0},
        )  # fmt: skip
