"""Device trackers: where a phone or a car is."""

from __future__ import annotations

from typing import ClassVar

from casita_mqtt._configs import BadAnnouncement, EntityConfig
from casita_mqtt._entity import NONE, Context, MqttEntity


class DeviceTrackerConfig(EntityConfig, frozen=True, kw_only=True):
    """What a tracker says of itself."""

    state_topic: str | None = None
    value_template: str | None = None
    payload_home: str = "home"
    payload_not_home: str = "not_home"
    payload_reset: str = NONE
    source_type: str = "gps"


class DeviceTracker(MqttEntity[DeviceTrackerConfig]):
    """It is ``home``, ``not_home``, or in a zone whose name it says."""

    config_type: ClassVar = DeviceTrackerConfig
    in_domain: ClassVar = "device_tracker"
    default_name: ClassVar = "MQTT Device Tracker"

    def __init__(self, config: DeviceTrackerConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.state_topic is None and config.json_attributes_topic is None:
            raise BadAnnouncement("state_topic or json_attributes_topic is missing")
        self.declare(source_type=config.source_type)
        self.listen(config.state_topic, config.value_template, self._hear_state)

    def _hear_state(self, text: str) -> None:
        words = {
            self.config.payload_home: "home",
            self.config.payload_not_home: "not_home",
            self.config.payload_reset: None,
            NONE: None,
        }
        self.put(words.get(text, text))
