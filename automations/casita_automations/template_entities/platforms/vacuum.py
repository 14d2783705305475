"""Robots that clean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import one_of, percentage
from casita_config.schemas import boolean, ensure_list, string

_STATE: Final = 4096
_FEATURES: Final = {
    "pause": 4, "stop": 8, "return_to_base": 16, "set_fan_speed": 32, "locate": 512,
    "clean_spot": 1024, "start": 8192,
}  # fmt: skip
"""Bits of ``supported_features`` by action."""
_BATTERY: Final = 64
_STATES: Final = ("cleaning", "docked", "paused", "idle", "returning", "error")
_BECOMES: Final = {
    "start": "cleaning", "pause": "paused", "stop": "idle", "return_to_base": "returning",
    "clean_spot": "cleaning",
}  # fmt: skip


class Vacuum(TemplateEntity):
    """A robot made of actions."""

    kind = "vacuum"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "battery_level": "battery_level", "fan_speed": "fan_speed",
    }  # fmt: skip
    actions = tuple(_FEATURES)
    required = ("start",)
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("optimistic"): boolean,
        vol.Optional("fan_speeds", default=list): vol.All(ensure_list, [string]),
    }

    def able(self) -> dict[str, Any]:
        features = _STATE | sum(bit for name, bit in _FEATURES.items() if self.does(name))
        if "battery_level" in self.item.fields:
            features |= _BATTERY
        able = {**super().able(), "supported_features": features}
        if self.does("set_fan_speed"):
            able["fan_speed_list"] = self.item.settings["fan_speeds"]
        return able

    def value(self) -> Value:
        return self.read("state", one_of(_STATES))

    def details(self) -> dict[str, Any]:
        return {
            "battery_level": self.read("battery_level", percentage),
            "fan_speed": self._text(self.result("fan_speed")),
        }

    def command(self, command: Command) -> Outcome | None:
        given = {"fan_speed": command.data["fan_speed"]} if "fan_speed" in command.data else {}
        outcome = self.act(command.action, command, **given)
        if outcome is None:
            become = _BECOMES.get(command.action)
            self.assume(command, **given, **({"state": become} if become else {}))
        return outcome
