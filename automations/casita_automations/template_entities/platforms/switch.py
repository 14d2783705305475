"""Switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import on_off
from casita_config.schemas import boolean, string


class Switch(TemplateEntity):
    """Something that actions turn on and off."""

    kind = "switch"
    actions = ("turn_on", "turn_off")
    required = ("turn_on", "turn_off")
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("optimistic"): boolean, vol.Optional("device_class"): string,
    }  # fmt: skip

    def value(self) -> Value:
        return self.read("state", on_off)

    def command(self, command: Command) -> Outcome | None:
        outcome = self.act(command.action, command)
        if outcome is None:
            self.assume(command, state=command.action == "turn_on")
        return outcome
