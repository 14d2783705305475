"""Dates and times that exist in the hub alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

import voluptuous as vol

from casita.domains.date_time import date_text, datetime_text, time_text
from casita.domains.fitting import Attributes, Data
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Service
from casita_config.schemas import boolean, number, string

_EXAMPLE: Final = datetime.combine(date(2024, 3, 12), time(7, 30))


def _check_parts(config: dict[str, Any]) -> dict[str, Any]:
    if not config["has_date"] and not config["has_time"]:
        raise vol.Invalid("set has_date or has_time, or both, to true")
    initial = config.get("initial")
    if initial is not None and _parsed(initial, config["has_date"], config["has_time"]) is None:
        form = _text(_EXAMPLE, config["has_date"], config["has_time"])
        raise vol.Invalid(f"initial {initial!r} cannot be read; write it as {form!r}")
    return config


def _has_something(attributes: Attributes, data: Data) -> Data:
    """Refuse what sets nothing of what this entity has."""
    has_date, has_time = bool(attributes.get("has_date")), bool(attributes.get("has_time"))
    whole = "datetime" in data or "timestamp" in data
    if whole or ("date" in data and has_date) or ("time" in data and has_time):
        return data
    has = " and ".join([*["date"] * has_date, *["time"] * has_time])
    raise vol.Invalid(f"there is nothing to set; it has {has}: give it, or datetime or timestamp")


class InputDatetime(Helper):
    """A day, a time of day, or both, by the clock on the wall."""

    section = "input_datetime"
    schema = item_schema(
        {
            vol.Optional("has_date", default=False): boolean,
            vol.Optional("has_time", default=False): boolean,
            vol.Optional("initial"): string,
        },
        _check_parts,
    )
    services = (
        Service(
            domain="input_datetime",
            name="set_datetime",
            schema=vol.Schema(
                {
                    vol.Optional("date"): date_text,
                    vol.Optional("time"): time_text,
                    vol.Exclusive("datetime", "moment"): datetime_text,
                    vol.Exclusive("timestamp", "moment"): number,
                }
            ),
            prepare=_has_something,
            description="Set a date, a time of day, or both.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        self._has_date: bool = config["has_date"]
        self._has_time: bool = config["has_time"]
        super().__init__(
            object_id,
            config,
            capabilities={"has_date": self._has_date, "has_time": self._has_time},
        )
        self._initial: str | None = config.get("initial")
        self._value = _EXAMPLE
        self.state = self._initial or self.state

    def first(self) -> None:
        self._zone = self.home.kernel.config.home.zone
        self._set(self.state)

    def begin(self) -> None:
        self._set(self.state if self._initial is None else self._initial)

    def command(self, command: Command) -> None:
        day, moment = self._value.date(), self._value.time()
        given = self._given(command.data)
        if given is not None:
            day, moment = given.date(), given.time().replace(microsecond=0)
        if "date" in command.data:
            day = date.fromisoformat(command.data["date"])
        if "time" in command.data:
            moment = time.fromisoformat(command.data["time"])
        self._value = datetime.combine(day, moment)
        self._show(command)

    def _set(self, text: str) -> None:
        """Take the moment that a text tells, or else the beginning of today."""
        today = datetime.combine(self.home.clock.now().astimezone(self._zone), time())
        self._value = _parsed(text, self._has_date, self._has_time) or today
        self._show()

    def _given(self, data: Mapping[str, Any]) -> datetime | None:
        """Return the moment that was given as a whole, by the clock on the wall."""
        if "timestamp" in data:
            return datetime.fromtimestamp(data["timestamp"], self._zone).replace(tzinfo=None)
        if "datetime" not in data:
            return None
        moment = datetime.fromisoformat(data["datetime"])
        return (moment.astimezone(self._zone) if moment.tzinfo else moment).replace(tzinfo=None)

    def _show(self, command: Command | None = None) -> None:
        value = self._value
        shown: dict[str, int] = {}
        if self._has_date:
            shown |= {"year": value.year, "month": value.month, "day": value.day}
        if self._has_time:
            shown |= {"hour": value.hour, "minute": value.minute, "second": value.second}
        self.observe(
            _text(value, self._has_date, self._has_time),
            cause=command.event if command else None,
            timestamp=self._timestamp(),
            **shown,
        )

    def _timestamp(self) -> float:
        """Return seconds since 1970 or, without a date, since midnight."""
        if self._has_date:
            return self._value.replace(tzinfo=self._zone).timestamp()
        return self._value.hour * 3600 + self._value.minute * 60 + self._value.second


def _text(value: datetime, has_date: bool, has_time: bool) -> str:
    if has_date and has_time:
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.date().isoformat() if has_date else value.strftime("%H:%M:%S")


def _parsed(text: str, has_date: bool, has_time: bool) -> datetime | None:
    """Return the moment that a text tells, or None if it does not tell it."""
    try:
        if not has_date:
            return datetime.combine(date(1970, 1, 1), time.fromisoformat(text))
        moment = datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
    except ValueError:
        return None
    return moment if has_time else datetime.combine(moment, time())
