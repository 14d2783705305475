"""Conversions between the units that devices and people use."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from typing import Final

RGB = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""
HS = tuple[float, float]
"""Hue in degrees (0 to 360) and saturation in percent (0 to 100)."""
XY = tuple[float, float]
"""A point in the CIE 1931 colour space."""
RGBW = tuple[int, int, int, int]
"""Red, green, blue and a white channel, 0 to 255 each."""
RGBWW = tuple[int, int, int, int, int]
"""Red, green, blue, cold white and warm white, 0 to 255 each."""

_MAX_BYTE: Final = 255


def byte_to_pct(value: float) -> int:
    """Turn 0 to 255 into whole percent."""
    return round(value * 100 / _MAX_BYTE)


def pct_to_byte(value_pct: float) -> int:
    """Turn percent into 0 to 255."""
    return round(value_pct * _MAX_BYTE / 100)


def mired_to_kelvin(value_mired: float) -> int:
    """Turn reciprocal megakelvin into kelvin, rounded down."""
    return int(1_000_000 / value_mired)


def kelvin_to_mired(value_kelvin: float) -> int:
    """Turn kelvin into reciprocal megakelvin, rounded down."""
    return int(1_000_000 / value_kelvin)


def celsius_to_fahrenheit(value: float) -> float:
    """Turn degrees Celsius into degrees Fahrenheit."""
    return value * 9 / 5 + 32


def fahrenheit_to_celsius(value: float) -> float:
    """Turn degrees Fahrenheit into degrees Celsius."""
    return (value - 32) * 5 / 9


def hs_to_rgb(colour: HS) -> RGB:
    """Turn hue and saturation, at full brightness, into red, green and blue."""
    red, green, blue = colorsys.hsv_to_rgb(colour[0] / 360, colour[1] / 100, 1)
    return round(red * _MAX_BYTE), round(green * _MAX_BYTE), round(blue * _MAX_BYTE)


def rgb_to_hs(colour: RGB) -> HS:
    """Turn red, green and blue into hue and saturation; their brightness is dropped."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / _MAX_BYTE for part in colour))
    return round(hue * 360, 3), round(saturation * 100, 3)


def rgb_to_xy(colour: RGB) -> XY:
    """Turn sRGB into CIE 1931 xy (Philips' wide-gamut matrix, as lights expect it)."""
    red, green, blue = (_linear(part / _MAX_BYTE) for part in colour)
    x = red * 0.664511 + green * 0.154324 + blue * 0.162028
    y = red * 0.283881 + green * 0.668433 + blue * 0.047685
    z = red * 0.000088 + green * 0.072310 + blue * 0.986039
    total = x + y + z
    return (round(x / total, 3), round(y / total, 3)) if total else (0.0, 0.0)


def xy_to_rgb(colour: XY) -> RGB:
    """Turn CIE 1931 xy, at full brightness, into sRGB."""
    x, y = colour[0], max(colour[1], 1e-11)
    big_x, big_z = x / y, (1 - x - y) / y
    linear = (
        big_x * 1.656492 - 0.354851 - big_z * 0.255038,
        -big_x * 0.707196 + 1.655397 + big_z * 0.036152,
        big_x * 0.051713 - 0.121364 + big_z * 1.011530,
    )
    encoded = [_encoded(max(0.0, part)) for part in linear]
    top = max(*encoded, 1.0)
    red, green, blue = (int(part / top * _MAX_BYTE) for part in encoded)
    return red, green, blue


def xy_to_kelvin(colour: XY) -> int:
    """Return the colour temperature that is nearest to a point (McCamy's formula)."""
    x, y = colour
    n = (x - 0.3320) / ((0.1858 - y) or 1e-11)
    return int(437 * n**3 + 3601 * n**2 + 6861 * n + 5517)


