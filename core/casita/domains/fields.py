"""Fields that the services of several domains have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import voluptuous as vol

from casita_config.schemas import number

whole: Final = vol.All(number, vol.Coerce(int))
"""A whole number; what stands behind the point is dropped, as in Home Assistant."""
byte: Final = vol.All(whole, vol.Range(min=0, max=255))
percentage: Final = vol.All(whole, vol.Range(min=0, max=100))
fraction: Final = vol.All(number, vol.Range(min=0, max=1))
seconds: Final = vol.All(number, vol.Clamp(min=0, max=6553))


def numbers(*parts: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Return a validator for a list of exactly so many numbers, each with its own validator."""
    each = vol.ExactSequence(parts)

    def check(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != len(parts):
            raise vol.Invalid(f"expected a list of {len(parts)} numbers")
        return tuple(each(tuple(value)))

    return check
