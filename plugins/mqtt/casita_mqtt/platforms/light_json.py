"""Lights that speak JSON: ``schema: json``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from casita import Command
from casita_mqtt._configs import Words
from casita_mqtt._entity import Context
from casita_mqtt._message import json_of
from casita_mqtt.platforms._light import (
    COLOUR_FIELDS,
    EFFECT,
    FLASH,
    TRANSITION,
    Light,
    LightConfig,
)

_PARTS: Final = {
    "hs": ("h", "s"),
    "xy": ("x", "y"),
    "rgb": ("r", "g", "b"),
    "rgbw": ("r", "g", "b", "w"),
    "rgbww": ("r", "g", "b", "c", "w"),
}
"""The parts of a colour in JSON."""
_BYTES: Final = frozenset(("rgb", "rgbw", "rgbww"))


class JsonLightConfig(LightConfig, frozen=True, kw_only=True):
    """What a light that speaks JSON says of itself."""

    brightness: bool = False
    supported_color_modes: Words | None = None
    color_temp: bool = False
    hs: bool = False
    rgb: bool = False
    xy: bool = False
    effect: bool = False
    flash: bool = True
    flash_time_short: int = 2
    flash_time_long: int = 10
    transition: bool = True


class JsonLight(Light[JsonLightConfig]):
    """One JSON object each way."""

    config_type: ClassVar = JsonLightConfig
    in_domain: ClassVar = "light"
    default_name: ClassVar = "MQTT JSON Light"

    def __init__(self, config: JsonLightConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        features = EFFECT if config.effect else 0
        features |= FLASH if config.flash else 0
        features |= TRANSITION if config.transition else 0
        self.offer(_modes(config), features)
        self.listen(config.state_topic, None, self._hear_state)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)

    # Commands

    async def _turn_on(self, command: Command) -> None:
        said: dict[str, Any] = {"state": "ON", **self._manner(command)}
        colour = self._colour(command)
        if colour:
            said["color"] = colour
        if "color_temp_kelvin" in command.data:
            said["color_temp"] = self.temperature_of(command.data["color_temp_kelvin"])
        if "brightness" in command.data and self.dims and not self._dims_colour(colour):
            said["brightness"] = self.to_device(command.data["brightness"])
        if "effect" in command.data:
            said["effect"] = command.data["effect"]
        if "white" in command.data:
            said["white"] = self.to_device(command.data["white"], self.config.white_scale)
        await self._say(said)
        if self.assumes(self.config.state_topic):
            self.assume(command)

    async def _turn_off(self, command: Command) -> None:
        await self._say({"state": "OFF", **self._manner(command)})
        if self.assumes(self.config.state_topic):
            self.on = False
            self.assumed(command)

    async def _say(self, said: Mapping[str, Any]) -> None:
        await self.send(self.config.command_topic, msgspec.json.encode(said).decode())

    def _manner(self, command: Command) -> dict[str, Any]:
        """Return how it is to change: flashing, or slowly."""
        manner: dict[str, Any] = {}
        flash = command.data.get("flash")
        if flash is not None and self.config.flash:
            long = flash == "long"
            manner["flash"] = self.config.flash_time_long if long else self.config.flash_time_short
        if "transition" in command.data and self.config.transition:
            manner["transition"] = command.data["transition"]
        return manner

    def _colour(self, command: Command) -> dict[str, Any]:
        for mode, names in _PARTS.items():
            field = COLOUR_FIELDS[mode]
            if field in command.data:
                parts = command.data[field]
                if self._dims_colour(names):
                    parts = self.dimmed(parts, command)
                return dict(zip(names, parts, strict=True))
        return {}

    def _dims_colour(self, names: Collection[str]) -> bool:
        """Whether the brightness is in a colour of these parts, for want of another place."""
        return "r" in names and not self.config.brightness

    # Reports

    def _hear_state(self, text: str) -> None:
        said = json_of(text)
        if not isinstance(said, dict):
            raise ValueError(f"{text[:80]!r} is no JSON object")
        self._hear_power(said)
        self._hear_colour(said)
        brightness = said.get("brightness")
        if isinstance(brightness, (int, float)) and brightness > 0 and self.dims:
            self.brightness = self.from_device(brightness)
        if "effect" in said and self.config.effect:
            effect = said["effect"]
            self.effect = effect if isinstance(effect, str) else None

    def _hear_power(self, said: Mapping[str, Any]) -> None:
        if "state" not in said:
            return
        words = {"ON": True, "OFF": False, None: None}
        state = said["state"]
        if not isinstance(state, (str, type(None))) or state not in words:
            raise ValueError(f"state {state!r} is neither ON nor OFF")
        self.on = words[state]

    def _hear_colour(self, said: Mapping[str, Any]) -> None:
        mode = said.get("color_mode") or self._mode_of(said)
        if mode is None or mode not in self.modes:
            return
        if mode == "white":
            self.show_white()
        elif mode == "color_temp":
            temperature = said.get("color_temp")
            if isinstance(temperature, (int, float)):
                self.show_colour(mode, self.kelvin_of(temperature))
        elif mode in _PARTS and isinstance(colour := said.get("color"), dict):
            self.show_colour(mode, _parts(mode, colour))

    def _mode_of(self, said: Mapping[str, Any]) -> str | None:
        """Find out the colour mode from what is said, where the device does not tell it."""
        colour = said.get("color")
        if isinstance(colour, dict):
            for mode, names in reversed(_PARTS.items()):
                if mode in self.modes and all(name in colour for name in names):
                    return mode
        if said.get("color_temp") is not None and len(self.modes) == 1:
            return "color_temp"
        return None


def _parts(mode: str, colour: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        parts = [float(colour[name]) for name in _PARTS[mode]]
    except (KeyError, TypeError, ValueError) as err:
        raise ValueError(f"color {dict(colour)!r} does not say {_PARTS[mode]}") from err
    return tuple(int(part) for part in parts) if mode in _BYTES else tuple(parts)


def _modes(config: JsonLightConfig) -> Sequence[str]:
    if config.supported_color_modes is not None:
        return config.supported_color_modes
    flags = {
        "color_temp": config.color_temp,
        "hs": config.hs,
        "rgb": config.rgb,
        "xy": config.xy,
    }
    modes = [mode for mode, given in flags.items() if given]
    return modes or (["brightness"] if config.brightness else ["onoff"])
