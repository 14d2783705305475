"""Switches."""

from __future__ import annotations

from typing import ClassVar

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt.platforms._words import truth


class SwitchConfig(EntityConfig, frozen=True, kw_only=True):
    """What a switch says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    state_on: str | None = None
    state_off: str | None = None


class Switch(MqttEntity[SwitchConfig]):
    """Something to turn on and off."""

    config_type: ClassVar = SwitchConfig
    in_domain: ClassVar = "switch"
    default_name: ClassVar = "MQTT Switch"

    def __init__(self, config: SwitchConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(assumed_state=self._optimistic or None)
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)

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

    def _hear_state(self, text: str) -> None:
        config = self.config
        on = config.payload_on if config.state_on is None else config.state_on
        off = config.payload_off if config.state_off is None else config.state_off
        self.put(truth(text, on, off))
