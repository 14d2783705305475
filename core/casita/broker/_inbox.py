"""What comes from the others: into the log once each, in order, and never as if it were ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.broker._naming import home_in, patterns
from casita.broker._outgoing import HOPS
from casita.broker._seen import Seen
from casita.broker._settings import Subscribing
from casita.cloudevents import CloudEvent
from casita.errors import CasitaError
from casita.events import STATE_CHANGED, Cause, Event
from casita.ids import home_of, is_entity_id
from casita.kernel import Kernel
from casita.transport import Delivery

REJECTED: Final = "broker.rejected"
"""Data: ``error``, and ``event`` or ``raw``: a message that could not be taken in."""
_RECEIVED: Final = "broker.received"
_PROTECTED: Final = frozenset(
    {
        "area", "automation", "broker", "command", "config", "consumer", "dead_letter", "device",
        "entity", "floor", "hub", "label", "plugin", "run", "state", "timer", "token",
    }
)  # fmt: skip
"""Families that each hub vouches for itself: from elsewhere they come under ``remote.``."""
_RAW_SHOWN: Final = 4096


class Inbox:
    """Takes messages of one broker into the log."""

    def __init__(
        self,
        kernel: Kernel,
        broker: str,
        home: str,
        subscribing: Subscribing,
        on_entity: Callable[[str], None],
    ) -> None:
        """``on_entity`` is told of each entity of another home that gets a state."""
        self._kernel = kernel
        self._broker = broker
        self._home = home
        self._homes = frozenset(subscribing.homes)
        self._fits_type = patterns(subscribing.types)
        self._fits_subject = patterns(subscribing.subjects)
        self._on_entity = on_entity
        self._seen = Seen(kernel.log, broker)
        self._newest: dict[str, datetime] = {}
        self.received = 0
        """How many messages were taken in."""
        self.duplicates = 0
        self.stale = 0
        """How many states were older than what was known already."""
        self.rejected = 0

    def take(self, delivery: Delivery) -> None:
        """Take in a message. Raises nothing: what cannot be taken is logged as rejected."""
        event = delivery.event
        if event is None:
            raw = delivery.raw[:_RAW_SHOWN].decode(errors="replace")
            self._reject(delivery.fault, {"raw": raw})
        elif not self._is_wanted(event):
            return
        elif event.key in self._seen:
            self.duplicates += 1
        else:
            try:
                self.apply(event)
            except Exception as err:  # noqa: BLE001 - a message is a stranger's text
                self._reject(str(err) or type(err).__name__, {"event": _document(event)})
            self._seen.add(event.key)

    def again(self, event: Event) -> None:
        """Take in what was rejected before; raise what is wrong with it."""
        document = event.data.get("event")
        if document is None:
            raise CasitaError(str(event.data["error"]))
        self.apply(msgspec.convert(document, CloudEvent))

    def apply(self, event: CloudEvent) -> None:
        """Bring an event into the log. Raises `CasitaError` or `ValueError` if it cannot be."""
        home = home_in(event.source)
        if home is None:
            self._emit(event, _foreign_type(event.type), event.subject, None)
        elif event.type == STATE_CHANGED:
            self._set_state(event, home)
        else:
            self._emit(event, _foreign_type(event.type), f"{home}.{event.subject}", home)
        self.received += 1

    def _is_wanted(self, event: CloudEvent) -> bool:
        home = home_in(event.source)
        if home == self._home or (home is not None and self._homes and home not in self._homes):
            return False
        return self._fits_type(event.type) and self._fits_subject(event.subject)

    def _set_state(self, event: CloudEvent, home: str) -> None:
        if home_of(event.subject) is not None or not is_entity_id(event.subject):
            raise CasitaError(f"{event.subject!r} is no entity of {home}")
        entity_id = f"{home}.{event.subject}"
        text, attributes = event.data.get("state"), event.data.get("attributes", {})
        if not isinstance(attributes, Mapping) or not (text is None or isinstance(text, str)):
            raise CasitaError(f"{entity_id}: a state is a text, its attributes a mapping")
        newest = self._newest.get(entity_id)
        if newest is not None and event.time < newest:
            self.stale += 1
            return
        self._newest[entity_id] = event.time
        states, cause = self._kernel.states, self._cause(event)
        if text is None:
            states.remove(entity_id, source=event.source, cause=cause)
        else:
            states.set(entity_id, text, attributes, source=event.source, cause=cause)
            self._on_entity(entity_id)

    def _emit(self, event: CloudEvent, type_: str, subject: str, home: str | None) -> None:
        source = event.source if home is not None else f"{self._broker}: {event.source}"
        self._kernel.bus.emit(type_, subject, event.data, source=source, cause=self._cause(event))

    def _cause(self, event: CloudEvent) -> Cause | None:
        """Return a cause that goes on counting hops where the other home has stopped.

        Automations of two homes that set each other off end as those of one do.
        """
        hops = event.extensions.get(HOPS, 0)
        if not isinstance(hops, int):
            hops = int(hops) if hops.isdecimal() else 0
        if hops <= 0:
            return None
        data = {"id": event.id, "source": event.source, "type": event.type, "hops": hops}
        received = self._kernel.bus.emit(_RECEIVED, event.subject, data, source=event.source)
        return Cause(offset=received.offset, root=received.offset, hops=hops)

    def _reject(self, error: str, what: Mapping[str, Any]) -> None:
        self.rejected += 1
        data = {"error": error, **what}
        self._kernel.bus.emit(REJECTED, self._broker, data, source="casita")


def _foreign_type(type_: str) -> str:
    return f"remote.{type_}" if type_.partition(".")[0] in _PROTECTED else type_


def _document(event: CloudEvent) -> Any:
    return msgspec.to_builtins(event)
