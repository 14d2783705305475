"""Fits what is asked of a light to what the light can do."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita import units
from casita.domains._colour import COLOUR_FIELDS, Whites, converted
from casita.domains._colour_names import colours_by_name
from casita.domains.fitting import Attributes, Data, supports
from casita.errors import did_you_mean

EFFECT: Final = 4
FLASH: Final = 8
TRANSITION: Final = 32
"""Bits of a light's ``supported_features``."""

_WITHOUT_BRIGHTNESS: Final = frozenset({"onoff", "unknown"})
_FULL: Final = 255


def fit(attributes: Attributes, data: Data) -> Data:
    """Return what a light is to do, in fields that it supports.

    Of colours it keeps at most one, of brightness only ``brightness``. All is kept of a light
    that does not tell its ``supported_color_modes``.
    """
    wanted = {key: value for key, value in data.items() if key not in _BRIGHTNESS_FIELDS}
    brightness = brightness_wanted(attributes, data)
    if brightness is not None:
        wanted["brightness"] = brightness
    wanted.pop("profile", None)
    _name_colour(wanted)
    if attributes.get("supported_color_modes") is not None:
        _fit_colour(attributes, wanted)
    if not supports(attributes, EFFECT) or "effect_list" not in attributes:
        wanted.pop("effect", None)
    return fit_off(attributes, wanted)


def fit_off(attributes: Attributes, data: Data) -> Data:
    """Return the data without a flash or transition that a light does not support."""
    wanted = dict(data)
    if not supports(attributes, FLASH):
        wanted.pop("flash", None)
    if not supports(attributes, TRANSITION):
        wanted.pop("transition", None)
    return wanted


def brightness_wanted(attributes: Attributes, data: Data) -> int | None:
    """Return the brightness that is asked for, 0 to 255; None if none is."""
    if "brightness" in data:
        return int(data["brightness"])
    if "brightness_pct" in data:
        return units.pct_to_byte(data["brightness_pct"])
    present = int(attributes.get("brightness") or 0)
    if "brightness_step" in data:
        present += int(data["brightness_step"])
    elif "brightness_step_pct" in data:
        present = units.pct_to_byte(units.byte_to_pct(present) + data["brightness_step_pct"])
    else:
        return None
    return min(max(present, 0), _FULL)


_BRIGHTNESS_FIELDS: Final = frozenset(
    {"brightness", "brightness_pct", "brightness_step", "brightness_step_pct"}
)


def _name_colour(wanted: dict[str, Any]) -> None:
    """Put a colour by name, in mireds or in ``kelvin`` the way that lights understand."""
    if "color_name" in wanted:
        wanted["rgb_color"] = _rgb_of_name(wanted.pop("color_name"))
    if "color_temp" in wanted:
        wanted["color_temp_kelvin"] = units.mired_to_kelvin(wanted.pop("color_temp"))
    if "kelvin" in wanted:
        wanted["color_temp_kelvin"] = wanted.pop("kelvin")


def _rgb_of_name(name: str) -> units.RGB:
    plain = name.replace(" ", "").lower()
    colour = colours_by_name().get(plain)
    if colour is None:
        hint = did_you_mean(plain, colours_by_name())
        raise vol.Invalid(f"color_name {name!r} is not a colour that CSS names.{hint}")
    return colour


def _fit_colour(attributes: Attributes, wanted: dict[str, Any]) -> None:
    modes = attributes["supported_color_modes"]
    for mode, field in COLOUR_FIELDS.items():
        if field in wanted:
            brightness = int(wanted.get("brightness") or attributes.get("brightness") or _FULL)
            colour = converted(mode, wanted.pop(field), modes, Whites.of(attributes), brightness)
            if colour is not None:
                wanted[COLOUR_FIELDS[colour[0]]] = colour[1]
            break
    _fit_white(attributes, wanted)
    if _WITHOUT_BRIGHTNESS.issuperset(modes):
        wanted.pop("brightness", None)


def _fit_white(attributes: Attributes, wanted: dict[str, Any]) -> None:
    """Give a white its brightness; a light without the mode ``white`` does not get it."""
    if "white" not in wanted:
        return
    level = wanted.pop("white")
    if "white" not in attributes["supported_color_modes"]:
        return
    if level is True:
        level = attributes.get("brightness") or _FULL
    wanted["white"] = wanted.pop("brightness", level)
