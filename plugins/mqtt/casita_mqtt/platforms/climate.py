"""Climate: thermostats, air conditioners."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Positive, Words
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt.platforms._words import choice, number, plain

_TEMPERATURE: Final = 1
_RANGE: Final = 2
_HUMIDITY: Final = 4
_FAN: Final = 8
_PRESET: Final = 16
_SWING: Final = 32
_TURN_OFF_AND_ON: Final = 128 | 256
_SWING_HORIZONTAL: Final = 512
"""Bits of ``supported_features``."""
_ACTIONS: Final = (
    "off", "preheating", "heating", "cooling", "drying", "fan", "idle", "defrosting",
)  # fmt: skip
_TEMPERATURES: Final = {
    "temperature": "temperature",
    "target_temp_low": "temperature_low",
    "target_temp_high": "temperature_high",
}
"""Attributes, and how the keys for them begin."""
_CHOICES: Final = {
    "fan_mode": "fan_mode",
    "swing_mode": "swing_mode",
    "swing_horizontal_mode": "swing_horizontal_mode",
    "preset_mode": "preset_mode",
}


class ClimateConfig(EntityConfig, frozen=True, kw_only=True):
    """What a thermostat says of itself."""

    value_template: str | None = None
    """In place of each template that is not given."""
    modes: Words = ("auto", "off", "cool", "heat", "dry", "fan_only")
    mode_command_topic: str | None = None
    mode_command_template: str | None = None
    mode_state_topic: str | None = None
    mode_state_template: str | None = None
    power_command_topic: str | None = None
    power_command_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    action_topic: str | None = None
    action_template: str | None = None
    temperature_unit: Literal["C", "F"] | None = None
    initial: float | None = None
    min_temp: float | None = None
    max_temp: float | None = None
    temp_step: Positive = 1
    temperature_command_topic: str | None = None
    temperature_command_template: str | None = None
    temperature_state_topic: str | None = None
    temperature_state_template: str | None = None
    temperature_low_command_topic: str | None = None
    temperature_low_command_template: str | None = None
    temperature_low_state_topic: str | None = None
    temperature_low_state_template: str | None = None
    temperature_high_command_topic: str | None = None
    temperature_high_command_template: str | None = None
    temperature_high_state_topic: str | None = None
    temperature_high_state_template: str | None = None
    current_temperature_topic: str | None = None
    current_temperature_template: str | None = None
    min_humidity: float = 30
    max_humidity: float = 99
    target_humidity_command_topic: str | None = None
    target_humidity_command_template: str | None = None
    target_humidity_state_topic: str | None = None
    target_humidity_state_template: str | None = None
    current_humidity_topic: str | None = None
    current_humidity_template: str | None = None
    fan_modes: Words = ("auto", "low", "medium", "high")
    fan_mode_command_topic: str | None = None
    fan_mode_command_template: str | None = None
    fan_mode_state_topic: str | None = None
    fan_mode_state_template: str | None = None
    swing_modes: Words = ("on", "off")
    swing_mode_command_topic: str | None = None
    swing_mode_command_template: str | None = None
    swing_mode_state_topic: str | None = None
    swing_mode_state_template: str | None = None
    swing_horizontal_modes: Words = ("on", "off")
    swing_horizontal_mode_command_topic: str | None = None
    swing_horizontal_mode_command_template: str | None = None
    swing_horizontal_mode_state_topic: str | None = None
    swing_horizontal_mode_state_template: str | None = None
    preset_modes: Words = ()
    preset_mode_command_topic: str | None = None
    preset_mode_command_template: str | None = None
    preset_mode_state_topic: str | None = None
    preset_mode_value_template: str | None = None


class Climate(MqttEntity[ClimateConfig]):
    """A thermostat. Its temperatures are in the unit of its device."""

    config_type: ClassVar = ClimateConfig
    in_domain: ClassVar = "climate"
    default_name: ClassVar = "MQTT HVAC"

    def __init__(self, config: ClimateConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._templates = {
            name: self.template(getattr(config, f"{name}_command_template"))
            for name in ("mode", "power", "target_humidity", *_TEMPERATURES.values(), *_CHOICES)
        }
        self._modes = {name: _modes(config, name) for name in _CHOICES}
        fahrenheit = config.temperature_unit == "F"
        self._lowest = (
            config.min_temp if config.min_temp is not None else (44.6 if fahrenheit else 7)
        )
        self._highest = (
            config.max_temp if config.max_temp is not None else (95 if fahrenheit else 35)
        )
        if self._highest <= self._lowest:
            raise BadAnnouncement("max_temp is not above min_temp")
        if ("none" in config.preset_modes) and config.preset_mode_command_topic:
            raise BadAnnouncement("preset_modes: 'none' is always one, and is not listed")
        self._declare(config)
        self._listen(config)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)
        self.can("set_hvac_mode", self._set_hvac_mode)
        self.can("set_temperature", self._set_temperature)
        self.can("set_humidity", self._set_humidity)
        for name in _CHOICES:
            self.can(f"set_{name}", self._set_choice)
        if config.temperature_state_topic is None and config.temperature_command_topic:
            self.note(temperature=config.initial)

    def _declare(self, config: ClimateConfig) -> None:
        self.declare(
            supported_features=_features(config),
            hvac_modes=config.modes,
            min_temp=plain(self._lowest),
            max_temp=plain(self._highest),
            target_temp_step=plain(config.temp_step),
            assumed_state=self.assumes(config.mode_state_topic) or None,
        )
        for name, modes in self._modes.items():
            if getattr(config, f"{name}_command_topic") is not None:
                self.declare(**{f"{name}s": modes})
        if config.target_humidity_command_topic is not None:
            self.declare(
                min_humidity=plain(config.min_humidity), max_humidity=plain(config.max_humidity)
            )

    def _listen(self, config: ClimateConfig) -> None:
        self._hear_with("mode", self._hear_mode)
        self.listen(config.action_topic, self._own(config.action_template), self._hear_action)
        for reading, topic, template in (
            ("current_temperature", config.current_temperature_topic,
             config.current_temperature_template),
            ("current_humidity", config.current_humidity_topic, config.current_humidity_template),
            ("humidity", config.target_humidity_state_topic,
             config.target_humidity_state_template),
        ):  # fmt: skip
            self.listen(topic, self._own(template), self._number_into(reading))
        for reading, begin in _TEMPERATURES.items():
            self._hear_with(begin, self._number_into(reading))
        for name in ("fan_mode", "swing_mode", "swing_horizontal_mode"):
            self._hear_with(name, self._choice_into(name))
        self.listen(
            config.preset_mode_state_topic,
            self._own(config.preset_mode_value_template),
            self._choice_into("preset_mode"),
        )

    def _hear_with(self, begin: str, hear: Any) -> None:
        template = getattr(self.config, f"{begin}_state_template")
        self.listen(getattr(self.config, f"{begin}_state_topic"), self._own(template), hear)

    def _own(self, template: str | None) -> str | None:
        return self.config.value_template if template is None else template

    # Commands

    async def _turn_on(self, command: Command) -> None:
        await self._turn(command, self.config.payload_on)

    async def _turn_off(self, command: Command) -> None:
        await self._turn(command, self.config.payload_off)
        if self.assumes(self.config.mode_state_topic):
            self.put("off")
            self.assumed(command)

    async def _turn(self, command: Command, payload: str) -> None:
        await self.send_if(
            command, self.config.power_command_topic, payload, self._templates["power"]
        )

    async def _set_hvac_mode(self, command: Command) -> None:
        mode = command.data["hvac_mode"]
        await self.send_if(command, self.config.mode_command_topic, mode, self._templates["mode"])
        if self.assumes(self.config.mode_state_topic):
            self.put(mode)
            self.assumed(command)

    async def _set_temperature(self, command: Command) -> None:
        if "hvac_mode" in command.data:
            await self._set_hvac_mode(command)
        for reading, begin in _TEMPERATURES.items():
            if reading in command.data:
                await self._set_number(command, reading, begin, float(command.data[reading]))

    async def _set_humidity(self, command: Command) -> None:
        humidity = float(command.data["humidity"])
        await self._set_number(command, "humidity", "target_humidity", humidity)

    async def _set_number(self, command: Command, reading: str, begin: str, value: float) -> None:
        shown = plain(value) if reading == "humidity" else value
        topic = getattr(self.config, f"{begin}_command_topic")
        await self.send_if(command, topic, shown, self._templates[begin])
        if self.assumes(getattr(self.config, f"{begin}_state_topic")):
            self.note(**{reading: shown})
            self.assumed(command)

    async def _set_choice(self, command: Command) -> None:
        name = command.action.removeprefix("set_")
        mode = command.data[name]
        topic = getattr(self.config, f"{name}_command_topic")
        await self.send_if(command, topic, mode, self._templates[name])
        if self.assumes(getattr(self.config, f"{name}_state_topic")):
            self.note(**{name: mode})
            self.assumed(command)

    # Reports

    def _hear_mode(self, text: str) -> None:
        self.put(choice(text, self.config.modes))

    def _hear_action(self, text: str) -> None:
        self.note(hvac_action=choice(text, _ACTIONS))

    def _number_into(self, reading: str) -> Any:
        return lambda text: self.note(**{reading: None if text == NONE else number(text)})

    def _choice_into(self, name: str) -> Any:
        return lambda text: self.note(**{name: choice(text, self._modes[name])})


def _modes(config: ClimateConfig, name: str) -> list[str]:
    listed: list[str] = getattr(config, f"{name}s")
    return ["none", *listed] if name == "preset_mode" else listed


def _features(config: ClimateConfig) -> int:
    bits = {
        "temperature_command_topic": _TEMPERATURE,
        "temperature_low_command_topic": _RANGE,
        "target_humidity_command_topic": _HUMIDITY,
        "fan_mode_command_topic": _FAN,
        "preset_mode_command_topic": _PRESET,
        "swing_mode_command_topic": _SWING,
        "swing_horizontal_mode_command_topic": _SWING_HORIZONTAL,
        "power_command_topic": _TURN_OFF_AND_ON,
    }
    return sum(bit for name, bit in bits.items() if getattr(config, name) is not None)
