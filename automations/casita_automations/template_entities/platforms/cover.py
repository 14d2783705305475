"""Covers: blinds, shutters, garage doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import one_of, percentage
from casita_config.schemas import boolean, string

_OPEN_AND_CLOSE: Final = 1 | 2
_SET_POSITION: Final = 4
_STOP: Final = 8
_TILT: Final = 16 | 32 | 64 | 128
"""Bits of ``supported_features``; of the tilt: open, close, stop, set position."""
_STATES: Final[Mapping[str, str]] = {
    "open": "open", "opening": "opening", "closed": "closed", "closing": "closing",
    "true": "open", "false": "closed",
}  # fmt: skip
_MOVING: Final = ("opening", "closing")


class Cover(TemplateEntity):
    """Something that actions open and close."""

    kind = "cover"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "position": "current_position", "tilt": "current_tilt_position",
    }  # fmt: skip
    actions = (
        "open_cover", "close_cover", "stop_cover", "set_cover_position",
        "set_cover_tilt_position",
    )  # fmt: skip
    required = ("open_cover or set_cover_position",)
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional("optimistic"): boolean,
        vol.Optional("tilt_optimistic"): boolean,
        vol.Optional("device_class"): string,
    }

    def able(self) -> dict[str, Any]:
        features = _OPEN_AND_CLOSE
        for name, bits in (
            ("stop_cover", _STOP), ("set_cover_position", _SET_POSITION),
            ("set_cover_tilt_position", _TILT),
        ):  # fmt: skip
            if self.does(name):
                features |= bits
        return {**super().able(), "supported_features": features}

    def is_assumed(self, name: str = "state") -> bool:
        """Say whether a field is assumed; the tilt is for itself."""
        if name == "tilt":
            return "tilt" not in self.item.fields or bool(self.item.settings.get("tilt_optimistic"))
        if self.item.settings.get("optimistic"):
            return True
        return "state" not in self.item.fields and "position" not in self.item.fields

    def value(self) -> Value:
        state = self.read("state", one_of(_STATES))
        position = self.read("position", percentage)
        shown = None if state is None else _STATES[state]
        if shown not in _MOVING and position is not None:
            return "closed" if position == 0 else "open"
        return shown

    def details(self) -> dict[str, Any]:
        has_position = "position" in self.item.fields or self.does("set_cover_position")
        return {
            "current_position": self.read("position", percentage) if has_position else None,
            "current_tilt_position": self.read("tilt", percentage),
        }

    def command(self, command: Command) -> Outcome | None:
        action = command.action
        if action.endswith("_tilt") or action == "set_cover_tilt_position":
            return self._tilt(action, command)
        if action == "stop_cover":
            return self.act("stop_cover", command)
        position = {"open_cover": 100, "close_cover": 0}.get(action, command.data.get("position"))
        if self.does(action):
            given = {"position": position} if action == "set_cover_position" else {}
            outcome = self.act(action, command, **given)
        else:
            outcome = self.act("set_cover_position", command, position=position)
        if outcome is None:
            self.assume(command, state="open" if position else "closed", position=position)
        return outcome

    def _tilt(self, action: str, command: Command) -> Outcome | None:
        if action == "stop_cover_tilt":
            return self.act("stop_cover", command)
        known = {"open_cover_tilt": 100, "close_cover_tilt": 0}
        tilt = known.get(action, command.data.get("tilt_position"))
        outcome = self.act("set_cover_tilt_position", command, tilt=tilt)
        if outcome is None:
            self.assume(command, tilt=tilt)
        return outcome
