"""Validators that every schema may use, with Home Assistant's meaning of each word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from math import isfinite
from numbers import Real
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import voluptuous as vol

from casita_config._sentences import shown
from casita_config.errors import did_you_mean

_WORD: Final = r"[a-z0-9]+(?:_[a-z0-9]+)*"
_ENTITY_ID: Final = re.compile(rf"(?:{_WORD}\.)?{_WORD}\.{_WORD}")
_SLUG: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_CLOCK: Final = re.compile(r"([+-]?)(\d{1,6}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
_PARTS: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*,?")
_UNITS: Final = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "milliseconds"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "seconds"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "minutes"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hours"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("w", "week", "weeks"), "weeks"),
}
_DURATION_KEYS: Final = ("days", "hours", "minutes", "seconds", "milliseconds")
_DURATION_FORMS: Final = "write seconds, \"HH:MM:SS\", '5m', '1h30m', or hours:, minutes:, seconds:"
_TRUE: Final = frozenset({"1", "true", "yes", "on", "enable"})
_FALSE: Final = frozenset({"0", "false", "no", "off", "disable"})
_SIZES: Final = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


# Time


def duration(value: Any) -> timedelta:
    """Return a length of time, which is not negative.

    Takes seconds, ``HH:MM``, ``HH:MM:SS``, ``5m``, ``1h30m``, ``2 days``, or a mapping of days,
    hours, minutes, seconds and milliseconds.
    """
    length = signed_duration(value)
    if length < timedelta():
        raise vol.Invalid(f"a length of time cannot be negative, got {shown(value)}")
    return length


def signed_duration(value: Any) -> timedelta:
    """Return a length of time as ``duration`` does; ``-00:20:00`` is taken, too."""
    try:
        length = _duration(value)
    except (OverflowError, ValueError) as err:
        raise vol.Invalid(f"{shown(value)} is not a length of time; {_DURATION_FORMS}") from err
    if length is None:
        raise vol.Invalid(f"{shown(value)} is not a length of time; {_DURATION_FORMS}")
    return length


def time_of_day(value: Any) -> time:
    """Return a time of day from ``HH:MM`` or ``HH:MM:SS``."""
    if isinstance(value, time):
        return value
    if isinstance(value, Real):
        raise vol.Invalid(f'write a time of day in quotes, as "10:30", got {shown(value)}')
    parts = value.strip().split(":") if isinstance(value, str) else []
    if len(parts) in (2, 3) and all(part.isdecimal() and len(part) <= 2 for part in parts):
        hour, minute, second = map(int, (*parts, "0")[:3])
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise vol.Invalid(f'{shown(value)} is not a time of day; write it as "HH:MM" or "HH:MM:SS"')


def _duration(value: Any) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, Real):
        return timedelta(seconds=float(value))
    if isinstance(value, Mapping):
        return _duration_of_parts(value)
    if isinstance(value, str):
        return _duration_of_text(value.strip().lower())
    return None


def _duration_of_parts(value: Mapping[Any, Any]) -> timedelta:
    if not value:
        raise vol.Invalid(f"an empty mapping is not a length of time; {_DURATION_FORMS}")
    for key in value:
        if key not in _DURATION_KEYS:
            hint = did_you_mean(str(key), _DURATION_KEYS)
            raise vol.Invalid(f"unknown key {str(key)!r}.{hint}", path=[key])
    return timedelta(**{key: number(part) for key, part in value.items()})


def _duration_of_text(text: str) -> timedelta | None:
    clock = _CLOCK.fullmatch(text)
    if clock:
        sign, hours, minutes, seconds = clock.groups()
        length = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0))
        return -length if sign == "-" else length
    try:
        return timedelta(seconds=float(text))
    except ValueError:
        return _duration_of_words(text)


def _duration_of_words(text: str) -> timedelta | None:
    length, position = timedelta(), 0
    while position < len(text):
        part = _PARTS.match(text, position)
        unit = _UNITS.get(part[2]) if part else None
        if part is None or unit is None:
            return None
        length += timedelta(**{unit: float(part[1])})
        position = part.end()
    return length if text else None


# Names


def entity_id(value: Any) -> str:
    """Return an entity id in small letters: ``light.hall``, or ``cabin.light.hall`` elsewhere."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if not _ENTITY_ID.fullmatch(text):
        raise vol.Invalid(f"{shown(value)} is not an entity id; one looks like 'light.hall'")
    return text


