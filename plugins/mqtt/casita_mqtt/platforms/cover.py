"""Covers: blinds, shutters, garage doors."""

from __future__ import annotations

from typing import Any, ClassVar, Final

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
_TILT: Final = 16 | 32 | 64 | 128
"""Bits of ``supported_features``; of the tilt: open, close, stop, set position."""


class CoverConfig(EntityConfig, frozen=True, kw_only=True):
    """What a cover says of itself."""

    command_topic: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    payload_open: str | None = "OPEN"
    payload_close: str | None = "CLOSE"
    payload_stop: str | None = "STOP"
    payload_stop_tilt: str = "stop"
    state_open: str = "open"
    state_opening: str = "opening"
    state_closed: str = "closed"
    state_closing: str = "closing"
    state_stopped: str = "stopped"
    position_topic: str | None = None
    position_template: str | None = None
    position_open: int = 100
    position_closed: int = 0
    set_position_topic: str | None = None
    set_position_template: str | None = None
    tilt_command_topic: str | None = None
    tilt_command_template: str | None = None
    tilt_status_topic: str | None = None
    tilt_status_template: str | None = None
    tilt_min: int = 0
    tilt_max: int = 100
    tilt_closed_value: int = 0
    tilt_opened_value: int = 100
    tilt_optimistic: bool = False


