"""Numbers in templates."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from casita_automations.templates.words import NO_DEFAULT, Words, or_default

if TYPE_CHECKING:
    from casita_automations.templates.environment import Environment

_TRUE = frozenset({"1", "true", "yes", "on", "enable"})
_FALSE = frozenset({"0", "false", "no", "off", "disable"})


def words(environment: Environment) -> Words:
    """Return the words about numbers."""
    found = Words()
    named: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("float", to_float), ("int", to_int), ("bool", to_bool), ("is_number", is_number),
        ("log", log), ("average", average), ("median", median), ("statistical_mode", mode),
        ("clamp", clamp), ("wrap", wrap), ("remap", remap), ("bitwise_and", bitwise_and),
        ("bitwise_or", bitwise_or), ("bitwise_xor", bitwise_xor), ("atan2", atan2),
        *((name, _of_one(name, getattr(math, name)))
          for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sqrt")),
    )  # fmt: skip
    for name, function in named:
        found.add(name, function, filter=True)
    found.tests["is_number"] = is_number
    found.filters |= {"round": rounded, "add": add, "multiply": multiply, "ord": ord}
    found.functions |= {name: _extreme(environment, name) for name in ("min", "max")}
    found.functions |= {"e": math.e, "pi": math.pi, "tau": math.tau, "inf": math.inf}
    return found


def to_float(value: Any, default: Any = NO_DEFAULT) -> Any:
    """Return a float."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return or_default(default, "float", value)


def to_int(value: Any, default: Any = NO_DEFAULT, base: int = 10) -> Any:
    """Return a whole number; of a text in another base, or cut off from a float."""
    try:
        return _whole(value, base)
    except (ValueError, TypeError, OverflowError):
        return or_default(default, "int", value)


def _whole(value: Any, base: int) -> int:
    if not isinstance(value, str):
        return int(value)
    try:
        return int(value, base)
    except ValueError:
        return int(float(value))


def to_bool(value: Any, default: Any = NO_DEFAULT) -> Any:
    """Return true or false for what Home Assistant takes for it: on, yes, enable, 1, ..."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str) and (word := value.lower().strip()) in _TRUE | _FALSE:
        return word in _TRUE
    return or_default(default, "bool", value)


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number, or a text of one."""
    try:
        return math.isfinite(float(value))
    except (ValueError, TypeError):
        return False


def rounded(
    value: Any, precision: int = 0, method: str = "common", default: Any = NO_DEFAULT
) -> Any:
    """Round to so many places: ``common`` (half to even), ``ceil``, ``floor`` or ``half``."""
    try:
        number = float(value)
        scale = float(10**precision)
        if method == "ceil":
            number = math.ceil(number * scale) / scale
        elif method == "floor":
            number = math.floor(number * scale) / scale
        elif method == "half":
            number = round(number * 2) / 2
        else:
            number = round(number, precision)
        return int(number) if precision == 0 else number
    except (ValueError, TypeError, OverflowError):
        return or_default(default, "round", value)


def add(value: Any, amount: Any, default: Any = NO_DEFAULT) -> Any:
    """Add two numbers."""
    try:
        return float(value) + amount
    except (ValueError, TypeError):
        return or_default(default, "add", value)


def multiply(value: Any, amount: Any, default: Any = NO_DEFAULT) -> Any:
    """Multiply two numbers."""
    try:
        return float(value) * amount
    except (ValueError, TypeError):
        return or_default(default, "multiply", value)


def log(value: Any, base: Any = math.e, default: Any = NO_DEFAULT) -> Any:
    """Return a logarithm."""
    try:
        return math.log(float(value), float(base))
    except (ValueError, TypeError, ZeroDivisionError):
        return or_default(default, "log", value)


def atan2(*args: Any, default: Any = NO_DEFAULT) -> Any:
    """Return the angle of a point, given as two numbers or one pair."""
    try:
        if len(args) in (1, 2) and isinstance(args[0], list | tuple):
            pair, rest = args[0], args[1:]
        else:
            pair, rest = args[:2], args[2:]
        default = rest[0] if rest else default
        return math.atan2(float(pair[0]), float(pair[1]))
    except (ValueError, TypeError, IndexError):
        return or_default(default, "atan2", args)


def average(*args: Any, default: Any = NO_DEFAULT) -> Any:
    """Return the mean of numbers, given singly or as a list."""
    return _of_many("average", statistics.fmean, args, default)


def median(*args: Any, default: Any = NO_DEFAULT) -> Any:
    """Return the median of numbers, given singly or as a list."""
    return _of_many("median", statistics.median, args, default)


def mode(*args: Any, default: Any = NO_DEFAULT) -> Any:
    """Return the most frequent of values, given singly or as a list."""
    if not args:
        raise TypeError("statistical_mode expects at least one argument")
    values = args[0] if len(args) == 1 or isinstance(args[0], list | tuple) else args
    try:
        return statistics.mode(list(values))
    except (statistics.StatisticsError, TypeError):
        return or_default(default, "statistical_mode", args)


def clamp(value: Any, low: Any, high: Any) -> Any:
    """Return a number, or the nearer of the limits that it lies beyond."""
    return max(low, min(high, value))


def wrap(value: Any, low: Any, high: Any) -> Any:
    """Return a number wrapped into a range."""
    return (value - low) % (high - low) + low if high != low else low


def remap(value: Any, in_low: Any, in_high: Any, out_low: Any, out_high: Any) -> Any:
    """Return a number carried over from one range to another."""
    return out_low + (value - in_low) * (out_high - out_low) / (in_high - in_low)


def bitwise_and(first: Any, second: Any) -> Any:
    """Return the bits that both have."""
    return first & second


def bitwise_or(first: Any, second: Any) -> Any:
    """Return the bits that either has."""
    return first | second


def bitwise_xor(first: Any, second: Any) -> Any:
    """Return the bits that one of them has."""
    return first ^ second


def _extreme(environment: Environment, name: str) -> Callable[..., Any]:
    """Return Jinja's filter as a function of one list, or of several values."""
    jinjas = environment.filters[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        if not args:
            raise TypeError(f"{name} expects at least one argument")
        if len(args) == 1 and not isinstance(args[0], Iterable):
            raise TypeError(f"{name} expects a list, or several values")
        return jinjas(environment, args[0] if len(args) == 1 else args, **kwargs)

    return call


def _of_one(name: str, function: Callable[[float], float]) -> Callable[..., Any]:
    def call(value: Any, default: Any = NO_DEFAULT) -> Any:
        try:
            return function(float(value))
        except (ValueError, TypeError):
            return or_default(default, name, value)

    return call


def _of_many(
    name: str, function: Callable[[Iterable[float]], Any], args: tuple[Any, ...], default: Any
) -> Any:
    if not args:
        raise TypeError(f"{name} expects at least one argument")
    if isinstance(args[0], list | tuple | set) or hasattr(args[0], "__next__"):
        values: Iterable[Any] = args[0]
        if len(args) > 1 and default is NO_DEFAULT:
            default = args[1]
    elif len(args) == 1:
        raise TypeError(f"{name} expects a list, or several numbers")
    else:
        values = args
    try:
        return function(list(values))
    except (ValueError, TypeError, statistics.StatisticsError):
        return or_default(default, name, args)
