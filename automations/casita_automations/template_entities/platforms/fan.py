"""Fans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import on_off, one_of, percentage
from casita_config.schemas import boolean, ensure_list, integer, string

_TURN_OFF_AND_ON: Final = 16 | 32
_FEATURES: Final = {
    "set_percentage": 1, "set_oscillating": 2, "set_direction": 4, "set_preset_mode": 8,
}  # fmt: skip
"""Bits of ``supported_features`` by action."""
_SETTERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "set_percentage": ("set_percentage", "percentage", "percentage"),
    "set_preset_mode": ("set_preset_mode", "preset_mode", "preset_mode"),
    "oscillate": ("set_oscillating", "oscillating", "oscillating"),
    "set_direction": ("set_direction", "direction", "direction"),
}
"""By service: the action's key, the field of the call, the template's key."""


class Fan(TemplateEntity):
    """A fan made of actions."""

    kind = "fan"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "percentage": "percentage", "preset_mode": "preset_mode",
        "oscillating": "oscillating", "direction": "direction",
    }  # fmt: skip
    actions = ("turn_on", "turn_off", *_FEATURES)
    required = ("turn_on", "turn_off")
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("optimistic"): boolean,
        vol.Optional("speed_count"): vol.All(integer, vol.Range(min=1)),
        vol.Optional("preset_modes"): vol.All(ensure_list, [string]),
    }

    def able(self) -> dict[str, Any]:
        able = super().able()
        able["supported_features"] = _TURN_OFF_AND_ON | sum(
            bit for action, bit in _FEATURES.items() if self.does(action)
        )
        if self.does("set_percentage"):
            able["percentage_step"] = 100 / self.item.settings.get("speed_count", 100)
        if "preset_modes" in self.item.settings:
            able["preset_modes"] = self.item.settings["preset_modes"]
        return able

    def value(self) -> Value:
        return self.read("state", on_off)

    def details(self) -> dict[str, Any]:
        modes = self.item.settings.get("preset_modes")
        mode = self._text(self.result("preset_mode"))
        return {
            "percentage": self.read("percentage", percentage),
            "preset_mode": mode if modes is None or mode in modes else None,
            "oscillating": self.read("oscillating", on_off),
            "direction": self.read("direction", one_of(("forward", "reverse"))),
        }

    def command(self, command: Command) -> Outcome | None:
        if command.action in _SETTERS:
            return self._set(command)
        data = command.data
        if command.action == "turn_off":
            given: dict[str, Any] = {}
            assumed: dict[str, Any] = {"state": False}
        else:
            given = {name: data.get(name) for name in ("percentage", "preset_mode")}
            assumed = {"state": True, **{k: v for k, v in given.items() if v is not None}}
        outcome = self.act(command.action, command, **given)
        if outcome is None and data.get("preset_mode") and self.does("set_preset_mode"):
            outcome = self.act("set_preset_mode", command, preset_mode=data["preset_mode"])
        elif outcome is None and "percentage" in data and self.does("set_percentage"):
            outcome = self.act("set_percentage", command, percentage=data["percentage"])
        if outcome is None:
            self.assume(command, **assumed)
        return outcome

    def _set(self, command: Command) -> Outcome | None:
        action, key, name = _SETTERS[command.action]
        value = command.data[key]
        outcome = self.act(action, command, **{key: value})
        if outcome is None:
            turned = {"state": True} if name in ("percentage", "preset_mode") else {}
            self.assume(command, **{name: value, **turned})
        return outcome
