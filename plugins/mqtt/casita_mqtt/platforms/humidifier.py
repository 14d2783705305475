"""Humidifiers and dehumidifiers."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Words
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt.platforms._words import choice, number, plain, truth

_MODES: Final = 1
"""Bit of ``supported_features``."""
_ACTIONS: Final = ("off", "humidifying", "drying", "idle")


class HumidifierConfig(EntityConfig, frozen=True, kw_only=True):
    """What a humidifier says of itself."""

    device_class: Literal["humidifier", "dehumidifier"] | None = "humidifier"
    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    state_value_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    target_humidity_command_topic: str
    target_humidity_command_template: str | None = None
    target_humidity_state_topic: str | None = None
    target_humidity_state_template: str | None = None
    payload_reset_humidity: str = NONE
    min_humidity: float = 0
    max_humidity: float = 100
    current_humidity_topic: str | None = None
    current_humidity_template: str | None = None
    action_topic: str | None = None
    action_template: str | None = None
    modes: Words = ()
    mode_command_topic: str | None = None
    mode_command_template: str | None = None
    mode_state_topic: str | None = None
    mode_state_template: str | None = None
    payload_reset_mode: str = NONE


class Humidifier(MqttEntity[HumidifierConfig]):
    """Something that keeps the air at a humidity."""

    config_type: ClassVar = HumidifierConfig
    in_domain: ClassVar = "humidifier"
    default_name: ClassVar = "MQTT Humidifier"

    def __init__(self, config: HumidifierConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if not 0 <= config.min_humidity < config.max_humidity <= 100:
            raise BadAnnouncement("min_humidity is not below max_humidity, within 0 to 100")
        self._template = self.template(config.command_template)
        self._humidity_template = self.template(config.target_humidity_command_template)
        self._mode_template = self.template(config.mode_command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            supported_features=_MODES if config.mode_command_topic else 0,
            min_humidity=plain(config.min_humidity),
            max_humidity=plain(config.max_humidity),
            available_modes=config.modes or None,
            assumed_state=self._optimistic or None,
        )
        self.listen(config.state_topic, config.state_value_template, self._hear_state)
        self.listen(
            config.target_humidity_state_topic,
            config.target_humidity_state_template,
            self._hear_target,
        )
        self.listen(
            config.current_humidity_topic, config.current_humidity_template, self._hear_humidity
        )
        self.listen(config.action_topic, config.action_template, self._hear_action)
        self.listen(config.mode_state_topic, config.mode_state_template, self._hear_mode)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)
        self.can("set_humidity", self._set_humidity)
        self.can("set_mode", self._set_mode)

    async def _turn_on(self, command: Command) -> None:
        await self._turn(command, True)

    async def _turn_off(self, command: Command) -> None:
        await self._turn(command, False)

    async def _turn(self, command: Command, on: bool) -> None:
        payload = self.config.payload_on if on else self.config.payload_off
        await self.send(self.config.command_topic, payload, self._template)
        if self._optimistic:
            self.put(on)
            self.assumed(command)

    async def _set_humidity(self, command: Command) -> None:
        humidity = plain(float(command.data["humidity"]))
        topic = self.config.target_humidity_command_topic
        await self.send(topic, humidity, self._humidity_template)
        if self.assumes(self.config.target_humidity_state_topic):
            self.note(humidity=humidity)
            self.assumed(command)

    async def _set_mode(self, command: Command) -> None:
        mode = command.data["mode"]
        await self.send_if(command, self.config.mode_command_topic, mode, self._mode_template)
        if self.assumes(self.config.mode_state_topic):
            self.note(mode=mode)
            self.assumed(command)

    def _hear_state(self, text: str) -> None:
        self.put(truth(text, self.config.payload_on, self.config.payload_off))

    def _hear_target(self, text: str) -> None:
        if text in (self.config.payload_reset_humidity, NONE):
            self.note(humidity=None)
            return
        value = number(text)
        if not self.config.min_humidity <= value <= self.config.max_humidity:
            raise ValueError(
                f"{text} is not from {self.config.min_humidity:g} to {self.config.max_humidity:g}"
            )
        self.note(humidity=plain(value))

    def _hear_humidity(self, text: str) -> None:
        if text in (self.config.payload_reset_humidity, NONE):
            self.note(current_humidity=None)
            return
        value = number(text)
        if not 0 <= value <= 100:
            raise ValueError(f"{text} is not from 0 to 100")
        self.note(current_humidity=plain(value))

    def _hear_action(self, text: str) -> None:
        self.note(action=choice(text, _ACTIONS))

    def _hear_mode(self, text: str) -> None:
        reset = text == self.config.payload_reset_mode
        self.note(mode=None if reset else choice(text, self.config.modes))
