"""Robots that clean."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from casita import Command
from casita.errors import did_you_mean
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Words
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt._message import json_of
from casita_mqtt.platforms._words import choice

_STATES: Final = ("cleaning", "docked", "paused", "idle", "returning", "error")
_FEATURES: Final = {
    "turn_on": 1,
    "turn_off": 2,
    "pause": 4,
    "stop": 8,
    "return_home": 16,
    "fan_speed": 32,
    "battery": 64,
    "status": 128,
    "send_command": 256,
    "locate": 512,
    "clean_spot": 1024,
    "start": 8192,
}
"""Bits of ``supported_features`` by the word that a device says for each."""
_STATE: Final = 4096
_ACTIONS: Final = {
    "start": "start",
    "stop": "stop",
    "pause": "pause",
    "return_to_base": "return_home",
    "clean_spot": "clean_spot",
    "locate": "locate",
}
"""The service's name, and the word for the feature that it needs."""


class VacuumConfig(EntityConfig, frozen=True, kw_only=True):
    """What a robot says of itself."""

    command_topic: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    send_command_topic: str | None = None
    set_fan_speed_topic: str | None = None
    fan_speed_list: Words = ()
    supported_features: Words = ("start", "stop", "return_home", "battery", "clean_spot")
    payload_start: str = "start"
    payload_stop: str = "stop"
    payload_pause: str = "pause"
    payload_return_to_base: str = "return_to_base"
    payload_clean_spot: str = "clean_spot"
    payload_locate: str = "locate"


class Vacuum(MqttEntity[VacuumConfig]):
    """A robot, with what it is doing for a state."""

    config_type: ClassVar = VacuumConfig
    in_domain: ClassVar = "vacuum"
    default_name: ClassVar = "MQTT Vacuum"

    def __init__(self, config: VacuumConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        for feature in config.supported_features:
            if feature not in _FEATURES:
                hint = did_you_mean(feature, _FEATURES)
                raise BadAnnouncement(f"supported_features: {feature!r} is unknown.{hint}")
        bits = {_FEATURES[one] for one in config.supported_features}
        self.declare(
            supported_features=sum(bits) | _STATE, fan_speed_list=config.fan_speed_list or None
        )
        self.listen(config.state_topic, config.value_template, self._hear_state)
        for action, feature in _ACTIONS.items():
            if feature in config.supported_features:
                self.can(action, self._act)
        self.can("set_fan_speed", self._set_fan_speed)
        self.can("send_command", self._send_command)

    async def _act(self, command: Command) -> None:
        payload: str = getattr(self.config, f"payload_{command.action}")
        await self.send_if(command, self.config.command_topic, payload)

    async def _set_fan_speed(self, command: Command) -> None:
        await self.send_if(command, self.config.set_fan_speed_topic, command.data["fan_speed"])

    async def _send_command(self, command: Command) -> None:
        words = command.data["command"]
        params = command.data.get("params")
        if isinstance(params, dict):
            words = msgspec.json.encode({"command": words, **params}).decode()
        await self.send_if(command, self.config.send_command_topic, words)

    def _hear_state(self, text: str) -> None:
        said = json_of(text)
        if not isinstance(said, dict):
            raise ValueError(f"{text[:80]!r} is no JSON object")
        if "state" in said:
            self.put(None if said["state"] is None else choice(str(said["state"]), _STATES))
        for key in ("fan_speed", "battery_level"):
            if key in said:
                self.note(**{key: said[key]})
