"""Conditions on the time: of day, of the week, and of the sun."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.ids import domain_of, is_entity_id
from casita_automations.conditions.condition import Condition
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts, Variables
from casita_automations.sky import SUNRISE, SUNSET
from casita_automations.triggers.time import moment_of
from casita_config.schemas import entity_id, signed_duration, time_of_day

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LAST: Final = time(23, 59, 59, 999999)
_OF_A_DATE: Final = time(23, 59, 59)
"""What counts of an input_datetime that has a date alone."""
_TIMES: Final = ("input_datetime", "time", "sensor")


def _moment(value: Any) -> time | str:
    if isinstance(value, str) and is_entity_id(value.strip().lower()):
        checked = entity_id(value)
        if domain_of(checked) not in _TIMES:
            raise vol.Invalid(f"{checked} names no time; use an input_datetime, a time or a sensor")
        return checked
    return time_of_day(value)


def _any_given(config: dict[str, Any]) -> dict[str, Any]:
    if not config:
        raise vol.Invalid("give at least one of 'after', 'before' and 'weekday'")
    return config


_TIME: Final = vol.Schema(
    vol.All(
        {
            vol.Optional("after"): _moment,
            vol.Optional("before"): _moment,
            vol.Optional("weekday"): vol.All(listed, [vol.In(_WEEKDAYS)]),
        },
        _any_given,
    )
)
_SUN: Final = vol.Schema(
    vol.All(
        {
            vol.Optional("after"): vol.In([SUNRISE, SUNSET]),
            vol.Optional("before"): vol.In([SUNRISE, SUNSET]),
            vol.Optional("after_offset", default=timedelta()): signed_duration,
            vol.Optional("before_offset", default=timedelta()): signed_duration,
        },
        lambda config: config if {"after", "before"} & config.keys() else _refuse_no_bound(),
    )
)


def _refuse_no_bound() -> Any:
    raise vol.Invalid("give 'after', 'before' or both")


def time_of(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``time``: from ``after`` (inclusive) to ``before`` (exclusive), on weekdays."""
    checked = at.check(_TIME, config)
    after, before = checked.get("after"), checked.get("before")
    weekdays = frozenset(checked.get("weekday", _WEEKDAYS))
    clock, zone = parts.kernel.clock, parts.kernel.config.home.zone

    def check(_variables: Variables) -> bool:
        now = clock.now().astimezone(zone)
        begin, end = _at(parts, after, time()), _at(parts, before, _LAST)
        if begin is None or end is None:
            return False
        if not _between(begin, now.time(), end):
            return False
        return _WEEKDAYS[now.weekday()] in weekdays

    def seen(_variables: Variables) -> dict[str, Any]:
        return {"now": clock.now().astimezone(zone).strftime("%a %H:%M:%S")}

    return Condition(check, seen)


def sun(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``sun``: after or before sunrise or sunset of the day."""
    checked = at.check(_SUN, config)
    after, before = checked.get("after"), checked.get("before")
    offsets = (checked["after_offset"], checked["before_offset"])

    def check(_variables: Variables) -> bool:
        now = parts.kernel.clock.now()
        rise = _of_today(parts, SUNRISE) if SUNRISE in (after, before) else None
        down = _of_today(parts, SUNSET) if SUNSET in (after, before) else None
        found = {SUNRISE: rise, SUNSET: down}
        if after == SUNSET and before == SUNRISE:
            return _is_night(now, down, rise, offsets)
        begin = found[after] if after else None
        end = found[before] if before else None
        if (after and begin is None) or (before and end is None):
            return False
        if end is not None and now > end + offsets[1]:
            return False
        return begin is None or now >= begin + offsets[0]

    return Condition(check)


def _is_night(
    now: datetime,
    sunset: datetime | None,
    sunrise: datetime | None,
    offsets: tuple[timedelta, timedelta],
) -> bool:
    if sunset is None or sunrise is None:
        return False
    return now < sunrise + offsets[1] or now > sunset + offsets[0]


def _of_today(parts: Parts, event: str) -> datetime | None:
    """Return the sunrise or sunset that counts for today; near a pole it may be tomorrow's."""
    sky = parts.sky
    today = sky.today
    moment = sky.on_day(event, today)
    if moment is not None and today > sky.local_date(moment):
        return sky.on_day(event, today + timedelta(days=1))
    return moment


def _between(begin: time, now: time, end: time) -> bool:
    if begin < end:
        return begin <= now < end
    return not end <= now < begin


def _at(parts: Parts, moment: time | str | None, default: time) -> time | None:
    """Return a time of day, also of an entity; None if the entity names none."""
    if moment is None:
        return default
    if isinstance(moment, time):
        return moment
    state = parts.kernel.states.get(moment)
    if state is None:
        raise ConditionError(f"{moment}: there is no such entity")
    if state.attributes.get("has_date") and state.attributes.get("has_time") is False:
        return _OF_A_DATE
    zone = parts.kernel.config.home.zone
    found = moment_of(state, zone)
    if isinstance(found, datetime):
        return found.astimezone(zone).time()
    return found
