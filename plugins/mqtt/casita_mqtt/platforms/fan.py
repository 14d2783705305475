"""Fans."""

from __future__ import annotations

from typing import ClassVar, Final

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Words
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt.platforms._span import Speeds
from casita_mqtt.platforms._words import choice, number, truth

_SPEED: Final = 1
_OSCILLATE: Final = 2
_DIRECTION: Final = 4
_PRESET: Final = 8
_TURN_OFF_AND_ON: Final = 16 | 32
"""Bits of ``supported_features``."""


class FanConfig(EntityConfig, frozen=True, kw_only=True):
    """What a fan says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    state_value_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    percentage_command_topic: str | None = None
    percentage_command_template: str | None = None
    percentage_state_topic: str | None = None
    percentage_value_template: str | None = None
    payload_reset_percentage: str = NONE
    speed_range_min: int = 1
    speed_range_max: int = 100
    preset_modes: Words = ()
    preset_mode_command_topic: str | None = None
    preset_mode_command_template: str | None = None
    preset_mode_state_topic: str | None = None
    preset_mode_value_template: str | None = None
    payload_reset_preset_mode: str = NONE
    oscillation_command_topic: str | None = None
    oscillation_command_template: str | None = None
    oscillation_state_topic: str | None = None
    oscillation_value_template: str | None = None
    payload_oscillation_on: str = "oscillate_on"
    payload_oscillation_off: str = "oscillate_off"
    direction_command_topic: str | None = None
    direction_command_template: str | None = None
    direction_state_topic: str | None = None
    direction_value_template: str | None = None


class Fan(MqttEntity[FanConfig]):
    """Something that moves air."""

    config_type: ClassVar = FanConfig
    in_domain: ClassVar = "fan"
    default_name: ClassVar = "MQTT Fan"

    def __init__(self, config: FanConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if not 0 <= config.speed_range_min < config.speed_range_max:
            raise BadAnnouncement("speed_range_min is not below speed_range_max")
        if config.preset_modes and config.preset_mode_command_topic is None:
            raise BadAnnouncement("preset_modes: they need preset_mode_command_topic")
        self._speeds = Speeds(max(config.speed_range_min, 1), config.speed_range_max)
        self._templates = {
            "state": self.template(config.command_template),
            "percentage": self.template(config.percentage_command_template),
            "preset_mode": self.template(config.preset_mode_command_template),
            "oscillation": self.template(config.oscillation_command_template),
            "direction": self.template(config.direction_command_template),
        }
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            supported_features=_features(config),
            preset_modes=config.preset_modes or None,
            percentage_step=100 / self._speeds.count if config.percentage_command_topic else None,
            assumed_state=self._optimistic or None,
        )
        self._listen(config)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)
        self.can("set_percentage", self._set_percentage)
        self.can("set_preset_mode", self._set_preset_mode)
        self.can("oscillate", self._oscillate)
        self.can("set_direction", self._set_direction)

    def _listen(self, config: FanConfig) -> None:
        self.listen(config.state_topic, config.state_value_template, self._hear_state)
        self.listen(
            config.percentage_state_topic, config.percentage_value_template, self._hear_percentage
        )
        self.listen(
            config.preset_mode_state_topic, config.preset_mode_value_template, self._hear_preset
        )
        self.listen(
            config.oscillation_state_topic, config.oscillation_value_template, self._hear_swing
        )
        self.listen(
            config.direction_state_topic, config.direction_value_template, self._hear_direction
        )

    # Commands

    async def _turn_on(self, command: Command) -> None:
        await self._send_power(command, True)
        if "percentage" in command.data:
            await self._set_percentage(command)
        if "preset_mode" in command.data:
            await self._set_preset_mode(command)

    async def _turn_off(self, command: Command) -> None:
        await self._send_power(command, False)

    async def _send_power(self, command: Command, on: bool) -> None:
        payload = self.config.payload_on if on else self.config.payload_off
        await self.send(self.config.command_topic, payload, self._templates["state"])
        if self._optimistic:
            self.put(on)
            self.assumed(command)

    async def _set_percentage(self, command: Command) -> None:
        percentage = int(command.data["percentage"])
        config = self.config
        await self.send_if(
            command,
            config.percentage_command_topic,
            self._speeds.from_pct(percentage),
            self._templates["percentage"],
        )
        if self.assumes(config.percentage_state_topic):
            self.note(percentage=percentage)
            self.assumed(command)

    async def _set_preset_mode(self, command: Command) -> None:
        mode = command.data["preset_mode"]
        config = self.config
        await self.send_if(
            command, config.preset_mode_command_topic, mode, self._templates["preset_mode"]
        )
        if self.assumes(config.preset_mode_state_topic):
            self.note(preset_mode=mode)
            self.assumed(command)

    async def _oscillate(self, command: Command) -> None:
        swings = bool(command.data["oscillating"])
        config = self.config
        payload = config.payload_oscillation_on if swings else config.payload_oscillation_off
        await self.send_if(
            command, config.oscillation_command_topic, payload, self._templates["oscillation"]
        )
        if self.assumes(config.oscillation_state_topic):
            self.note(oscillating=swings)
            self.assumed(command)

    async def _set_direction(self, command: Command) -> None:
        direction = command.data["direction"]
        config = self.config
        await self.send_if(
            command, config.direction_command_topic, direction, self._templates["direction"]
        )
        if self.assumes(config.direction_state_topic):
            self.note(direction=direction)
            self.assumed(command)

    # Reports

    def _hear_state(self, text: str) -> None:
        self.put(truth(text, self.config.payload_on, self.config.payload_off))

    def _hear_percentage(self, text: str) -> None:
        if text in (self.config.payload_reset_percentage, NONE):
            self.note(percentage=None)
            return
        percentage = self._speeds.to_pct(number(text))
        if not 0 <= percentage <= 100:
            raise ValueError(
                f"{text} is no speed from {self.config.speed_range_min} to "
                f"{self.config.speed_range_max}"
            )
        self.note(percentage=percentage)

    def _hear_preset(self, text: str) -> None:
        reset = text == self.config.payload_reset_preset_mode
        self.note(preset_mode=None if reset else choice(text, self.config.preset_modes))

    def _hear_swing(self, text: str) -> None:
        config = self.config
        swings = truth(text, config.payload_oscillation_on, config.payload_oscillation_off)
        self.note(oscillating=swings)

    def _hear_direction(self, text: str) -> None:
        self.note(direction=choice(text, ("forward", "reverse")))


def _features(config: FanConfig) -> int:
    found = _TURN_OFF_AND_ON
    if config.percentage_command_topic is not None:
        found |= _SPEED
    if config.oscillation_command_topic is not None:
        found |= _OSCILLATE
    if config.direction_command_topic is not None:
        found |= _DIRECTION
    if config.preset_mode_command_topic is not None:
        found |= _PRESET
    return found
