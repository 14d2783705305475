"""Sensors: any value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.states import UNAVAILABLE, UNKNOWN
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import Unusable, number
from casita_config.schemas import string

_LONGEST: Final = 255
_NO_NUMBER: Final = frozenset({"date", "timestamp", "enum"})


class Sensor(TemplateEntity):
    """A value that templates make of others."""

    kind = "sensor"
    fields: ClassVar[Mapping[str, str | None]] = {"state": None, "last_reset": "last_reset"}
    required = ("state",)
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("device_class"): string,
        vol.Optional("state_class"): vol.In(
            ("measurement", "measurement_angle", "total", "total_increasing")
        ),
        vol.Optional("unit_of_measurement"): string,
    }

    def value(self) -> Value:
        result = self.result("state")
        if result in (UNKNOWN, UNAVAILABLE):
            return str(result)
        if self._is_number:
            self.read("state", number)
            try:
                number(result)
            except Unusable:
                return None
            return str(result)
        if self.item.settings.get("device_class") in ("timestamp", "date"):
            return self.read("state", self._time)
        text = self._text(result)
        return None if text is not None and len(text) > _LONGEST else text

    def details(self) -> dict[str, Any]:
        return {"last_reset": self._text(self.result("last_reset"))}

    @property
    def _is_number(self) -> bool:
        settings = self.item.settings
        if settings.get("device_class") in _NO_NUMBER:
            return False
        return "unit_of_measurement" in settings or "state_class" in settings

    def _time(self, result: Any) -> str:
        try:
            if self.item.settings["device_class"] == "date":
                return date.fromisoformat(str(result)[:10]).isoformat()
            moment = datetime.fromisoformat(str(result))
        except ValueError:
            raise Unusable("a time, as 2025-03-30T07:15:00+00:00") from None
        if moment.tzinfo is None:
            raise Unusable("a time with its zone, as 2025-03-30T07:15:00+00:00")
        return moment.isoformat()
