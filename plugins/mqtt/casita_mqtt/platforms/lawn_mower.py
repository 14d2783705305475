"""Robots that mow."""

from __future__ import annotations

from typing import ClassVar, Final

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt.platforms._words import choice

_ACTIVITIES: Final = ("error", "paused", "mowing", "docked", "returning")


class LawnMowerConfig(EntityConfig, frozen=True, kw_only=True):
    """What a mower says of itself."""

    activity_state_topic: str | None = None
    activity_value_template: str | None = None
    dock_command_topic: str | None = None
    dock_command_template: str | None = None
    pause_command_topic: str | None = None
    pause_command_template: str | None = None
    start_mowing_command_topic: str | None = None
    start_mowing_command_template: str | None = None


class LawnMower(MqttEntity[LawnMowerConfig]):
    """A mower, with its activity for a state."""

    config_type: ClassVar = LawnMowerConfig
    in_domain: ClassVar = "lawn_mower"
    default_name: ClassVar = "MQTT Lawn Mower"

    def __init__(self, config: LawnMowerConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._ways = {
            "start_mowing": (
                config.start_mowing_command_topic,
                self.template(config.start_mowing_command_template),
                "mowing",
            ),
            "pause": (
                config.pause_command_topic,
                self.template(config.pause_command_template),
                "paused",
            ),
            "dock": (
                config.dock_command_topic,
                self.template(config.dock_command_template),
                "docked",
            ),
        }
        self._optimistic = self.assumes(config.activity_state_topic)
        bits = {"start_mowing": 1, "pause": 2, "dock": 4}
        self.declare(
            supported_features=sum(bits[one] for one, way in self._ways.items() if way[0]),
            assumed_state=self._optimistic or None,
        )
        self.listen(
            config.activity_state_topic, config.activity_value_template, self._hear_activity
        )
        for action in self._ways:
            self.can(action, self._act)

    async def _act(self, command: Command) -> None:
        topic, template, activity = self._ways[command.action]
        await self.send_if(command, topic, command.action, template)
        if self._optimistic:
            self.put(activity)
            self.assumed(command)

    def _hear_activity(self, text: str) -> None:
        self.put(choice(text, _ACTIVITIES))
