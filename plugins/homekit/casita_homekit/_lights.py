"""Lights and fans."""

from __future__ import annotations

from typing import Any, Final

from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services import ServicesTypes as S
from aiohomekit.model.services.service import Service

from casita import Command, Entity
from casita.units import byte_to_pct, hs_to_rgb, kelvin_to_mired, mired_to_kelvin, pct_to_byte
from casita_homekit._part import Part, Report, Values, Writes, limit, unique_id

KINDS: Final = frozenset([S.LIGHTBULB, S.FAN, S.FAN_V2])


def parts(service: Service, name: str | None) -> list[Part]:
    """Return the entity of a light or a fan."""
    return [_light(service, name) if service.type == S.LIGHTBULB else _fan(service, name)]


def _light(service: Service, name: str | None) -> Part:
    modes = _modes(service)
    capabilities: dict[str, Any] = {"supported_color_modes": modes}
    if "color_temp" in modes:
        warmest = limit(service, C.COLOR_TEMPERATURE, low=False) or 500
        coldest = limit(service, C.COLOR_TEMPERATURE, low=True) or 140
        capabilities["min_color_temp_kelvin"] = mired_to_kelvin(warmest)
        capabilities["max_color_temp_kelvin"] = mired_to_kelvin(coldest)
    entity = Entity("light", unique_id(service), name, capabilities=capabilities)

    def read(values: Values) -> Report:
        on = bool(values.get(C.ON))
        return on, _light_readings(values, modes) if on else dict.fromkeys(_LIGHT_READINGS)

    return Part(entity=entity, read=read, write=_write_light)


def _modes(service: Service) -> list[str]:
    modes = []
    if service.has(C.COLOR_TEMPERATURE):
        modes.append("color_temp")
    if service.has(C.HUE) and service.has(C.SATURATION):
        modes.append("hs")
    if modes:
        return modes
    return ["brightness"] if service.has(C.BRIGHTNESS) else ["onoff"]


_LIGHT_READINGS: Final = ("brightness", "color_mode", "hs_color", "rgb_color", "color_temp_kelvin")


def _light_readings(values: Values, modes: list[str]) -> dict[str, Any]:
    """Return a burning light's attributes; None takes away what does not apply."""
    readings: dict[str, Any] = dict.fromkeys(_LIGHT_READINGS)
    if C.BRIGHTNESS in values:
        readings["brightness"] = pct_to_byte(values[C.BRIGHTNESS] or 0)
    if "hs" in modes and ("color_temp" not in modes or (values.get(C.SATURATION) or 0) > 0):
        colour = (float(values.get(C.HUE) or 0), float(values.get(C.SATURATION) or 0))
        readings |= {
            "color_mode": "hs", "hs_color": list(colour), "rgb_color": list(hs_to_rgb(colour)),
        }  # fmt: skip
    elif "color_temp" in modes:
        mired = values.get(C.COLOR_TEMPERATURE)
        readings["color_mode"] = "color_temp"
        readings["color_temp_kelvin"] = mired_to_kelvin(mired) if mired else None
    else:
        readings["color_mode"] = modes[0]
    return readings


def _write_light(command: Command, values: Values) -> Writes:
    if command.action == "turn_off":
        return {C.ON: False}
    data = command.data
    writes: dict[str, Any] = {C.ON: True}
    if "brightness" in data:
        writes[C.BRIGHTNESS] = max(1, byte_to_pct(data["brightness"]))
    if "hs_color" in data:
        hue, saturation = data["hs_color"]
        writes |= {C.HUE: round(hue), C.SATURATION: round(saturation)}
    if "color_temp_kelvin" in data:
        writes[C.COLOR_TEMPERATURE] = kelvin_to_mired(data["color_temp_kelvin"])
    return writes


def _fan(service: Service, name: str | None) -> Part:
    power = C.ON if service.type == S.FAN else C.ACTIVE
    speeds = service.has(C.ROTATION_SPEED)

    def read(values: Values) -> Report:
        on = bool(values.get(power))
        readings: dict[str, Any] = {}
        if speeds:
            readings["percentage"] = round(values.get(C.ROTATION_SPEED) or 0) if on else 0
        if service.has(C.ROTATION_DIRECTION):
            readings["direction"] = "reverse" if values.get(C.ROTATION_DIRECTION) else "forward"
        if service.has(C.SWING_MODE):
            readings["oscillating"] = bool(values.get(C.SWING_MODE))
        return on, readings

    def write(command: Command, values: Values) -> Writes:
        return _write_fan(command, power, on=lambda on: on if power == C.ON else int(on))

    entity = Entity("fan", unique_id(service), name, capabilities={"percentage_step": 1.0})
    return Part(entity=entity, read=read, write=write)


def _write_fan(command: Command, power: str, on: Any) -> Writes:
    data = command.data
    match command.action:
        case "turn_off":
            return {power: on(False)}
        case "set_percentage" if data["percentage"] == 0:
            return {power: on(False)}
        case "turn_on" | "set_percentage":
            speed = {C.ROTATION_SPEED: data["percentage"]} if "percentage" in data else {}
            return {power: on(True), **speed}
        case "set_direction":
            return {C.ROTATION_DIRECTION: int(data["direction"] == "reverse")}
        case "oscillate":
            return {C.SWING_MODE: int(data["oscillating"])}
    return {}
