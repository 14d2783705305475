"""Climate: heating, cooling, air conditioners, thermostats."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fields import whole
from casita.domains.fitting import (
    EMPTY,
    Attributes,
    Data,
    check_choice,
    check_range,
    choosing,
    has_feature,
    toggling,
)
from casita.events import State
from casita.services import Kind, Service
from casita_config.schemas import number, string

_TURN_OFF: Final = 128
_TURN_ON: Final = 256
_TEMPERATURES: Final = ("temperature", "target_temp_high", "target_temp_low")
_TOGETHER: Final = "target_temp_high and target_temp_low go together"
_FIRST_CHOICE: Final = ("heat_cool", "heat", "cool")

_service = partial(Service, domain="climate")


def _check_temperatures(attributes: Attributes, data: Data) -> Data:
    given = [field for field in _TEMPERATURES if field in data]
    if not given:
        raise vol.Invalid(f"give one of: {', '.join(_TEMPERATURES)}")
    for field in given:
        check_range(attributes, "min_temp", "max_temp", data[field], field)
    if "target_temp_low" in data and data["target_temp_low"] > data["target_temp_high"]:
        raise vol.Invalid("target_temp_low is above target_temp_high")
    if "hvac_mode" in data:
        check_choice(attributes, "hvac_modes", data["hvac_mode"], "hvac_mode")
    return data


def _check_humidity(attributes: Attributes, data: Data) -> Data:
    check_range(attributes, "min_humidity", "max_humidity", data["humidity"], "humidity")
    return data


def _turn_on(state: State, data: Data) -> tuple[str, Data] | None:
    """Choose a mode for a device that cannot be turned on by itself."""
    if has_feature(state.attributes, _TURN_ON):
        return None
    modes = [one for one in state.attributes.get("hvac_modes", ()) if one != "off"]
    best = next((one for one in _FIRST_CHOICE if one in modes), modes[0] if modes else None)
    return ("climate.set_hvac_mode", {"hvac_mode": best}) if best else None


def _turn_off(state: State, data: Data) -> tuple[str, Data] | None:
    if has_feature(state.attributes, _TURN_OFF):
        return None
    if "off" not in state.attributes.get("hvac_modes", ()):
        return None
    return "climate.set_hvac_mode", {"hvac_mode": "off"}


def _choice(name: str, field: str, listed_in: str, description: str) -> Service:
    return _service(
        name=name,
        schema=vol.Schema({vol.Required(field): string}),
        prepare=choosing(**{field: listed_in}),
        description=description,
    )


SERVICES: Final = (
    _service(
        name="turn_on",
        schema=EMPTY,
        redirect=_turn_on,
        description="Turn on; it heats, cools or both, whatever the device can.",
    ),
    _service(name="turn_off", schema=EMPTY, redirect=_turn_off, description="Turn off."),
    _service(
        name="toggle",
        schema=EMPTY,
        kind=Kind.PULSE,
        redirect=toggling("climate", ("off",)),
        description="Turn on if it is off, or else off.",
    ),
    _service(
        name="set_temperature",
        schema=vol.Schema(
            {
                vol.Exclusive("temperature", "temperature"): number,
                vol.Inclusive("target_temp_high", "range", msg=_TOGETHER): number,
                vol.Inclusive("target_temp_low", "range", msg=_TOGETHER): number,
                vol.Optional("hvac_mode"): string,
            }
        ),
        prepare=_check_temperatures,
        description="Set the wanted temperature, or the range of it.",
    ),
    _service(
        name="set_humidity",
        schema=vol.Schema({vol.Required("humidity"): vol.All(whole, vol.Range(min=0, max=100))}),
        prepare=_check_humidity,
        description="Set the wanted humidity, in percent.",
    ),
    _choice("set_hvac_mode", "hvac_mode", "hvac_modes", "Choose what it does: heat, cool, off."),
    _choice("set_fan_mode", "fan_mode", "fan_modes", "Choose how the fan runs."),
    _choice("set_preset_mode", "preset_mode", "preset_modes", "Choose a preset, as away or eco."),
    _choice("set_swing_mode", "swing_mode", "swing_modes", "Choose how the air is swung."),
    _choice(
        "set_swing_horizontal_mode",
        "swing_horizontal_mode",
        "swing_horizontal_modes",
        "Choose how the air is swung from side to side.",
    ),
)
