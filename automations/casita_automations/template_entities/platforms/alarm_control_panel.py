"""Alarm systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import one_of
from casita_config.schemas import boolean

_FEATURES: Final = {
    "arm_home": 1, "arm_away": 2, "arm_night": 4, "trigger": 8, "arm_custom_bypass": 16,
    "arm_vacation": 32,
}  # fmt: skip
"""Bits of ``supported_features`` by action."""
_BECOMES: Final = {
    "disarm": "disarmed", "arm_home": "armed_home", "arm_away": "armed_away",
    "arm_night": "armed_night", "arm_vacation": "armed_vacation",
    "arm_custom_bypass": "armed_custom_bypass", "trigger": "triggered",
}  # fmt: skip
_STATES: Final = (*_BECOMES.values(), "arming", "disarming", "pending")
_FORMATS: Final = ("number", "text", "no_code")


class AlarmControlPanel(TemplateEntity):
    """An alarm system made of actions."""

    kind = "alarm_control_panel"
    actions = tuple(_BECOMES)
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("optimistic"): boolean,
        vol.Optional("code_arm_required", default=True): boolean,
        vol.Optional("code_format", default="number"): vol.In(_FORMATS),
    }

    def able(self) -> dict[str, Any]:
        form = self.item.settings["code_format"]
        return {
            **super().able(),
            "supported_features": sum(b for name, b in _FEATURES.items() if self.does(name)),
            "code_arm_required": self.item.settings["code_arm_required"],
            "code_format": None if form == "no_code" else form,
        }

    def value(self) -> Value:
        return self.read("state", one_of(_STATES))

    def command(self, command: Command) -> Outcome | None:
        action = command.action.removeprefix("alarm_")
        outcome = self.act(action, command, code=command.data.get("code"))
        if outcome is None:
            self.assume(command, state=_BECOMES[action])
        return outcome
