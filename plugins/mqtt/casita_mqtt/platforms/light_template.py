"""Lights whose payloads are templates: ``schema: template``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from casita import Command, units
from casita_mqtt._entity import NONE, Context
from casita_mqtt._templates import Template
from casita_mqtt.platforms._light import EFFECT, FLASH, FULL, TRANSITION, Light, LightConfig
from casita_mqtt.platforms._words import number


class TemplateLightConfig(LightConfig, frozen=True, kw_only=True):
    """What a light with templates says of itself."""

    command_on_template: str
    command_off_template: str
    state_template: str | None = None
    brightness_template: str | None = None
    color_temp_template: str | None = None
    red_template: str | None = None
    green_template: str | None = None
    blue_template: str | None = None
    effect_template: str | None = None


class TemplateLight(Light[TemplateLightConfig]):
    """Any payload that a template can write and read."""

    config_type: ClassVar = TemplateLightConfig
    in_domain: ClassVar = "light"
    default_name: ClassVar = "MQTT Template Light"

    def __init__(self, config: TemplateLightConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._on_template = self.template(config.command_on_template)
        self._off_template = self.template(config.command_off_template)
        modes = ["brightness"] if config.brightness_template else ["onoff"]
        if config.color_temp_template:
            modes.append("color_temp")
        if config.red_template and config.green_template and config.blue_template:
            modes.append("hs")
        features = FLASH | TRANSITION | (EFFECT if config.effect_list else 0)
        self.offer(modes, features)
        self._rgb: dict[str, int] = {}
        self._hear_all(config)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)

    def _hear_all(self, config: TemplateLightConfig) -> None:
        topic = config.state_topic
        ways: list[tuple[str | None, Callable[[str], None]]] = [
            (config.state_template, self._hear_state),
            (config.brightness_template, self._hear_brightness),
            (config.color_temp_template, self._hear_temperature),
            (config.red_template, lambda text: self._hear_part("red", text)),
            (config.green_template, lambda text: self._hear_part("green", text)),
            (config.blue_template, lambda text: self._hear_part("blue", text)),
            (config.effect_template, self._hear_effect),
        ]
        for template, hear in ways:
            if template is not None:
                self.listen(topic, template, hear)

    # Commands

    async def _turn_on(self, command: Command) -> None:
        await self._say(self._on_template, {"state": "on", **self._wanted(command)})
        if self._assumes:
            self.assume(command)

    async def _turn_off(self, command: Command) -> None:
        await self._say(self._off_template, {"state": "off", **self._manner(command)})
        if self._assumes:
            self.on = False
            self.assumed(command)

    @property
    def _assumes(self) -> bool:
        return self.assumes(self.config.state_topic) or self.config.state_template is None

    async def _say(self, template: Template | None, variables: dict[str, Any]) -> None:
        await self.send(self.config.command_topic, "", template, **variables)

    def _wanted(self, command: Command) -> dict[str, Any]:
        data = command.data
        wanted = self._manner(command)
        if "brightness" in data:
            wanted["brightness"] = int(data["brightness"])
        if "color_temp_kelvin" in data:
            wanted["color_temp"] = self.temperature_of(data["color_temp_kelvin"])
        if "hs_color" in data:
            hue, saturation = data["hs_color"]
            red, green, blue = self._bytes((hue, saturation), command)
            wanted.update(red=red, green=green, blue=blue, hue=hue, sat=saturation)
        if "effect" in data:
            wanted["effect"] = data["effect"]
        return wanted

    def _bytes(self, colour: units.HS, command: Command) -> list[int]:
        """Return red, green and blue; with the brightness in them if it has no place elsewhere."""
        rgb = units.hs_to_rgb(colour)
        return list(rgb) if self.config.brightness_template else self.dimmed(rgb, command)

    @staticmethod
    def _manner(command: Command) -> dict[str, Any]:
        return {key: command.data[key] for key in ("flash", "transition") if key in command.data}

    # Reports

    def _hear_state(self, text: str) -> None:
        words = {"on": True, "off": False, NONE: None}
        if text not in words:
            raise ValueError(f"state_template gives {text!r}, which is neither 'on' nor 'off'")
        self.on = words[text]

    def _hear_brightness(self, text: str) -> None:
        if text == NONE:
            self.brightness = None
        elif (value := number(text)) > 0:
            self.brightness = min(FULL, round(value))

    def _hear_temperature(self, text: str) -> None:
        if text != NONE:
            self.show_colour("color_temp", self.kelvin_of(number(text)))

    def _hear_part(self, part: str, text: str) -> None:
        if text == NONE:
            self._rgb.pop(part, None)
            return
        self._rgb[part] = round(number(text))
        if len(self._rgb) == 3 and part == "blue":
            rgb = (self._rgb["red"], self._rgb["green"], self._rgb["blue"])
            self.show_colour("hs", units.rgb_to_hs(rgb))

    def _hear_effect(self, text: str) -> None:
        self.effect = text if text in self.config.effect_list else None
