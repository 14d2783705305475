"""Covers, garage doors and locks."""

from __future__ import annotations

from typing import Any, Final

from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services import ServicesTypes as S
from aiohomekit.model.services.service import Service

from casita import Command, Entity
from casita_homekit._part import Part, Report, Values, Writes, unique_id

_CLASSES: Final = {S.DOOR: "door", S.WINDOW: "window", S.WINDOW_COVERING: "blind"}
KINDS: Final = frozenset([*_CLASSES, S.GARAGE_DOOR_OPENER, S.LOCK_MECHANISM])

_GARAGE: Final = {0: "open", 1: "closed", 2: "opening", 3: "closing", 4: "open"}
_LOCK: Final = {0: "unlocked", 1: "locked", 2: "jammed", 3: None}
_CLOSING, _OPENING = 0, 1


def parts(service: Service, name: str | None) -> list[Part]:
    """Return the entity of a cover, a garage door or a lock."""
    if service.type == S.LOCK_MECHANISM:
        return [_lock(service, name)]
    if service.type == S.GARAGE_DOOR_OPENER:
        return [_garage(service, name)]
    return [_cover(service, name)]


def _cover(service: Service, name: str | None) -> Part:
    entity = Entity("cover", unique_id(service), name, device_class=_CLASSES[service.type])

    def read(values: Values) -> Report:
        position = values.get(C.POSITION_CURRENT)
        state = _moving(values) or ("closed" if position == 0 else "open")
        readings: dict[str, Any] = {"current_position": position}
        for kind in (C.HORIZONTAL_TILT_CURRENT, C.VERTICAL_TILT_CURRENT):
            if values.get(kind) is not None:
                readings["current_tilt_position"] = round((values[kind] + 90) / 1.8)
        return (None if position is None else state), readings

    return Part(entity=entity, read=read, write=_write_cover)


def _moving(values: Values) -> str | None:
    """Return where a cover moves to; some say that they move when they are where they should be."""
    if values.get(C.POSITION_CURRENT) == values.get(C.POSITION_TARGET):
        return None
    return {_CLOSING: "closing", _OPENING: "opening"}.get(values.get(C.POSITION_STATE, 2))


def _write_cover(command: Command, values: Values) -> Writes:
    tilt = C.VERTICAL_TILT_TARGET if C.VERTICAL_TILT_TARGET in values else C.HORIZONTAL_TILT_TARGET
    match command.action:
        case "open_cover":
            return {C.POSITION_TARGET: 100}
        case "close_cover":
            return {C.POSITION_TARGET: 0}
        case "set_cover_position":
            return {C.POSITION_TARGET: command.data["position"]}
        case "stop_cover" if C.POSITION_HOLD in values:
            return {C.POSITION_HOLD: True}
        case "stop_cover":
            return {C.POSITION_TARGET: values.get(C.POSITION_CURRENT, 0)}
        case "open_cover_tilt":
            return {tilt: 90}
        case "close_cover_tilt":
            return {tilt: -90}
        case "set_cover_tilt_position":
            return {tilt: round(command.data["tilt_position"] * 1.8 - 90)}
    return {}


def _garage(service: Service, name: str | None) -> Part:
    entity = Entity("cover", unique_id(service), name, device_class="garage")

    def read(values: Values) -> Report:
        obstructed = values.get(C.OBSTRUCTION_DETECTED)
        state = _GARAGE.get(values.get(C.DOOR_STATE_CURRENT, -1))
        return state, {} if obstructed is None else {"obstruction_detected": bool(obstructed)}

    def write(command: Command, values: Values) -> Writes:
        targets = {"open_cover": 0, "close_cover": 1}
        return {C.DOOR_STATE_TARGET: targets[command.action]} if command.action in targets else {}

    return Part(entity=entity, read=read, write=write)


def _lock(service: Service, name: str | None) -> Part:
    def read(values: Values) -> Report:
        current = values.get(C.LOCK_MECHANISM_CURRENT_STATE)
        target = values.get(C.LOCK_MECHANISM_TARGET_STATE)
        if current in (0, 1) and target in (0, 1) and current != target:
            return ("locking" if target else "unlocking"), {}
        return _LOCK.get(3 if current is None else current), {}

    def write(command: Command, values: Values) -> Writes:
        targets = {"unlock": 0, "open": 0, "lock": 1}
        return (
            {C.LOCK_MECHANISM_TARGET_STATE: targets[command.action]}
            if command.action in targets
            else {}
        )

    return Part(entity=Entity("lock", unique_id(service), name), read=read, write=write)
