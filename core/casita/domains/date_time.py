"""Dates and times that can be set: the domains ``date``, ``time`` and ``datetime``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import voluptuous as vol

from casita.services import Service
from casita_config.schemas import time_of_day


def date_text(value: Any) -> str:
    """Return a day as ``2024-03-12``."""
    return _parsed(value, "a day", "2024-03-12").date().isoformat()


def time_text(value: Any) -> str:
    """Return a time of day as ``07:30:00``."""
    return time_of_day(value).isoformat()


def datetime_text(value: Any) -> str:
    """Return a moment as ``2024-03-12T07:30:00``, with its offset from UTC if one was given."""
    return _parsed(value, "a date and time", "2024-03-12 07:30:00").isoformat()


def _parsed(value: Any, what: str, example: str) -> datetime:
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise vol.Invalid(f"{value!r} is not {what}; one looks like '{example}'") from None


SERVICES: Final = (
    Service(
        domain="date",
        name="set_value",
        schema=vol.Schema({vol.Required("date"): date_text}),
        description="Set a day.",
    ),
    Service(
        domain="time",
        name="set_value",
        schema=vol.Schema({vol.Required("time"): time_text}),
        description="Set a time of day.",
    ),
    Service(
        domain="datetime",
        name="set_value",
        schema=vol.Schema({vol.Required("datetime"): datetime_text}),
        description="Set a date and time.",
    ),
)
