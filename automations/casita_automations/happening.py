"""Events as templates see them, under Home Assistant's names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from casita.events import STATE_CHANGED, Event, StateChanged
from casita.ids import domain_of
from casita_automations.templates.house import Context

OUR_NAMES: Final[Mapping[str, str]] = {
    "state_changed": STATE_CHANGED,
    "call_service": "command.sent",
    "automation_triggered": "run.started",
    "script_started": "run.started",
    "homeassistant_start": "hub.started",
    "homeassistant_started": "hub.started",
    "homeassistant_stop": "hub.stopped",
}
"""Events of Home Assistant that have another name here."""
_RUN: Final = "automation_triggered"


class Happening:
    """An event in a template: ``trigger.event``."""

    __slots__ = ("_data", "event", "event_type")

    def __init__(self, event: Event, event_type: str | None = None) -> None:
        self.event = event
        self.event_type = event_type or event.type
        self._data: Mapping[str, Any] | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What the event says."""
        if self._data is None:
            self._data = data_of(self.event)
        return self._data

    @property
    def time_fired(self) -> datetime:
        """When it happened."""
        return self.event.time

    @property
    def time_fired_timestamp(self) -> float:
        """When it happened, as seconds since 1970."""
        return self.event.time.timestamp()

    @property
    def context(self) -> Context:
        """Who caused it."""
        return Context(str(self.event.root), self.event.actor)

    @property
    def origin(self) -> str:
        """Where it came from."""
        return "LOCAL"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON may hold it."""
        context = self.context
        return {
            "event_type": self.event_type,
            "data": dict(self.data),
            "origin": self.origin,
            "time_fired": self.time_fired.isoformat(),
            "context": {"id": context.id, "parent_id": context.parent_id,
                        "user_id": context.user_id},
        }  # fmt: skip


def data_of(event: Event) -> Mapping[str, Any]:
    """Return an event's data in the form that Home Assistant gives it."""
    if isinstance(event, StateChanged):
        return {"entity_id": event.subject, "old_state": event.old, "new_state": event.new}
    if event.type == "command.sent":
        domain, _, service = str(event.data.get("service", "")).partition(".")
        target = {} if event.subject == event.data.get("service") else {"entity_id": event.subject}
        return {
            "domain": domain, "service": service,
            "service_data": {**event.data.get("data", {}), **target},
        }  # fmt: skip
    if event.type == "run.started":
        told = {**event.data, "entity_id": event.subject}
        return {**told, "source": event.data.get("trigger")} if is_named(event, _RUN) else told
    return event.data


def is_named(event: Event, name: str) -> bool:
    """Say whether an event of one of `OUR_NAMES` is one of this name of Home Assistant."""
    if event.type != "run.started":
        return True
    return domain_of(event.subject) == name.partition("_")[0]