def kelvin_to_rgb(value_kelvin: float) -> RGB:
    """Return how a white of 1000 to 40000 K looks (Tanner Helland's approximation)."""
    hundreds = min(max(value_kelvin, 1000), 40000) / 100
    if hundreds <= 66:
        red = 255.0
        green = 99.4708025861 * math.log(hundreds) - 161.1195681661
    else:
        red = 329.698727446 * (hundreds - 60) ** -0.1332047592
        green = 288.1221695283 * (hundreds - 60) ** -0.0755148492
    if hundreds >= 66:
        blue = 255.0
    elif hundreds <= 19:
        blue = 0.0
    else:
        blue = 138.5177312231 * math.log(hundreds - 10) - 305.0447927307
    return _byte(red), _byte(green), _byte(blue)


def rgb_to_rgbw(colour: RGB) -> RGBW:
    """Move what red, green and blue have in common to a white channel."""
    white = min(colour)
    red, green, blue = (part - white for part in colour)
    red, green, blue, white = _scaled_like(colour, (red, green, blue, white))
    return red, green, blue, white


def rgbw_to_rgb(colour: RGBW) -> RGB:
    """Show a white channel with red, green and blue."""
    *parts, white = colour
    red, green, blue = _scaled_like(colour, [part + white for part in parts])
    return red, green, blue


def rgb_to_rgbww(colour: RGB, min_kelvin: int, max_kelvin: int) -> RGBWW:
    """Move the white of a colour to a cold and a warm channel, in equal parts.

    ``min_kelvin`` is the temperature of the warm channel, ``max_kelvin`` that of the cold one.
    """
    white = kelvin_to_rgb(_mixed_kelvin(0.5, min_kelvin, max_kelvin))
    level = min(
        part / of_white if of_white else 0.0 for part, of_white in zip(colour, white, strict=True)
    )
    rest = [part - of_white * level for part, of_white in zip(colour, white, strict=True)]
    both = round(level * _MAX_BYTE)
    red, green, blue, cold, warm = _scaled_like(colour, [*rest, both, both])
    return red, green, blue, cold, warm


def rgbww_to_rgb(colour: RGBWW, min_kelvin: int, max_kelvin: int) -> RGB:
    """Show a cold and a warm white channel with red, green and blue."""
    *parts, cold, warm = colour
    warmth = warm / (cold + warm) if cold + warm else 0.5
    white = kelvin_to_rgb(_mixed_kelvin(warmth, min_kelvin, max_kelvin))
    level = max(cold, warm) / _MAX_BYTE
    mixed = [part + of_white * level for part, of_white in zip(parts, white, strict=True)]
    red, green, blue = _scaled_like(colour, mixed)
    return red, green, blue


def kelvin_to_rgbww(value_kelvin: int, brightness: int, min_kelvin: int, max_kelvin: int) -> RGBWW:
    """Mix a colour temperature from a cold and a warm channel; ``brightness`` is 0 to 255."""
    warmest, coldest = kelvin_to_mired(min_kelvin), kelvin_to_mired(max_kelvin)
    wanted = min(max(kelvin_to_mired(value_kelvin), coldest), warmest)
    share = (warmest - wanted) / (warmest - coldest) if warmest != coldest else 0.5
    cold = share * brightness
    return 0, 0, 0, round(cold), round(brightness - cold)


def _mixed_kelvin(warmth: float, min_kelvin: int, max_kelvin: int) -> int:
    """Return the temperature of a mixture; 1 is warm alone, 0 is cold alone."""
    coldest = kelvin_to_mired(max_kelvin)
    return mired_to_kelvin(coldest + warmth * (kelvin_to_mired(min_kelvin) - coldest))


def _scaled_like(given: Sequence[int], parts: Sequence[float]) -> list[int]:
    """Scale channels so that the brightest is as bright as the brightest given."""
    top = max(parts)
    factor = max(given) / top if top else 0.0
    return [round(part * factor) for part in parts]


def _byte(value: float) -> int:
    return round(min(max(value, 0), _MAX_BYTE))


def _linear(part: float) -> float:
    return float(((part + 0.055) / 1.055) ** 2.4) if part > 0.04045 else part / 12.92


def _encoded(part: float) -> float:
    return float(1.055 * part ** (1 / 2.4) - 0.055) if part > 0.0031308 else part * 12.92
