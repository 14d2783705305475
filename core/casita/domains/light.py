"""Lights: brightness, colour, effect."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.domains._colour import readings as readings
from casita.domains._light_fit import brightness_wanted, fit, fit_off
from casita.domains.fields import byte, numbers, seconds, whole
from casita.domains.fitting import Data, fields_of, only, toggling
from casita.events import State
from casita.services import Kind, Service
from casita_config.schemas import number, string

_hue: Final = vol.All(number, vol.Range(min=0, max=360))
_pct: Final = vol.All(number, vol.Range(min=0, max=100))
_fraction: Final = vol.All(number, vol.Range(min=0, max=1))
_temperature: Final = vol.All(whole, vol.Range(min=1))


def _colour(name: str) -> vol.Exclusive:
    return vol.Exclusive(name, "colour", msg="only one of the fields for a colour can be used")


def _brightness(name: str) -> vol.Exclusive:
    return vol.Exclusive(
        name, "brightness", msg="only one of the fields for brightness can be used"
    )


def _white(value: Any) -> Any:
    return True if value is True else byte(value)


TURN_OFF: Final = vol.Schema(
    {vol.Optional("transition"): seconds, vol.Optional("flash"): vol.In(("short", "long"))}
)
TURN_ON: Final = TURN_OFF.extend(
    {
        _brightness("brightness"): vol.All(whole, vol.Clamp(min=0, max=255)),
        _brightness("brightness_pct"): _pct,
        _brightness("brightness_step"): vol.All(whole, vol.Clamp(min=-255, max=255)),
        _brightness("brightness_step_pct"): vol.All(number, vol.Clamp(min=-100, max=100)),
        _colour("color_name"): string,
        _colour("color_temp"): _temperature,
        _colour("color_temp_kelvin"): _temperature,
        _colour("kelvin"): _temperature,
        _colour("hs_color"): numbers(_hue, _pct),
        _colour("rgb_color"): numbers(byte, byte, byte),
        _colour("rgbw_color"): numbers(byte, byte, byte, byte),
        _colour("rgbww_color"): numbers(byte, byte, byte, byte, byte),
        _colour("xy_color"): numbers(_fraction, _fraction),
        _colour("white"): _white,
        _colour("profile"): string,
        vol.Optional("effect"): string,
    }
)
_OFF_FIELDS: Final = fields_of(TURN_OFF)


def _zero_is_off(state: State, data: Data) -> tuple[str, Data] | None:
    """Turn a light off that is asked for no brightness at all."""
    if brightness_wanted(state.attributes, data) == 0 or data.get("white", True) == 0:
        return "light.turn_off", only(data, _OFF_FIELDS)
    return None


SERVICES: Final = (
    Service(
        domain="light",
        name="turn_on",
        schema=TURN_ON,
        redirect=_zero_is_off,
        prepare=fit,
        description="Turn a light on, or change its brightness, colour or effect.",
    ),
    Service(
        domain="light",
        name="turn_off",
        schema=TURN_OFF,
        prepare=fit_off,
        description="Turn a light off.",
    ),
    Service(
        domain="light",
        name="toggle",
        schema=TURN_ON,
        kind=Kind.PULSE,
        redirect=toggling("light", off_fields=_OFF_FIELDS),
        description="Turn a light off if it is on, or else on.",
    ),
)
