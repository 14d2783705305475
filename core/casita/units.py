"""Conversions between the units that devices and people use."""

from __future__ import annotations

import colorsys
from typing import Final

RGB = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""
HS = tuple[float, float]
"""Hue in degrees (0 to 360) and saturation in percent (0 to 100)."""
XY = tuple[float, float]
"""A point in the CIE 1931 colour space."""

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
    x, y = colour[0], colour[1] or 1e-11
    big_x, big_z = x / y, (1 - x - y) / y
    linear = (
        big_x * 1.656492 - 0.354851 - big_z * 0.255038,
        -big_x * 0.707196 + 1.655397 + big_z * 0.036152,
        big_x * 0.051713 - 0.121364 + big_z * 1.011530,
    )
    encoded = [_encoded(max(0.0, part)) for part in linear]
    top = max(*encoded, 1e-11)
    scale = _MAX_BYTE / top if top > 1 else _MAX_BYTE
    red, green, blue = (min(_MAX_BYTE, round(part * scale)) for part in encoded)
    return red, green, blue


def _linear(part: float) -> float:
    return float(((part + 0.055) / 1.055) ** 2.4) if part > 0.04045 else part / 12.92


def _encoded(part: float) -> float:
    return float(1.055 * part ** (1 / 2.4) - 0.055) if part > 0.0031308 else part * 12.92
