"""Triggers of devices: what a remote or a button tells, as an event entity for each."""

from __future__ import annotations

from typing import ClassVar, Literal

from casita_mqtt._configs import BadAnnouncement, EntityConfig
from casita_mqtt._entity import Context
from casita_mqtt.platforms.event import Happening


class DeviceTriggerConfig(EntityConfig, frozen=True, kw_only=True):
    """What a device says of one of its triggers."""

    automation_type: Literal["trigger"]
    topic: str
    type: str
    subtype: str
    payload: str | None = None
    value_template: str | None = None


class DeviceTrigger(Happening[DeviceTriggerConfig]):
    """It happens when the trigger does."""

    config_type: ClassVar = DeviceTriggerConfig
    in_domain: ClassVar = "event"
    default_name: ClassVar = "MQTT Trigger"

    def __init__(self, config: DeviceTriggerConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if self.device is None:
            raise BadAnnouncement("device: a trigger needs one, with identifiers or connections")
        words = f"{config.subtype} {config.type}"
        self.name = words.replace("_", " ")
        self.unique_id = f"{self.in_domain} {self.device.identifiers[0]} {words}"
        self.declare(event_types=[config.type])
        self.listen(config.topic, config.value_template, self._hear_trigger, kept_too=False)

    def _hear_trigger(self, text: str) -> None:
        if self.config.payload is None or text == self.config.payload:
            self.happened({"event_type": self.config.type, "subtype": self.config.subtype})
