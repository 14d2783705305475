"""Sensors: readings with a unit, and texts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import ClassVar, Final

from casita_mqtt._configs import BadAnnouncement, EntityConfig, Positive, Words
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt.platforms._words import choice, number

_TEXTS: Final = frozenset(("enum", "date", "timestamp"))
"""Device classes whose states are no numbers."""


class SensorConfig(EntityConfig, frozen=True, kw_only=True):
    """What a sensor says of itself."""

    state_topic: str
    value_template: str | None = None
    unit_of_measurement: str | None = None
    state_class: str | None = None
    options: Words | None = None
    expire_after: Positive | None = None
    last_reset_value_template: str | None = None
    suggested_display_precision: int | None = None


class Sensor(MqttEntity[SensorConfig]):
    """Something that is read."""

    config_type: ClassVar = SensorConfig
    in_domain: ClassVar = "sensor"
    default_name: ClassVar = "MQTT Sensor"

    def __init__(self, config: SensorConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.options is not None and config.device_class not in (None, "enum"):
            raise BadAnnouncement("options: only a sensor of the device_class enum has them")
        if config.last_reset_value_template and config.state_class != "total":
            raise BadAnnouncement("last_reset_value_template: only for the state_class total")
        self.declare(
            unit_of_measurement=config.unit_of_measurement,
            state_class=config.state_class,
            options=config.options,
        )
        self.expires_after(config.expire_after)
        self.listen(config.state_topic, config.value_template, self._hear_state)
        if config.last_reset_value_template:
            self.listen(config.state_topic, config.last_reset_value_template, self._hear_reset)

    @property
    def _numeric(self) -> bool:
        config = self.config
        if config.device_class in _TEXTS:
            return False
        return bool(config.state_class or config.unit_of_measurement)

    def _hear_state(self, text: str) -> None:
        value = None if text == NONE else self._value(text)
        self.refresh()
        self.put(value)

    def _value(self, text: str) -> str | None:
        if self._numeric:
            number(text)
        elif self.config.options is not None:
            return choice(text, self.config.options)
        elif self.config.device_class == "timestamp":
            return _moment(text).astimezone(UTC).isoformat()
        elif self.config.device_class == "date":
            return date.fromisoformat(text[:10]).isoformat()
        return text

    def _hear_reset(self, text: str) -> None:
        self.note(last_reset=_moment(text).isoformat())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r}: a time without its offset from UTC")
    return moment
