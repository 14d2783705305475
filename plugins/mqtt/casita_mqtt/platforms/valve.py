"""Valves of water and gas."""

from __future__ import annotations

from typing import ClassVar, Final

from casita import Command
from casita_mqtt._configs import BadAnnouncement, EntityConfig
from casita_mqtt._entity import NONE, Context, MqttEntity
from casita_mqtt._message import json_of
from casita_mqtt.platforms._span import Span
from casita_mqtt.platforms._words import number

_OPEN: Final = 1
_CLOSE: Final = 2
_SET_POSITION: Final = 4
_STOP: Final = 8
"""Bits of ``supported_features``."""


class ValveConfig(EntityConfig, frozen=True, kw_only=True):
    """What a valve says of itself."""

    command_topic: str | None = None
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    reports_position: bool = False
    payload_open: str | None = "OPEN"
    payload_close: str | None = "CLOSE"
    payload_stop: str | None = None
    state_open: str | None = "open"
    state_closed: str | None = "closed"
    state_opening: str = "opening"
    state_closing: str = "closing"
    position_open: int = 100
    position_closed: int = 0


class Valve(MqttEntity[ValveConfig]):
    """Something that lets water through, or part of it."""

    config_type: ClassVar = ValveConfig
    in_domain: ClassVar = "valve"
    default_name: ClassVar = "MQTT Valve"

    def __init__(self, config: ValveConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.position_open == config.position_closed:
            raise BadAnnouncement("position_open and position_closed are the same")
        self._span = Span(config.position_closed, config.position_open)
        self._template = self.template(config.command_template)
        self._optimistic = self.assumes(config.state_topic)
        self.declare(
            supported_features=self._features(),
            assumed_state=self._optimistic or None,
        )
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.can("open_valve", self._open)
        self.can("close_valve", self._close)
        self.can("stop_valve", self._stop)
        self.can("set_valve_position", self._set_position)

    def _features(self) -> int:
        config = self.config
        if config.command_topic is None:
            return 0
        found = _STOP if config.payload_stop is not None else 0
        if config.reports_position:
            return found | _OPEN | _CLOSE | _SET_POSITION
        found |= _OPEN if config.payload_open is not None else 0
        return found | (_CLOSE if config.payload_close is not None else 0)

    async def _open(self, command: Command) -> None:
        await self._move(command, self.config.payload_open, 100)

    async def _close(self, command: Command) -> None:
        await self._move(command, self.config.payload_close, 0)

    async def _move(self, command: Command, payload: str | None, position_pct: int) -> None:
        if self.config.reports_position:
            await self._go_to(command, position_pct)
            return
        await self.send_if(command, self.config.command_topic, payload, self._template)
        self._assume(command, position_pct)

    async def _set_position(self, command: Command) -> None:
        if not self.config.reports_position:
            raise self._incapable(command)
        await self._go_to(command, int(command.data["position"]))

    async def _go_to(self, command: Command, position_pct: int) -> None:
        await self.send_if(
            command,
            self.config.command_topic,
            self._span.from_pct(position_pct),
            self._template,
            position=position_pct,
            position_open=self.config.position_open,
            position_closed=self.config.position_closed,
        )
        self._assume(command, position_pct)

    def _assume(self, command: Command, position_pct: int) -> None:
        if self._optimistic:
            self.put("closed" if position_pct == 0 else "open")
            if self.config.reports_position:
                self.note(current_position=position_pct)
            self.assumed(command)

    async def _stop(self, command: Command) -> None:
        await self.send_if(command, self.config.command_topic, self.config.payload_stop)

    def _hear_state(self, text: str) -> None:
        said = json_of(text)
        if isinstance(said, dict):
            if "position" in said and self.config.reports_position:
                self._hear_position(str(said["position"]))
            if "state" in said:
                self._hear_word(str(said["state"]))
        elif self._is_word(text) or not self.config.reports_position:
            self._hear_word(text)
        else:
            self._hear_position(text)

    def _is_word(self, text: str) -> bool:
        return text in self._words()

    def _words(self) -> dict[str, str | None]:
        config = self.config
        words: dict[str | None, str | None] = {
            config.state_opening: "opening",
            config.state_closing: "closing",
            config.state_open: "open",
            config.state_closed: "closed",
            NONE: None,
        }
        return {word: state for word, state in words.items() if word is not None}

    def _hear_word(self, text: str) -> None:
        words = self._words()
        if text not in words:
            raise ValueError(f"{text!r} is no state of it: {', '.join(words)}")
        self.put(words[text])

    def _hear_position(self, text: str) -> None:
        if text == NONE:
            self.note(current_position=None)
            return
        position_pct = self._span.to_pct(number(text))
        self.note(current_position=position_pct)
        self.put("closed" if position_pct == 0 else "open")
