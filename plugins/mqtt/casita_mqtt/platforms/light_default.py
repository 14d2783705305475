"""Lights with a topic for each thing: the default schema."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from casita import Command
from casita_mqtt._entity import NONE, Context
from casita_mqtt.platforms._light import (
    COLOUR_FIELDS,
    EFFECT,
    FULL,
    Light,
    LightConfig,
)
from casita_mqtt.platforms._words import number, truth

_PARTS: Final = {
    "hs": ("hue", "sat"),
    "xy": ("x", "y"),
    "rgb": ("red", "green", "blue"),
    "rgbw": ("red", "green", "blue", "white"),
    "rgbww": ("red", "green", "blue", "cold_white", "warm_white"),
}
"""The parts of a colour, as templates know them."""
_BYTES: Final = frozenset(("rgb", "rgbw", "rgbww"))


class DefaultLightConfig(LightConfig, frozen=True, kw_only=True):
    """What a light with a topic for each thing says of itself."""

    state_value_template: str | None = None
    on_command_type: Literal["last", "first", "brightness"] = "last"
    brightness_command_topic: str | None = None
    brightness_command_template: str | None = None
    brightness_state_topic: str | None = None
    brightness_value_template: str | None = None
    color_mode_state_topic: str | None = None
    color_mode_value_template: str | None = None
    color_temp_command_topic: str | None = None
    color_temp_command_template: str | None = None
    color_temp_state_topic: str | None = None
    color_temp_value_template: str | None = None
    effect_command_topic: str | None = None
    effect_command_template: str | None = None
    effect_state_topic: str | None = None
    effect_value_template: str | None = None
    hs_command_topic: str | None = None
    hs_command_template: str | None = None
    hs_state_topic: str | None = None
    hs_value_template: str | None = None
    xy_command_topic: str | None = None
    xy_command_template: str | None = None
    xy_state_topic: str | None = None
    xy_value_template: str | None = None
    rgb_command_topic: str | None = None
    rgb_command_template: str | None = None
    rgb_state_topic: str | None = None
    rgb_value_template: str | None = None
    rgbw_command_topic: str | None = None
    rgbw_command_template: str | None = None
    rgbw_state_topic: str | None = None
    rgbw_value_template: str | None = None
    rgbww_command_topic: str | None = None
    rgbww_command_template: str | None = None
    rgbww_state_topic: str | None = None
    rgbww_value_template: str | None = None
    white_command_topic: str | None = None


class DefaultLight(Light[DefaultLightConfig]):
    """A topic for power, one for brightness, one for each kind of colour."""

    config_type: ClassVar = DefaultLightConfig
    in_domain: ClassVar = "light"
    default_name: ClassVar = "MQTT Light"

    def __init__(self, config: DefaultLightConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._templates = {
            name: self.template(getattr(config, f"{name}_command_template"))
            for name in ("brightness", "effect", *COLOUR_FIELDS)
        }
        modes = ["brightness"] if config.brightness_command_topic else ["onoff"]
        modes += [name for name in ("white", *COLOUR_FIELDS) if self._topic(name) is not None]
        self.offer(modes, EFFECT if config.effect_command_topic else 0)
        self._listen(config)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)

    def _topic(self, name: str) -> str | None:
        topic: str | None = getattr(self.config, f"{name}_command_topic")
        return topic

    def _listen(self, config: DefaultLightConfig) -> None:
        self.listen(config.state_topic, config.state_value_template, self._hear_state)
        self.listen(
            config.brightness_state_topic, config.brightness_value_template, self._hear_brightness
        )
        self.listen(config.effect_state_topic, config.effect_value_template, self._hear_effect)
        self.listen(
            config.color_temp_state_topic, config.color_temp_value_template, self._hear_temperature
        )
        for mode in _PARTS:
            self.listen(
                getattr(config, f"{mode}_state_topic"),
                getattr(config, f"{mode}_value_template"),
                self._colour_into(mode),
            )
        self.listen(
            config.color_mode_state_topic, config.color_mode_value_template, self._hear_mode
        )

    # Commands

    async def _turn_on(self, command: Command) -> None:
        config = self.config
        wanted = dict(command.data)
        if config.on_command_type == "brightness" and not _says_how(wanted):
            wanted["brightness"] = self.brightness or FULL
        if config.on_command_type == "first":
            await self.send(config.command_topic, config.payload_on)
        await self._send_colour(command)
        await self._send_brightness(command, wanted)
        if "effect" in wanted:
            await self._send("effect", wanted["effect"])
        if "white" in wanted:
            await self._send("white", self.to_device(wanted["white"], config.white_scale))
        if config.on_command_type == "last":
            await self.send(config.command_topic, config.payload_on)
        self._assume_what_is_not_told(command)

    async def _turn_off(self, command: Command) -> None:
        await self.send(self.config.command_topic, self.config.payload_off)
        if self.assumes(self.config.state_topic):
            self.on = False
            self.assumed(command)

    async def _send(self, name: str, value: Any, **variables: Any) -> None:
        topic = self._topic(name)
        if topic is not None:
            await self.send(topic, value, self._templates.get(name), **variables)

    async def _send_colour(self, command: Command) -> None:
        for mode, names in _PARTS.items():
            if COLOUR_FIELDS[mode] in command.data:
                parts = command.data[COLOUR_FIELDS[mode]]
                if mode in _BYTES and self._topic("brightness") is None:
                    parts = self.dimmed(parts, command)
                said = ",".join(str(part) for part in parts)
                await self._send(mode, said, **dict(zip(names, parts, strict=True)))
        if "color_temp_kelvin" in command.data:
            await self._send("color_temp", self.temperature_of(command.data["color_temp_kelvin"]))

    async def _send_brightness(self, command: Command, wanted: dict[str, Any]) -> None:
        if "brightness" not in wanted:
            return
        if self._topic("brightness") is not None:
            await self._send("brightness", self.to_device(wanted["brightness"]))
        elif self.colour is not None and self.colour[0] in _BYTES and not _colours(wanted):
            mode, value = self.colour
            parts = self.dimmed(value, command)
            said = ",".join(str(part) for part in parts)
            await self._send(mode, said, **dict(zip(_PARTS[mode], parts, strict=True)))

    def _assume_what_is_not_told(self, command: Command) -> None:
        """Take for done what no topic reports."""
        before = (self.on, self.brightness, self.colour, self.mode, self.effect)
        self.assume_parts(command)
        if (self.on, self.brightness, self.colour, self.mode, self.effect) != before:
            self.assumed(command)

    def assume_parts(self, command: Command) -> None:
        """Take down of a command what the device will not say by itself."""
        config, data = self.config, command.data
        if self.assumes(config.state_topic):
            self.on = True
        if "brightness" in data and self.assumes(config.brightness_state_topic):
            self.brightness = int(data["brightness"])
        if "effect" in data and self.assumes(config.effect_state_topic):
            self.effect = data["effect"]
        if "white" in data and self.assumes(config.color_mode_state_topic):
            self.show_white()
            if self.assumes(config.brightness_state_topic):
                self.brightness = int(data["white"])
        for mode, field in COLOUR_FIELDS.items():
            if field in data and self.assumes(getattr(config, f"{mode}_state_topic")):
                self.show_colour(mode, data[field])

    # Reports

    def _hear_state(self, text: str) -> None:
        self.on = truth(text, self.config.payload_on, self.config.payload_off)

    def _hear_brightness(self, text: str) -> None:
        if text == NONE:
            self.brightness = None
        elif (value := number(text)) > 0:
            self.brightness = self.from_device(value)

    def _hear_effect(self, text: str) -> None:
        self.effect = None if text == NONE else text

    def _hear_temperature(self, text: str) -> None:
        if text == NONE:
            self.colour = None
        else:
            self.show_colour("color_temp", self.kelvin_of(number(text)))

    def _colour_into(self, mode: str) -> Any:
        return lambda text: self._hear_colour(mode, text)

    def _hear_colour(self, mode: str, text: str) -> None:
        if text == NONE:
            self.colour = None
            return
        parts = [number(part) for part in text.split(",")]
        if len(parts) != len(_PARTS[mode]):
            raise ValueError(f"{text!r} are not {', '.join(_PARTS[mode])}")
        if mode in _BYTES and self.config.brightness_state_topic is None:
            self.brightness = min(FULL, round(max(parts)))
        whole = [int(part) for part in parts] if mode in _BYTES else parts
        self.show_colour(mode, tuple(whole))

    def _hear_mode(self, text: str) -> None:
        if text == "white":
            self.show_white()
        elif len(self.modes) > 1:
            self.mode = None if text == NONE else text


def _colours(data: dict[str, Any]) -> bool:
    return any(field in data for field in COLOUR_FIELDS.values())


def _says_how(data: dict[str, Any]) -> bool:
    return "brightness" in data or "white" in data or _colours(data)
