"""Events: something that happens, in one of several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import voluptuous as vol

from casita.entities import Value
from casita.events import Cause, Event
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import words
from casita_config.schemas import string


class EventEntity(TemplateEntity):
    """Something that happens whenever its ``event_type`` is rendered; its state is the time."""

    kind = "event"
    fields: ClassVar[Mapping[str, str | None]] = {
        "event_type": "event_type", "event_types": "event_types",
    }  # fmt: skip
    required = ("event_type", "event_types")
    settings: ClassVar[Mapping[Any, Any]] = {vol.Optional("device_class"): string}
    _last: Any = None
    """The type that it last happened by, of an entity without a trigger."""

    def recalled(self) -> None:
        self._last = self.result("event_type")

    def rendered(self, names: Mapping[str, Any], cause: Event | Cause | None) -> None:
        kind = self.result("event_type")
        if "event_type" not in names or kind not in (self.read("event_types", words) or ()):
            return
        if self.item.triggered or kind != self._last:
            self._last = kind
            now = self._around.home.clock.now().isoformat(timespec="milliseconds")
            self._results.take("state", now)

    def value(self) -> Value:
        return self._text(self.result("state"))

    def details(self) -> dict[str, Any]:
        return {
            "event_type": self._text(self._last),
            "event_types": self.read("event_types", words),
        }
