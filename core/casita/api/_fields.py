"""Fields that several routes have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import FunctionType
from typing import Any, Final

import voluptuous as vol

from casita.model import Target
from casita_config import duration

_LONGEST_NAME: Final = 100
_LONGEST_PATTERN: Final = 200
_MOST_PATTERNS: Final = 50
_MOST_STARS: Final = 3
_LONGEST_SPAN: Final = timedelta(days=3660)
_NOT_IN_PATTERNS: Final = frozenset("?[]")


def name(value: Any) -> str:
    """Check what a person calls something: one line of 1 to 100 printable characters."""
    if not isinstance(value, str):
        raise vol.Invalid("a text is expected")
    text = value.strip()
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        raise vol.Invalid(f"a line of 1 to {_LONGEST_NAME} printable characters is expected")
    return text


def words(value: Any) -> tuple[str, ...]:
    """Take a query's words: parted by commas, or its key repeated."""
    texts = value if isinstance(value, list) else [value]
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def patterns(value: Any) -> tuple[str, ...]:
    """Take a query's patterns: words in which ``*`` stands for any text, thrice at most."""
    found = words(value)
    if len(found) > _MOST_PATTERNS:
        raise vol.Invalid(f"{_MOST_PATTERNS} patterns at most are expected")
    if not all(map(_is_pattern, found)):
        raise vol.Invalid(
            f"a pattern has {_LONGEST_PATTERN} characters at most, {_MOST_STARS} * and no ?[]"
        )
    return found


def offset(value: Any) -> int:
    """Take a place in the log: 0 or more."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    raise vol.Invalid("a whole number of 0 or more is expected")


def span(value: Any) -> timedelta:
    """Take a length of time: seconds, or a text as ``30m``; ten years at most."""
    try:
        length = duration(value)
    except vol.Invalid:
        raise vol.Invalid("a length of time is expected, as 30m, 24h or 7d") from None
    if not timedelta() < length <= _LONGEST_SPAN:
        raise vol.Invalid("more than nothing and ten years at most is expected")
    return length


def moment(value: Any) -> datetime:
    """Take a time with its zone: ``2024-03-12T03:00:00Z``."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise vol.Invalid("a time is expected, as 2024-03-12T03:00:00Z") from None
    if found.tzinfo is None:
        raise vol.Invalid("the time needs its zone, as 2024-03-12T03:00:00+01:00, or Z for UTC")
    return found.astimezone(UTC)


def flag(value: Any) -> bool:
    """Take a query's yes or no."""
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise vol.Invalid("true or false is expected")


def ids(value: Any) -> list[str]:
    """Take one id, or a list of them."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise vol.Invalid("an id or a list of ids is expected")
    return found


def target(value: Any) -> Target:
    """Take whom a command is for: an entity id, a list of them, or ids by kind."""
    if isinstance(value, str | list):
        return Target(entity_id=ids(value))
    return Target(**_TARGET(value))


_TARGET: Final = vol.Schema({vol.Optional(key): ids for key in Target.__struct_fields__})


def _is_pattern(text: str) -> bool:
    return (
        len(text) <= _LONGEST_PATTERN
        and text.count("*") <= _MOST_STARS
        and _NOT_IN_PATTERNS.isdisjoint(text)
    )


_SCHEMAS: Final[Mapping[Any, Mapping[str, Any]]] = {
    name: {"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME},
    words: {"type": "array", "items": {"type": "string"}},
    patterns: {"type": "array", "items": {"type": "string"}},
    offset: {"type": "integer", "minimum": 0},
    flag: {"type": "boolean"},
    span: {"type": "string", "examples": ["30m", "24h"]},
    moment: {"type": "string", "format": "date-time"},
    ids: {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
}
"""How the fields above read in the OpenAPI document."""


def described(field: Any) -> Mapping[str, Any] | None:
    """Return the OpenAPI schema of a field above, or None if it is none of them."""
    if field is target:
        one_or_more = _SCHEMAS[ids]
        by_kind = dict.fromkeys(Target.__struct_fields__, one_or_more)
        return {
            "anyOf": [
                *one_or_more["anyOf"],
                {"type": "object", "properties": by_kind, "additionalProperties": False},
            ]
        }
    return _SCHEMAS.get(field) if isinstance(field, FunctionType) else None