def entity_ids(value: Any) -> list[str]:
    """Return entity ids, given as a list or as one text with commas."""
    if isinstance(value, str) and value.strip():
        value = value.split(",")
    if not isinstance(value, (list, tuple)):
        raise vol.Invalid(f"expected an entity id or a list of them, got {shown(value)}")
    return [entity_id(item) for item in value]


def slug(value: Any) -> str:
    """Return a name of small letters, digits and single underscores, as ``living_room``."""
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return value
    raise vol.Invalid(
        f"{shown(value)} is not a usable name; use small letters, digits and '_', as 'living_room'"
    )


def string(value: Any) -> str:
    """Return text; a number is taken as its digits, as in Home Assistant."""
    if value is None or isinstance(value, (Mapping, list, tuple)):
        raise vol.Invalid(f"expected text, got {shown(value)}")
    return str(value)


# Values


def boolean(value: Any) -> bool:
    """Return true for true, yes, on, enable and 1, false for false, no, off, disable and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    elif isinstance(value, Real):
        return bool(value)
    raise vol.Invalid(f"expected true or false, got {shown(value)}")


def number(value: Any) -> float:
    """Return a finite number, also from digits in quotes."""
    try:
        result = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError, OverflowError):
        result = float("nan")
    if not isfinite(result):
        raise vol.Invalid(f"expected a number, got {shown(value)}")
    return result


def integer(value: Any) -> int:
    """Return a whole number, also from digits in quotes."""
    result = number(value)
    if result != int(result):
        raise vol.Invalid(f"expected a whole number, got {shown(value)}")
    return int(result)


positive_int: Final = vol.All(integer, vol.Range(min=0))
"""A whole number, 0 or more."""
port: Final = vol.All(integer, vol.Range(min=0, max=65535))
byte: Final = vol.All(integer, vol.Range(min=0, max=255))
latitude: Final = vol.All(number, vol.Range(min=-90, max=90, msg="a latitude is from -90 to 90"))
longitude: Final = vol.All(
    number, vol.Range(min=-180, max=180, msg="a longitude is from -180 to 180")
)


def percentage(value: Any) -> float:
    """Return a number from 0 to 100, also from ``50%``."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%").strip()
    result = number(value)
    if not 0 <= result <= 100:
        raise vol.Invalid(f"a percentage is from 0 to 100, got {shown(value)}")
    return result


def size_bytes(value: Any) -> int:
    """Return an amount of storage in bytes from a number or text such as ``500 MB``."""
    text = str(value).strip().lower() if not isinstance(value, bool) else ""
    match = _SIZE.fullmatch(text)
    if match is None or match[2] not in _SIZES:
        raise vol.Invalid(f"{shown(value)} is not an amount of storage; write it as '500 MB'")
    return int(float(match[1]) * _SIZES[match[2]])


def time_zone(value: Any) -> str:
    """Return the name of a time zone that is known here, as ``Europe/Berlin``."""
    try:
        return ZoneInfo(value).key
    except (TypeError, ValueError, OSError, KeyError, AttributeError):
        pass
    hint = did_you_mean(str(value), available_timezones())
    raise vol.Invalid(f"{shown(value)} is not a time zone; one looks like 'Europe/Berlin'.{hint}")


def url(value: Any) -> str:
    """Return a web address: ``http`` or ``https``, with a host."""
    try:
        parts = urlsplit(value.strip()) if isinstance(value, str) else None
        if parts and parts.scheme in ("http", "https") and parts.hostname:
            return parts.geturl()
    except ValueError:
        pass
    raise vol.Invalid(f"{shown(value)} is not a web address; one looks like 'http://192.0.2.7/'")


def ensure_list(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty list, anything else as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
