"""What a template of a device may compute: nothing that a hub would notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2.exceptions import SecurityError

SIZE_LIMIT: Final = 100_000
"""Characters of a text, items of a list, that a template may build."""
ROUNDS_LIMIT: Final = 20_000
"""Rounds of all loops in one rendering."""
_PART_LIMIT: Final = 1_000
"""Characters of a text that is put into another many times."""
_BITS_LIMIT: Final = 10_000
_WIDTH: Final = re.compile(r"\d{4,}|\*")

BINOPS: Final = frozenset(("+", "*", "**", "%"))
"""Operators that have to pass `check_binop`."""


def check_binop(operator: str, left: Any, right: Any) -> None:
    """Raise `SecurityError` for an operation whose result would be too large."""
    if operator == "%":
        if isinstance(left, str):
            _check_format(left)
    elif isinstance(left, int) and isinstance(right, int):
        _check_bits(operator, left, right)
    elif operator == "+":
        _check_size(_size(left) + _size(right))
    elif operator == "*":
        times = right if isinstance(right, int) else left
        _check_size(max(_size(left), _size(right)) * (times if isinstance(times, int) else 1))


def check_call(function: Any, args: Iterable[Any]) -> None:
    """Raise `SecurityError` for a method of a text that would make too long a one."""
    function = getattr(function, "__wrapped__", function)  # Jinja wraps str.format
    text = getattr(function, "__self__", None)
    if not isinstance(text, (str, bytes)):
        return
    name = getattr(function, "__name__", "")
    if isinstance(text, str) and name in ("format", "format_map"):
        _check_format(text)
    for one in args:
        if isinstance(one, int) and one > SIZE_LIMIT:
            raise SecurityError("that would make too long a text")
        if name in ("replace", "translate") and _size(one) > _PART_LIMIT:
            raise SecurityError("that would make too long a text")
        if name == "join" and isinstance(one, Iterable):
            _check_size(sum(_size(part) + len(text) for part in one))


def sized(value: Any) -> Any:
    """Return a text as it is, or raise `SecurityError` if it is too long to go on with."""
    _check_size(_size(value))
    return value


def limited_range(*args: int) -> range:
    """Return a range that is not too long."""
    found = range(*args)
    if len(found) > ROUNDS_LIMIT:
        raise SecurityError(f"a range of more than {ROUNDS_LIMIT}")
    return found


def filters(known: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return Jinja's filters without those that fill up, and with bounds where they repeat."""
    left = {key: one for key, one in known.items() if key not in _UNBOUNDED}
    do_replace = known["replace"]
    do_format = known["format"]

    def replace(*args: Any, **kwargs: Any) -> Any:
        """Replace a part of a text."""
        if any(_size(one) > _PART_LIMIT for one in args[-1:]):
            raise SecurityError("that would make too long a text")
        return sized(do_replace(*args, **kwargs))

    def join(value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
        """Join the parts of a list."""
        parts = [str(one if attribute is None else one[attribute]) for one in value]
        _check_size(sum(len(one) + len(d) for one in parts))
        return d.join(parts)

    def format(value: str, *args: Any, **kwargs: Any) -> Any:
        """Put values into a pattern with %."""
        _check_format(value)
        return do_format(value, *args, **kwargs)

    # The evaluation context that Jinja's own replace wants is passed on.
    replace.jinja_pass_arg = do_replace.jinja_pass_arg  # type: ignore[attr-defined]  # Jinja's mark
    return {**left, "replace": replace, "join": join, "format": format}


_UNBOUNDED: Final = frozenset(("center", "indent", "wordwrap", "pprint", "batch", "slice"))


def _check_bits(operator: str, left: int, right: int) -> None:
    if operator == "**" and abs(left) > 1 and left.bit_length() * abs(right) > _BITS_LIMIT:
        raise SecurityError(f"{right} is too high a power")
    if operator == "*" and left.bit_length() + right.bit_length() > _BITS_LIMIT:
        raise SecurityError("that would make too large a number")


def _check_format(pattern: str) -> None:
    if len(pattern) > _PART_LIMIT or _WIDTH.search(pattern):
        raise SecurityError("that would make too long a text")


def _check_size(size: int) -> None:
    if size > SIZE_LIMIT:
        raise SecurityError("that would make too long a text")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes, list, tuple)) else 0
