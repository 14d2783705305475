"""Sirens."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from casita import Command
from casita_mqtt._configs import EntityConfig, Words
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt._message import json_of
from casita_mqtt.platforms._words import choice, truth

_TURN_ON_AND_OFF: Final = 1 | 2
_TONES: Final = 4
_VOLUME: Final = 8
_DURATION: Final = 16
"""Bits of ``supported_features``."""


class SirenConfig(EntityConfig, frozen=True, kw_only=True):
    """What a siren says of itself."""

    command_topic: str
    command_template: str | None = None
    command_off_template: str | None = None
    state_topic: str | None = None
    state_value_template: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    state_on: str | None = None
    state_off: str | None = None
    available_tones: Words = ()
    support_duration: bool = True
    support_volume_set: bool = True


class Siren(MqttEntity[SirenConfig]):
    """Something that is loud."""

    config_type: ClassVar = SirenConfig
    in_domain: ClassVar = "siren"
    default_name: ClassVar = "MQTT Siren"

    def __init__(self, config: SirenConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._template = self.template(config.command_template)
        self._off_template = self.template(config.command_off_template) or self._template
        self._optimistic = self.assumes(config.state_topic)
        features = _TURN_ON_AND_OFF
        features |= _TONES if config.available_tones else 0
        features |= _VOLUME if config.support_volume_set else 0
        features |= _DURATION if config.support_duration else 0
        self.declare(
            supported_features=features,
            available_tones=config.available_tones or None,
            assumed_state=self._optimistic or None,
        )
        self.listen(config.state_topic, config.state_value_template, self._hear_state)
        self.can("turn_on", self._turn_on)
        self.can("turn_off", self._turn_off)

    async def _turn_on(self, command: Command) -> None:
        how = {key: one for key, one in command.data.items() if self._knows(key)}
        payload = self.config.payload_on
        if self._template is None:
            await self.send(self.config.command_topic, _json({"state": payload, **how}))
        else:
            await self.send(self.config.command_topic, payload, self._template, **how)
        if self._optimistic:
            self.put(True)
            self.note(**how)
            self.assumed(command)

    async def _turn_off(self, command: Command) -> None:
        payload = self.config.payload_off
        if self._off_template is None:
            await self.send(self.config.command_topic, _json({"state": payload}))
        else:
            await self.send(self.config.command_topic, payload, self._off_template)
        if self._optimistic:
            self.put(False)
            self.assumed(command)

    def _knows(self, key: str) -> bool:
        return {
            "tone": bool(self.config.available_tones),
            "duration": self.config.support_duration,
            "volume_level": self.config.support_volume_set,
        }.get(key, False)

    def _hear_state(self, text: str) -> None:
        said = json_of(text)
        if not isinstance(said, dict):
            self._hear_power(text)
            return
        if "state" in said:
            self._hear_power(NONE if said["state"] is None else str(said["state"]))
        if isinstance(said.get("tone"), str) and self._knows("tone"):
            self.note(tone=choice(said["tone"], self.config.available_tones))
        for key in ("duration", "volume_level"):
            if isinstance(said.get(key), (int, float)) and self._knows(key):
                self.note(**{key: said[key]})

    def _hear_power(self, text: str) -> None:
        config = self.config
        on = config.payload_on if config.state_on is None else config.state_on
        off = config.payload_off if config.state_off is None else config.state_off
        self.put(truth(text, on, off))


def _json(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
