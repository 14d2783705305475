"""Services that are one reading or one switch: a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services import ServicesTypes as S
from aiohomekit.model.services.service import Service

from casita import Command, Entity
from casita_homekit._part import Part, Report, Values, Writes, unique_id

_AIR_QUALITY: Final = {1: "excellent", 2: "good", 3: "fair", 4: "inferior", 5: "poor"}
_PRESSES: Final = {0: "single_press", 1: "double_press", 2: "long_press"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """A characteristic that is an entity by itself."""

    domain: str
    characteristic: str
    device_class: str | None = None
    unit: str | None = None
    name: str | None = None
    convert: Callable[[Any], Any] = lambda value: value


_BINARY: Final[Mapping[str, tuple[str, str]]] = {
    S.MOTION_SENSOR: (C.MOTION_DETECTED, "motion"),
    S.OCCUPANCY_SENSOR: (C.OCCUPANCY_DETECTED, "occupancy"),
    S.CONTACT_SENSOR: (C.CONTACT_STATE, "opening"),
    S.LEAK_SENSOR: (C.LEAK_DETECTED, "moisture"),
    S.SMOKE_SENSOR: (C.SMOKE_DETECTED, "smoke"),
    S.CARBON_MONOXIDE_SENSOR: (C.CARBON_MONOXIDE_DETECTED, "carbon_monoxide"),
    S.CARBON_DIOXIDE_SENSOR: (C.CARBON_DIOXIDE_DETECTED, "gas"),
}
_READINGS: Final[Mapping[str, tuple[_Reading, ...]]] = {
    **{
        service: (_Reading("binary_sensor", kind, device_class, convert=bool),)
        for service, (kind, device_class) in _BINARY.items()
    },
    S.TEMPERATURE_SENSOR: (_Reading("sensor", C.TEMPERATURE_CURRENT, "temperature", "°C"),),
    S.HUMIDITY_SENSOR: (_Reading("sensor", C.RELATIVE_HUMIDITY_CURRENT, "humidity", "%"),),
    S.LIGHT_SENSOR: (_Reading("sensor", C.LIGHT_LEVEL_CURRENT, "illuminance", "lx"),),
    S.AIR_QUALITY_SENSOR: (
        _Reading("sensor", C.AIR_QUALITY, "enum", name="Air quality", convert=_AIR_QUALITY.get),
    ),
    S.BATTERY_SERVICE: (
        _Reading("sensor", C.BATTERY_LEVEL, "battery", "%", "Battery"),
        _Reading("binary_sensor", C.STATUS_LO_BATT, "battery", None, "Battery low", bool),
    ),
}
_SWITCHES: Final[Mapping[str, tuple[str, str | None]]] = {
    S.SWITCH: (C.ON, None),
    S.OUTLET: (C.ON, "outlet"),
    S.VALVE: (C.ACTIVE, None),
    S.FAUCET: (C.ACTIVE, None),
}
KINDS: Final = frozenset([*_READINGS, *_SWITCHES, S.STATELESS_PROGRAMMABLE_SWITCH, S.DOORBELL])


def parts(service: Service, name: str | None) -> list[Part]:
    """Return the entities of one of these services."""
    if service.type in _READINGS:
        readings = _READINGS[service.type]
        return [_reading(service, one, name) for one in readings if service.has(one.characteristic)]
    if service.type in _SWITCHES:
        return [_switch(service, name)]
    return [_button(service, name)]


def _reading(service: Service, reading: _Reading, name: str | None) -> Part:
    shown = " ".join(part for part in (name, reading.name) if part) or None
    entity = Entity(
        reading.domain,
        f"{unique_id(service)}.{reading.characteristic[:8]}",
        shown,
        device_class=reading.device_class,
        unit=reading.unit,
        capabilities={"options": [*_AIR_QUALITY.values()]}
        if reading.device_class == "enum"
        else {},
    )

    def read(values: Values) -> Report:
        value = values.get(reading.characteristic)
        return (None if value is None else reading.convert(value)), {}

    return Part(entity=entity, read=read)


def _switch(service: Service, name: str | None) -> Part:
    kind, device_class = _SWITCHES[service.type]

    def read(values: Values) -> Report:
        value = values.get(kind)
        return (None if value is None else bool(value)), {}

    def write(command: Command, values: Values) -> Writes:
        on = command.action == "turn_on"
        return {kind: on if kind == C.ON else int(on)}

    entity = Entity("switch", unique_id(service), name, device_class=device_class)
    return Part(entity=entity, read=read, write=write)


def _button(service: Service, name: str | None) -> Part:
    """A button has no state; each press is an event, which the bridge tells by the time."""
    kind = "doorbell" if service.type == S.DOORBELL else "button"
    entity = Entity(
        "event",
        unique_id(service),
        name,
        device_class=kind,
        capabilities={"event_types": [*_PRESSES.values()]},
    )

    def read(values: Values) -> Report:
        press = values.get(C.INPUT_EVENT)
        return None, {} if press is None else {"event_type": _PRESSES.get(press)}

    return Part(entity=entity, read=read)
