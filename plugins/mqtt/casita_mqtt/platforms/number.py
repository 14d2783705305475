"""Numbers that can be set."""

from __future__ import annotations

from typing import ClassVar, Literal

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Positive
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt.platforms._words import number, plain


class NumberConfig(EntityConfig, frozen=True, kw_only=True):
    """What a number says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    min: float = 1
    max: float = 100
    step: Positive = 1
    mode: Literal["auto", "box", "slider"] = "auto"
    payload_reset: str = NONE
    unit_of_measurement: str | None = None


class Number(MqttEntity[NumberConfig]):
    """A number within limits."""

    config_type: ClassVar = NumberConfig
    in_domain: ClassVar = "number"
    default_name: ClassVar = "MQTT Number"

    def __init__(self, config: NumberConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.max < config.min:
            raise BadAnnouncement(f"max: {config.max:g} is below min, {config.min:g}")
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            min=plain(config.min),
            max=plain(config.max),
            step=plain(config.step),
            mode=config.mode,
            unit_of_measurement=config.unit_of_measurement,
            assumed_state=self._optimistic or None,
        )
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.can("set_value", self._set_value)

    async def _set_value(self, command: Command) -> None:
        value = plain(float(command.data["value"]))
        await self.send(self.config.command_topic, value, self._template)
        if self._optimistic:
            self.put(value)
            self.assumed(command)

    def _hear_state(self, text: str) -> None:
        if text == self.config.payload_reset:
            self.put(None)
            return
        value = number(text)
        if not self.config.min <= value <= self.config.max:
            raise ValueError(f"{text} is not from {self.config.min:g} to {self.config.max:g}")
        self.put(int(text) if text.isdigit() else value)
