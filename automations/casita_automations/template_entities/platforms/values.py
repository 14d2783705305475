"""Numbers, choices and texts that can be set, and buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import number, words
from casita_config.schemas import boolean, positive_int, string

_OPTIMISTIC: Final[Mapping[Any, Any]] = {vol.Optional("optimistic"): boolean}


class Number(TemplateEntity):
    """A number that an action sets."""

    kind = "number"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "min": "min", "max": "max", "step": "step",
    }  # fmt: skip
    actions = ("set_value",)
    required = ("set_value",)
    settings: ClassVar[Mapping[Any, Any]] = {
        **_OPTIMISTIC,
        vol.Optional("unit_of_measurement"): string,
        vol.Optional("device_class"): string,
        vol.Optional("mode", default="auto"): vol.In(("auto", "box", "slider")),
    }

    def able(self) -> dict[str, Any]:
        return {**super().able(), "mode": self.item.settings["mode"]}

    def value(self) -> Value:
        return self.read("state", number)

    def details(self) -> dict[str, Any]:
        limits = {"min": 0, "max": 100, "step": 1}
        found = {name: self.read(name, number) for name in limits}
        return {name: limits[name] if one is None else one for name, one in found.items()}

    def command(self, command: Command) -> Outcome | None:
        value = command.data["value"]
        outcome = self.act("set_value", command, value=value)
        if outcome is None:
            self.assume(command, state=value)
        return outcome


class Select(TemplateEntity):
    """A choice that an action makes."""

    kind = "select"
    fields: ClassVar[Mapping[str, str | None]] = {"state": None, "options": "options"}
    actions = ("select_option",)
    required = ("options", "select_option")
    settings = _OPTIMISTIC

    def value(self) -> Value:
        text = self._text(self.result("state"))
        return text if text in (self.read("options", words) or ()) else None

    def details(self) -> dict[str, Any]:
        return {"options": self.read("options", words) or []}

    def command(self, command: Command) -> Outcome | None:
        option = command.data["option"]
        outcome = self.act("select_option", command, option=option)
        if outcome is None:
            self.assume(command, state=option)
        return outcome


class Text(TemplateEntity):
    """A text that an action sets."""

    kind = "text"
    actions = ("set_value",)
    required = ("set_value",)
    settings: ClassVar[Mapping[Any, Any]] = {
        **_OPTIMISTIC,
        vol.Optional("min", default=0): positive_int,
        vol.Optional("max", default=255): positive_int,
        vol.Optional("pattern"): string,
        vol.Optional("mode", default="text"): vol.In(("text", "password")),
    }

    def able(self) -> dict[str, Any]:
        names = ("min", "max", "pattern", "mode")
        own = {name: self.item.settings[name] for name in names if name in self.item.settings}
        return {**super().able(), **own}

    def command(self, command: Command) -> Outcome | None:
        value = command.data["value"]
        outcome = self.act("set_value", command, value=value)
        if outcome is None:
            self.assume(command, state=value)
        return outcome


class Button(TemplateEntity):
    """A button; its state is when it was last pressed."""

    kind = "button"
    fields: ClassVar[Mapping[str, str | None]] = {}
    actions = ("press",)
    required = ("press",)
    settings: ClassVar[Mapping[Any, Any]] = {vol.Optional("device_class"): string}
    assumes = False

    def command(self, command: Command) -> Outcome | None:
        self.assume(command, state=command.event.time.isoformat())
        return self.act("press", command)
