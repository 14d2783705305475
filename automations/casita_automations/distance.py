"""How far apart two places on the earth are."""

from __future__ import annotations

from math import asin, atan, atan2, cos, radians, sin, sqrt, tan
from typing import Final

_AXIS_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
_POLAR_M: Final = _AXIS_M * (1 - _FLATTENING)
_MEAN_RADIUS_M: Final = 6_371_008.8
_ROUNDS: Final = 200
_CLOSE_ENOUGH: Final = 1e-12


def distance_m(
    latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float
) -> float:
    """Return the distance in metres between two places given in degrees (Vincenty, WGS 84)."""
    if (latitude_1, longitude_1) == (latitude_2, longitude_2):
        return 0.0
    angle = _angle(latitude_1, longitude_1, latitude_2, longitude_2)
    return (
        _on_sphere_m(latitude_1, longitude_1, latitude_2, longitude_2) if angle is None else angle
    )


def _angle(
    latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float
) -> float | None:
    """Return the distance by Vincenty's formula; None for points where it does not settle."""
    first = atan((1 - _FLATTENING) * tan(radians(latitude_1)))
    second = atan((1 - _FLATTENING) * tan(radians(latitude_2)))
    apart = turned = radians(longitude_2 - longitude_1)
    sin_1, cos_1, sin_2, cos_2 = sin(first), cos(first), sin(second), cos(second)
    for _ in range(_ROUNDS):
        sin_sigma = sqrt(
            (cos_2 * sin(turned)) ** 2 + (cos_1 * sin_2 - sin_1 * cos_2 * cos(turned)) ** 2
        )
        if sin_sigma == 0:
            return 0.0
        cos_sigma = sin_1 * sin_2 + cos_1 * cos_2 * cos(turned)
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_1 * cos_2 * sin(turned) / sin_sigma
        cos2_alpha = 1 - sin_alpha**2
        middle = cos_sigma - 2 * sin_1 * sin_2 / cos2_alpha if cos2_alpha else 0.0
        share = _FLATTENING / 16 * cos2_alpha * (4 + _FLATTENING * (4 - 3 * cos2_alpha))
        before = turned
        turned = apart + (1 - share) * _FLATTENING * sin_alpha * (
            sigma + share * sin_sigma * (middle + share * cos_sigma * (2 * middle**2 - 1))
        )
        if abs(turned - before) < _CLOSE_ENOUGH:
            return _length_m(sigma, sin_sigma, cos_sigma, cos2_alpha, middle)
    return None


def _length_m(
    sigma: float, sin_sigma: float, cos_sigma: float, cos2_alpha: float, middle: float
) -> float:
    squared = cos2_alpha * (_AXIS_M**2 - _POLAR_M**2) / _POLAR_M**2
    big_a = 1 + squared / 16384 * (4096 + squared * (-768 + squared * (320 - 175 * squared)))
    big_b = squared / 1024 * (256 + squared * (-128 + squared * (74 - 47 * squared)))
    correction = big_b * sin_sigma * (
        middle
        + big_b / 4 * (
            cos_sigma * (2 * middle**2 - 1)
            - big_b / 6 * middle * (4 * sin_sigma**2 - 3) * (4 * middle**2 - 3)
        )
    )  # fmt: skip
    return _POLAR_M * big_a * (sigma - correction)


def _on_sphere_m(
    latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float
) -> float:
    half_1 = sin(radians(latitude_2 - latitude_1) / 2) ** 2
    half_2 = sin(radians(longitude_2 - longitude_1) / 2) ** 2
    chord = half_1 + cos(radians(latitude_1)) * cos(radians(latitude_2)) * half_2
    return 2 * _MEAN_RADIUS_M * asin(min(1.0, sqrt(chord)))