class Cover(MqttEntity[CoverConfig]):
    """Something that opens and closes, with slats that may tilt."""

    config_type: ClassVar = CoverConfig
    in_domain: ClassVar = "cover"
    default_name: ClassVar = "MQTT Cover"

    def __init__(self, config: CoverConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        _check(config)
        self._span = Span(config.position_closed, config.position_open)
        self._tilt_span = Span(config.tilt_min, config.tilt_max)
        self._position_template = self.template(config.set_position_template)
        self._tilt_template = self.template(config.tilt_command_template)
        self._optimistic = self.assumes(config.state_topic or config.position_topic)
        self._tilt_optimistic = config.tilt_optimistic or config.tilt_status_topic is None
        self.declare(supported_features=_features(config), assumed_state=self._optimistic or None)
        self.listen(config.position_topic, config.position_template, self._hear_position)
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.listen(config.tilt_status_topic, config.tilt_status_template, self._hear_tilt)
        self.can("open_cover", self._open)
        self.can("close_cover", self._close)
        self.can("stop_cover", self._stop)
        self.can("set_cover_position", self._set_position)
        self.can("open_cover_tilt", self._open_tilt)
        self.can("close_cover_tilt", self._close_tilt)
        self.can("stop_cover_tilt", self._stop_tilt)
        self.can("set_cover_tilt_position", self._set_tilt)

    # Commands

    async def _open(self, command: Command) -> None:
        await self._move(command, self.config.payload_open, 100)

    async def _close(self, command: Command) -> None:
        await self._move(command, self.config.payload_close, 0)

    async def _move(self, command: Command, payload: str | None, position_pct: int) -> None:
        if self.config.command_topic is None or payload is None:
            await self._go_to(command, position_pct)
            return
        await self.send(self.config.command_topic, payload)
        self._assume(command, position_pct)

    async def _stop(self, command: Command) -> None:
        await self.send_if(command, self.config.command_topic, self.config.payload_stop)

    async def _set_position(self, command: Command) -> None:
        await self._go_to(command, int(command.data["position"]))

    async def _go_to(self, command: Command, position_pct: int) -> None:
        config = self.config
        await self.send_if(
            command,
            config.set_position_topic,
            self._span.from_pct(position_pct),
            self._position_template,
            position=position_pct,
            position_open=config.position_open,
            position_closed=config.position_closed,
            tilt_min=config.tilt_min,
            tilt_max=config.tilt_max,
        )
        self._assume(command, position_pct)

    def _assume(self, command: Command, position_pct: int) -> None:
        if self._optimistic:
            self.put("closed" if position_pct == 0 else "open")
            if self.config.set_position_topic is not None:
                self.note(current_position=position_pct)
            self.assumed(command)

    async def _open_tilt(self, command: Command) -> None:
        value = self.config.tilt_opened_value
        await self._tilt(command, value, value)

    async def _close_tilt(self, command: Command) -> None:
        value = self.config.tilt_closed_value
        await self._tilt(command, value, value)

    async def _set_tilt(self, command: Command) -> None:
        position_pct = int(command.data["tilt_position"])
        await self._tilt(command, self._tilt_span.from_pct(position_pct), position_pct)

    async def _tilt(self, command: Command, value: int, tilt_position: int) -> None:
        config = self.config
        await self.send_if(
            command,
            config.tilt_command_topic,
            value,
            self._tilt_template,
            tilt_position=tilt_position,
            position_open=config.position_open,
            position_closed=config.position_closed,
            tilt_min=config.tilt_min,
            tilt_max=config.tilt_max,
        )
        if self._tilt_optimistic:
            self.note(current_tilt_position=self._tilt_span.to_pct(value))
            self.assumed(command)

    async def _stop_tilt(self, command: Command) -> None:
        await self.send_if(command, self.config.tilt_command_topic, self.config.payload_stop_tilt)

    # Reports

    def _hear_state(self, text: str) -> None:
        config = self.config
        if text == config.state_stopped:
            self._stopped()
            return
        words: dict[str, str | None] = {
            config.state_opening: "opening",
            config.state_closing: "closing",
            config.state_open: "open",
            config.state_closed: "closed",
            NONE: None,
        }
        if text not in words:
            raise ValueError(f"{text!r} is no state of it: {', '.join(words)}")
        self.put(words[text])

    def _stopped(self) -> None:
        if self.config.position_topic is not None:
            self.put("closed" if self.readings.get("current_position") == 0 else "open")
        else:
            self.put("closed" if self.state in ("closed", "closing") else "open")

    def _hear_position(self, text: str) -> None:
        said = json_of(text)
        if isinstance(said, dict):
            if "tilt_position" in said:
                self._hear_tilt(str(said["tilt_position"]))
            if "position" not in said:
                raise ValueError(f"{text[:80]!r} has no position")
            text = str(said["position"])
        if text == NONE:
            self.note(current_position=None)
            return
        position_pct = self._span.to_pct(number(text))
        self.note(current_position=position_pct)
        if self.config.state_topic is None:
            self.put("closed" if position_pct == 0 else "open")

    def _hear_tilt(self, text: str) -> None:
        if text == NONE:
            self.note(current_tilt_position=None)
            return
        value = round(number(text))
        if value not in self._tilt_span:
            raise ValueError(
                f"{text} is not from tilt_min {self.config.tilt_min} to tilt_max "
                f"{self.config.tilt_max}"
            )
        self.note(current_tilt_position=self._tilt_span.to_pct(value))


def _features(config: CoverConfig) -> int:
    found = 0
    movable = config.command_topic is not None
    settable = config.set_position_topic is not None
    if (movable and config.payload_open is not None) or settable:
        found |= _OPEN
    if (movable and config.payload_close is not None) or settable:
        found |= _CLOSE
    if movable and config.payload_stop is not None:
        found |= _STOP
    if settable:
        found |= _SET_POSITION
    if config.tilt_command_topic is not None:
        found |= _TILT
    return found


def _check(config: CoverConfig) -> None:
    needs: dict[str, tuple[Any, Any]] = {
        "set_position_topic: position_topic": (config.set_position_topic, config.position_topic),
        "position_template: position_topic": (config.position_template, config.position_topic),
        "value_template: state_topic": (config.value_template, config.state_topic),
        "set_position_template: set_position_topic": (
            config.set_position_template,
            config.set_position_topic,
        ),
        "tilt_command_template: tilt_command_topic": (
            config.tilt_command_template,
            config.tilt_command_topic,
        ),
        "tilt_status_template: tilt_status_topic": (
            config.tilt_status_template,
            config.tilt_status_topic,
        ),
    }
    for words, (given, needed) in needs.items():
        if given is not None and needed is None:
            key, _, missing = words.partition(": ")
            raise BadAnnouncement(f"{key}: it needs {missing}")
    for low, high in ((config.position_closed, config.position_open),
                      (config.tilt_min, config.tilt_max)):  # fmt: skip
        if low == high:
            raise BadAnnouncement("position_open and position_closed, or the tilts, are the same")
