"""Buttons that the hub presses."""

from __future__ import annotations

from typing import ClassVar

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import Context, MqttEntity


class ButtonConfig(EntityConfig, frozen=True, kw_only=True):
    """What a button says of itself."""

    command_topic: str
    command_template: str | None = None
    payload_press: str = "PRESS"


class Button(MqttEntity[ButtonConfig]):
    """A button; its state is when it was last pressed."""

    config_type: ClassVar = ButtonConfig
    in_domain: ClassVar = "button"
    default_name: ClassVar = "MQTT Button"

    def __init__(self, config: ButtonConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._template = self.template(config.command_template)
        self.can("press", self._press)

    async def _press(self, command: Command) -> None:
        await self.send(self.config.command_topic, self.config.payload_press, self._template)
        self.put(command.event.time.isoformat())
        self.assumed(command)
