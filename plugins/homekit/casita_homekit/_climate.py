"""Thermostats, and heaters and coolers."""

from __future__ import annotations

from typing import Any, Final

from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services import ServicesTypes as S
from aiohomekit.model.services.service import Service

from casita import Command, Entity
from casita_homekit._part import Part, Report, Values, Writes, limit, unique_id

KINDS: Final = frozenset([S.THERMOSTAT, S.HEATER_COOLER])

_MODES: Final = {0: "off", 1: "heat", 2: "cool", 3: "heat_cool"}
_MODE_NUMBERS: Final = {mode: number for number, mode in _MODES.items()}
_ACTIONS: Final = {0: "idle", 1: "heating", 2: "cooling"}
_HC_MODES: Final = {0: "heat_cool", 1: "heat", 2: "cool"}
_HC_MODE_NUMBERS: Final = {mode: number for number, mode in _HC_MODES.items()}
_HC_ACTIONS: Final = {0: "off", 1: "idle", 2: "heating", 3: "cooling"}


def parts(service: Service, name: str | None) -> list[Part]:
    """Return the entity of a thermostat, or of a heater or cooler."""
    return [_thermostat(service, name) if service.type == S.THERMOSTAT else _heater(service, name)]


def _thermostat(service: Service, name: str | None) -> Part:
    valid = service[C.HEATING_COOLING_TARGET].valid_values or list(_MODES)
    entity = Entity(
        "climate",
        unique_id(service),
        name,
        capabilities={
            "hvac_modes": [_MODES[number] for number in valid if number in _MODES],
            "min_temp": limit(service, C.TEMPERATURE_TARGET, low=True) or 10,
            "max_temp": limit(service, C.TEMPERATURE_TARGET, low=False) or 38,
        },
    )

    def read(values: Values) -> Report:
        mode = _MODES.get(values.get(C.HEATING_COOLING_TARGET, -1))
        action = _ACTIONS.get(values.get(C.HEATING_COOLING_CURRENT, -1))
        readings: dict[str, Any] = {
            "current_temperature": values.get(C.TEMPERATURE_CURRENT),
            "temperature": values.get(C.TEMPERATURE_TARGET),
            "current_humidity": values.get(C.RELATIVE_HUMIDITY_CURRENT),
            "hvac_action": "off" if mode == "off" else action,
        }
        if mode == "heat_cool":
            readings["target_temp_low"] = values.get(C.TEMPERATURE_HEATING_THRESHOLD)
            readings["target_temp_high"] = values.get(C.TEMPERATURE_COOLING_THRESHOLD)
        return mode, readings

    return Part(entity=entity, read=read, write=_write_thermostat)


def _write_thermostat(command: Command, values: Values) -> Writes:
    mode = _asked_mode(command)
    writes: dict[str, Any] = {}
    if mode in _MODE_NUMBERS:
        writes[C.HEATING_COOLING_TARGET] = _MODE_NUMBERS[mode]
    return writes | _temperatures(command, C.TEMPERATURE_TARGET)


def _heater(service: Service, name: str | None) -> Part:
    entity = Entity(
        "climate",
        unique_id(service),
        name,
        capabilities={
            "hvac_modes": ["off", *_heater_modes(service)],
            "min_temp": limit(service, C.TEMPERATURE_HEATING_THRESHOLD, low=True) or 7,
            "max_temp": limit(service, C.TEMPERATURE_COOLING_THRESHOLD, low=False) or 35,
        },
    )

    def read(values: Values) -> Report:
        mode = _HC_MODES.get(values.get(C.TARGET_HEATER_COOLER_STATE, -1))
        state = mode if values.get(C.ACTIVE) else "off"
        kind = _threshold(state)
        return state, {
            "current_temperature": values.get(C.TEMPERATURE_CURRENT),
            "temperature": values.get(kind) if kind else None,
            "hvac_action": _HC_ACTIONS.get(values.get(C.CURRENT_HEATER_COOLER_STATE, -1)),
        }

    def write(command: Command, values: Values) -> Writes:
        mode = _asked_mode(command)
        if mode == "off":
            return {C.ACTIVE: 0}
        writes: dict[str, Any] = {}
        if command.action in ("turn_on", "set_hvac_mode"):
            writes[C.ACTIVE] = 1
        if mode in _HC_MODE_NUMBERS:
            writes |= {C.ACTIVE: 1, C.TARGET_HEATER_COOLER_STATE: _HC_MODE_NUMBERS[mode]}
        present = mode or _HC_MODES.get(values.get(C.TARGET_HEATER_COOLER_STATE, -1))
        return writes | _temperatures(command, _threshold(present))

    return Part(entity=entity, read=read, write=write)


def _heater_modes(service: Service) -> list[str]:
    valid = service[C.TARGET_HEATER_COOLER_STATE].valid_values or list(_HC_MODES)
    return [_HC_MODES[number] for number in valid if number in _HC_MODES]


def _threshold(mode: str | None) -> str | None:
    """Return the characteristic that holds the wanted temperature in a mode."""
    return {
        "heat": C.TEMPERATURE_HEATING_THRESHOLD,
        "cool": C.TEMPERATURE_COOLING_THRESHOLD,
    }.get(mode or "")


def _asked_mode(command: Command) -> str | None:
    if command.action == "turn_off":
        return "off"
    mode = command.data.get("hvac_mode")
    return None if mode is None else str(mode)


def _temperatures(command: Command, single: str | None) -> dict[str, Any]:
    fields = {
        "temperature": single,
        "target_temp_low": C.TEMPERATURE_HEATING_THRESHOLD,
        "target_temp_high": C.TEMPERATURE_COOLING_THRESHOLD,
    }
    return {
        kind: command.data[field]
        for field, kind in fields.items()
        if kind is not None and command.data.get(field) is not None
    }
