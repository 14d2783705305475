"""Texts that can be set."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig
from casita_mqtt._entity import NONE, Context, MqttEntity

_Length = Annotated[int, Meta(ge=0, le=255)]


class TextConfig(EntityConfig, frozen=True, kw_only=True):
    """What a text says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    min: _Length = 0
    max: _Length = 255
    mode: Literal["text", "password"] = "text"
    pattern: str | None = None


class Text(MqttEntity[TextConfig]):
    """A text of a certain length and form."""

    config_type: ClassVar = TextConfig
    in_domain: ClassVar = "text"
    default_name: ClassVar = "MQTT Text"

    def __init__(self, config: TextConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.max < config.min:
            raise BadAnnouncement(f"max: {config.max} is below min, {config.min}")
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            min=config.min,
            max=config.max,
            mode=config.mode,
            pattern=config.pattern,
            assumed_state=self._optimistic or None,
        )
        self.listen(config.state_topic, config.value_template, self._hear_state, empty_too=True)
        self.can("set_value", self._set_value)

    async def _set_value(self, command: Command) -> None:
        value = command.data["value"]
        await self.send(self.config.command_topic, value, self._template)
        if self._optimistic:
            self.put(value)
            self.assumed(command)

    def _hear_state(self, text: str) -> None:
        if text != NONE and not self.config.min <= len(text) <= self.config.max:
            raise ValueError(
                f"{len(text)} characters; {self.config.min} to {self.config.max} are allowed"
            )
        self.put(None if text == NONE else text)
