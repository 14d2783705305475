"""Colours of lights: from the way they were given to one that a light can show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from casita import units
from casita.units import RGB

COLOUR_FIELDS: Final = {
    "hs": "hs_color",
    "rgb": "rgb_color",
    "rgbw": "rgbw_color",
    "rgbww": "rgbww_color",
    "xy": "xy_color",
    "color_temp": "color_temp_kelvin",
}
"""Where the value of each colour mode stands, in commands and in states."""

_NEXT_BEST: Final = {
    "hs": ("rgb", "rgbw", "rgbww", "xy", "color_temp"),
    "rgb": ("rgbw", "rgbww", "hs", "xy", "color_temp"),
    "rgbw": ("rgb", "rgbww", "hs", "xy", "color_temp"),
    "rgbww": ("rgb", "rgbw", "hs", "xy", "color_temp"),
    "xy": ("hs", "rgb", "rgbw", "rgbww", "color_temp"),
    "color_temp": ("rgbww", "hs", "rgb", "rgbw", "xy"),
}
"""Into which mode a colour is turned if the light lacks its own, as in Home Assistant."""


class Whites(NamedTuple):
    """The warmest and the coldest white of a light."""

    min_kelvin: int = 2000
    max_kelvin: int = 6535

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Whites:
        """Read them from a light's attributes."""
        lowest = attributes.get("min_color_temp_kelvin")
        highest = attributes.get("max_color_temp_kelvin")
        return cls(int(lowest or cls().min_kelvin), int(highest or cls().max_kelvin))


def converted(
    mode: str, value: Any, supported: Collection[str], whites: Whites, brightness: int
) -> tuple[str, Any] | None:
    """Return a colour in a mode that a light supports; None if it shows no colours.

    ``brightness`` (0 to 255) is what a colour temperature gets on separate whites.
    """
    if mode in supported:
        return mode, _in_range(mode, value, whites)
    target = next((one for one in _NEXT_BEST[mode] if one in supported), None)
    if target is None:
        return None
    if (mode, target) == ("color_temp", "rgbww"):
        return target, units.kelvin_to_rgbww(value, brightness, *whites)
    return target, _in_range(
        target, _FROM_RGB[target](_TO_RGB[mode](value, whites), whites), whites
    )


def readings(
    capabilities: Mapping[str, Any] | None = None,
    *,
    color_mode: str | None = None,
    brightness: int | None = None,
    effect: str | None = None,
    **colour: Any,
) -> dict[str, Any]:
    """Return all attributes that a light shows, from the colour that its device reports.

    ``colour`` is at most one of ``hs_color``, ``rgb_color``, ``rgbw_color``, ``rgbww_color``,
    ``xy_color`` and ``color_temp_kelvin``; the others are computed from it. ``color_mode`` need
    be given only where it does not follow from that. What a light does not show, as all of it
    while it is off, is None, so that `Entity.observe` takes it away::

        lamp.observe(True, **readings(lamp.capabilities, brightness=200, hs_color=(30, 80)))
        lamp.observe(False, **readings())
    """
    unknown = colour.keys() - set(COLOUR_FIELDS.values())
    given = [mode for mode, field in COLOUR_FIELDS.items() if colour.get(field) is not None]
    if unknown or len(given) > 1:
        raise TypeError(f"readings: give at most one colour, not {', '.join(sorted(colour))}")
    shown: dict[str, Any] = dict.fromkeys(COLOUR_FIELDS.values())
    if given:
        value = colour[COLOUR_FIELDS[given[0]]]
        shown |= _all_of(given[0], value, Whites.of(capabilities or {}))
    elif brightness is not None:
        color_mode = color_mode or "brightness"
    return {
        "color_mode": color_mode or (given[0] if given else None),
        "brightness": brightness,
        "effect": effect,
        **shown,
    }


def _all_of(mode: str, value: Any, whites: Whites) -> dict[str, Any]:
    rgb = _TO_RGB[mode](value, whites)
    hs = value if mode == "hs" else units.rgb_to_hs(rgb)
    xy = value if mode == "xy" else units.rgb_to_xy(rgb)
    return {
        "hs_color": [round(part, 3) for part in hs],
        "rgb_color": list(rgb),
        "xy_color": [round(part, 6) for part in xy],
        COLOUR_FIELDS[mode]: value if mode == "color_temp" else list(value),
    }


_TO_RGB: Final[Mapping[str, Callable[[Any, Whites], RGB]]] = {
    "rgb": lambda value, _: value,
    "hs": lambda value, _: units.hs_to_rgb(value),
    "xy": lambda value, _: units.xy_to_rgb(value),
    "rgbw": lambda value, _: units.rgbw_to_rgb(value),
    "rgbww": lambda value, whites: units.rgbww_to_rgb(value, *whites),
    "color_temp": lambda value, _: units.kelvin_to_rgb(value),
}
_FROM_RGB: Final[Mapping[str, Callable[[RGB, Whites], Any]]] = {
    "rgb": lambda rgb, _: rgb,
    "hs": lambda rgb, _: units.rgb_to_hs(rgb),
    "xy": lambda rgb, _: units.rgb_to_xy(rgb),
    "rgbw": lambda rgb, _: units.rgb_to_rgbw(rgb),
    "rgbww": lambda rgb, whites: units.rgb_to_rgbww(rgb, *whites),
    "color_temp": lambda rgb, _: units.xy_to_kelvin(units.rgb_to_xy(rgb)),
}


def _in_range(mode: str, value: Any, whites: Whites) -> Any:
    if mode == "color_temp":
        return min(max(value, whites.min_kelvin), whites.max_kelvin)
    return value
