"""Scenes that a device keeps."""

from __future__ import annotations

from typing import ClassVar

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import Context, MqttEntity


class SceneConfig(EntityConfig, frozen=True, kw_only=True):
    """What a scene says of itself."""

    command_topic: str
    payload_on: str = "ON"


class Scene(MqttEntity[SceneConfig]):
    """A scene; its state is when it was last brought about."""

    config_type: ClassVar = SceneConfig
    in_domain: ClassVar = "scene"
    default_name: ClassVar = "MQTT Scene"

    def __init__(self, config: SceneConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self.can("turn_on", self._turn_on)

    async def _turn_on(self, command: Command) -> None:
        await self.send(self.config.command_topic, self.config.payload_on)
        self.put(command.event.time.isoformat())
        self.assumed(command)
