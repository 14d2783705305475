"""What the results of an entity's templates mean: numbers, yes and no, colours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import isfinite
from typing import Any, Final

from casita.states import UNAVAILABLE, UNKNOWN

_NOTHING: Final = frozenset({None, "", "None", UNKNOWN, UNAVAILABLE})
_ON: Final[Mapping[str, bool]] = {"on": True, "true": True, "off": False, "false": False}


class Unusable(ValueError):
    """A result that the field has no use for; says what it expected."""


def is_nothing(result: Any) -> bool:
    """Say whether a template gave no value: none, an empty text, ``unknown``."""
    return not isinstance(result, list | dict | set) and result in _NOTHING


def on_off(result: Any) -> bool:
    """Return true for on and true, false for off and false."""
    if isinstance(result, bool):
        return result
    found = _ON.get(str(result).lower())
    if found is None:
        raise Unusable("on, off, true or false")
    return found


def number(result: Any) -> float:
    """Return a number, a whole one as ``int``."""
    try:
        value = float(result)
    except (TypeError, ValueError):
        value = float("nan")
    if isinstance(result, bool) or not isfinite(value):
        raise Unusable("a number")
    return int(value) if value == int(value) else value


def within(low: float, high: float) -> Callable[[Any], int]:
    """Return what takes a number between limits, rounded down."""

    def check(result: Any) -> int:
        value = number(result)
        if not low <= value <= high:
            raise Unusable(f"a number from {low:g} to {high:g}")
        return int(value)

    return check


percentage: Final = within(0, 100)
byte: Final = within(0, 255)


def words(result: Any) -> list[str]:
    """Return a list of texts."""
    if not isinstance(result, list | tuple):
        raise Unusable("a list")
    return [str(one) for one in result]


def one_of(choices: Collection[str]) -> Callable[[Any], str]:
    """Return what takes one of several words."""

    def check(result: Any) -> str:
        word = str(result).lower()
        if word not in choices:
            raise Unusable(f"one of: {', '.join(choices)}")
        return word

    return check


def numbers(*limits: float) -> Callable[[Any], tuple[float, ...]]:
    """Return what takes as many numbers as there are upper limits, also from ``(1, 2)``."""

    def check(result: Any) -> tuple[float, ...]:
        parts = result.strip("()[] ").split(",") if isinstance(result, str) else result
        if not isinstance(parts, list | tuple) or len(parts) != len(limits):
            raise Unusable(f"{len(limits)} numbers")
        return tuple(within_limit(part, limit) for part, limit in zip(parts, limits, strict=True))

    return check


def within_limit(part: Any, limit: float) -> float:
    """Return a number from 0 to a limit."""
    value = number(part.strip() if isinstance(part, str) else part)
    if not 0 <= value <= limit:
        raise Unusable(f"numbers from 0 to {limit:g}")
    return value
