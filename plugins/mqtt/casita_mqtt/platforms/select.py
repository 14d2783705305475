"""Choices from a list."""

from __future__ import annotations

from typing import ClassVar

from casita import Command
from casita_mqtt._configs import EntityConfig, Words
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt.platforms._words import choice


class SelectConfig(EntityConfig, frozen=True, kw_only=True):
    """What a choice says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    options: Words


class Select(MqttEntity[SelectConfig]):
    """One of several options."""

    config_type: ClassVar = SelectConfig
    in_domain: ClassVar = "select"
    default_name: ClassVar = "MQTT Select"

    def __init__(self, config: SelectConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(options=config.options, assumed_state=self._optimistic or None)
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.can("select_option", self._select)

    async def _select(self, command: Command) -> None:
        option = command.data["option"]
        await self.send(self.config.command_topic, option, self._template)
        if self._optimistic:
            self.put(option)
            self.assumed(command)

    def _hear_state(self, text: str) -> None:
        self.put(choice(text, self.config.options))
