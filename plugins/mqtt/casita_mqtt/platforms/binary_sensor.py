"""Binary sensors: motion, doors, smoke."""

from __future__ import annotations

from typing import ClassVar

from casita_mqtt._configs import EntityConfig, Positive
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt.platforms._words import truth


class BinarySensorConfig(EntityConfig, frozen=True, kw_only=True):
    """What a binary sensor says of itself."""

    state_topic: str
    value_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    off_delay: Positive | None = None
    """Seconds after which it is off again, for a device that only says on."""
    expire_after: Positive | None = None


class BinarySensor(MqttEntity[BinarySensorConfig]):
    """Something that is so or is not so."""

    config_type: ClassVar = BinarySensorConfig
    in_domain: ClassVar = "binary_sensor"
    default_name: ClassVar = "MQTT Binary Sensor"

    def __init__(self, config: BinarySensorConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self.expires_after(config.expire_after)
        self.listen(config.state_topic, config.value_template, self._hear_state)

    def remember(self) -> None:
        """Count the delay anew for one that was on before a restart."""
        if self.state == "on":
            self.after(self.config.off_delay, self._fall_off)

    def _hear_state(self, text: str) -> None:
        on = truth(text, self.config.payload_on, self.config.payload_off)
        self.refresh()
        self.put(on)
        self.after(self.config.off_delay if on else None, self._fall_off)

    def _fall_off(self) -> None:
        self.observe(False)
