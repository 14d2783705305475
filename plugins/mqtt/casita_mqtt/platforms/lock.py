"""Locks."""

from __future__ import annotations

from typing import ClassVar

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import NONE, Context, MqttEntity


class LockConfig(EntityConfig, frozen=True, kw_only=True):
    """What a lock says of itself."""

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    code_format: str | None = None
    payload_lock: str = "LOCK"
    payload_unlock: str = "UNLOCK"
    payload_open: str | None = None
    payload_reset: str = NONE
    state_locked: str = "LOCKED"
    state_locking: str = "LOCKING"
    state_unlocked: str = "UNLOCKED"
    state_unlocking: str = "UNLOCKING"
    state_jammed: str = "JAMMED"
    state_open: str = "OPEN"
    state_opening: str = "OPENING"


class Lock(MqttEntity[LockConfig]):
    """Something to lock; some can draw the latch, too."""

    config_type: ClassVar = LockConfig
    in_domain: ClassVar = "lock"
    default_name: ClassVar = "MQTT Lock"

    def __init__(self, config: LockConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            supported_features=0 if config.payload_open is None else 1,
            code_format=config.code_format,
            assumed_state=self._optimistic or None,
        )
        self._words: dict[str, str | None] = {
            config.state_open: "open",
            config.state_opening: "opening",
            config.state_jammed: "jammed",
            config.state_locking: "locking",
            config.state_unlocking: "unlocking",
            config.state_locked: "locked",
            config.state_unlocked: "unlocked",
            config.payload_reset: None,
        }
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.can("lock", self._lock)
        self.can("unlock", self._unlock)
        self.can("open", self._open)

    async def _lock(self, command: Command) -> None:
        await self._turn(command, self.config.payload_lock, "locked")

    async def _unlock(self, command: Command) -> None:
        await self._turn(command, self.config.payload_unlock, "unlocked")

    async def _open(self, command: Command) -> None:
        await self._turn(command, self.config.payload_open, "open")

    async def _turn(self, command: Command, payload: str | None, state: str) -> None:
        code = command.data.get("code")
        topic = self.config.command_topic
        await self.send_if(command, topic, payload, self._template, code=code)
        if self._optimistic:
            self.put(state)
            self.assumed(command)

    def _hear_state(self, text: str) -> None:
        if text not in self._words:
            raise ValueError(f"{text!r} is no state of it: {', '.join(self._words)}")
        self.put(self._words[text])
