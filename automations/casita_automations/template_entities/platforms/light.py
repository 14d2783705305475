"""Lights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple

import voluptuous as vol

from casita import units
from casita.domains import light
from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import byte, number, numbers, on_off, words
from casita_automations.templates import as_boolean
from casita_config.schemas import boolean

_EFFECT: Final = 4
_TRANSITION: Final = 32


class _Colour(NamedTuple):
    """One way to give a colour: its key, the attribute, what a result has to be, its letters."""

    mode: str
    attribute: str
    check: Callable[[Any], Any]
    letters: tuple[str, ...]


_COLOURS: Final = (
    _Colour("hs", "hs_color", numbers(360, 100), ("h", "s")),
    _Colour("rgbww", "rgbww_color", numbers(*[255] * 5), ("r", "g", "b", "cw", "ww")),
    _Colour("rgbw", "rgbw_color", numbers(*[255] * 4), ("r", "g", "b", "w")),
    _Colour("rgb", "rgb_color", numbers(*[255] * 3), ("r", "g", "b")),
)
_KELVIN: Final = "color_temp_kelvin"


class Light(TemplateEntity):
    """A light made of actions."""

    kind = "light"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "level": "brightness", "temperature": None,
        **{one.mode: one.attribute for one in _COLOURS},
        "effect": "effect", "effect_list": "effect_list",
        "min_mireds": None, "max_mireds": None, "supports_transition": None,
    }  # fmt: skip
    actions = (
        "turn_on", "turn_off", "set_level", "set_temperature", "set_effect",
        *(f"set_{one.mode}" for one in _COLOURS),
    )  # fmt: skip
    required = ("turn_on", "turn_off")
    settings: ClassVar[Mapping[Any, Any]] = {vol.Optional("optimistic"): boolean}
    _colour: str | None = None
    """The colour mode that was last heard of."""

    def able(self) -> dict[str, Any]:
        colours = [one.mode for one in _COLOURS if self.does(f"set_{one.mode}")]
        if self.does("set_temperature"):
            colours.append("color_temp")
        if not colours:
            colours = ["brightness" if self.does("set_level") else "onoff"]
        return {**super().able(), "supported_color_modes": colours}

    def recalled(self) -> None:
        mode = self.readings.get("color_mode")
        self._colour = str(mode) if mode else None
        kelvin = self.readings.get(_KELVIN)
        if kelvin is not None and mode == "color_temp":
            self._results.take("temperature", units.kelvin_to_mired(kelvin))

    def rendered(self, names: Mapping[str, Any], cause: Any) -> None:
        for name in names:
            if name in ("temperature", *(one.mode for one in _COLOURS)) and self.result(name):
                self._colour = "color_temp" if name == "temperature" else name

    def value(self) -> Value:
        return self.read("state", on_off)

    def details(self) -> dict[str, Any]:
        whites = self._whites()
        shown = {
            **whites,
            "supported_features": self._features(),
            "effect_list": self.read("effect_list", words),
        }
        modes = self.capabilities["supported_color_modes"]
        if not self.value():
            return {**shown, **light.readings()}
        colour = self._shown_colour()
        mode = self._colour if self._colour in modes else None
        return {
            **shown,
            **light.readings(
                {**self.capabilities, **whites},
                color_mode=mode or (None if colour else modes[-1]),
                brightness=self.read("level", byte),
                effect=self._text(self.result("effect")),
                **colour,
            ),
        }

    def command(self, command: Command) -> Outcome | None:
        if command.action == "turn_off":
            outcome = self.act("turn_off", command, **_only(command.data, "transition"))
            assumed: dict[str, Any] = {"state": False}
        else:
            name, given, assumed = self._doing(command.data)
            common = _only(command.data, "brightness", "transition")
            outcome = self.act(name, command, **{**common, **given})
            assumed = {"state": True, **assumed}
        if outcome is None:
            self.assume(command, **assumed)
        return outcome

    def assume(self, command: Command, **results: Any) -> None:
        for name in results:
            if name in ("temperature", *(one.mode for one in _COLOURS)) and self.is_assumed(name):
                self._colour = "color_temp" if name == "temperature" else name
        super().assume(command, **results)

    def _doing(self, data: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return the action for a ``turn_on``, its variables, and the results to assume."""
        assumed = {"level": data["brightness"]} if "brightness" in data else {}
        if _KELVIN in data and self.does("set_temperature"):
            mired = units.kelvin_to_mired(data[_KELVIN])
            given = {"color_temp": mired, _KELVIN: data[_KELVIN]}
            return "set_temperature", given, {**assumed, "temperature": mired}
        if "effect" in data and self.does("set_effect"):
            effect = data["effect"]
            return "set_effect", {"effect": effect}, {**assumed, "effect": effect}
        for mode, attribute, _, letters in _COLOURS:
            if attribute in data and self.does(f"set_{mode}"):
                parts = tuple(int(part) for part in data[attribute])
                given = {mode: data[attribute], **dict(zip(letters, parts, strict=True))}
                return f"set_{mode}", given, {**assumed, mode: tuple(data[attribute])}
        if "brightness" in data and self.does("set_level"):
            return "set_level", {}, assumed
        return "turn_on", {}, assumed

    def _shown_colour(self) -> dict[str, Any]:
        """Return the colour of the mode that counts, by its attribute."""
        if self._colour == "color_temp":
            mired = self.read("temperature", number)
            return {_KELVIN: units.mired_to_kelvin(mired)} if mired else {}
        for mode, attribute, check, _ in _COLOURS:
            colour = self.read(mode, check) if mode == self._colour else None
            if colour is not None:
                return {attribute: colour}
        return {}

    def _whites(self) -> dict[str, Any]:
        if "color_temp" not in self.capabilities["supported_color_modes"]:
            return {}
        warmest, coldest = self.read("max_mireds", number), self.read("min_mireds", number)
        return {
            "min_color_temp_kelvin": units.mired_to_kelvin(warmest) if warmest else 2000,
            "max_color_temp_kelvin": units.mired_to_kelvin(coldest) if coldest else 6535,
        }

    def _features(self) -> int:
        transition = _TRANSITION if as_boolean(self.result("supports_transition")) else 0
        return (_EFFECT if self.does("set_effect") else 0) | transition


def _only(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
