"""When triggers that follow the clock or the sun are due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.ids import is_entity_id
from casita_automations.asking.declared import DeclaredTrigger
from casita_automations.calendar import Pattern
from casita_automations.parsing import listed
from casita_automations.parts import Parts
from casita_automations.templates import TemplateError, is_template
from casita_automations.triggers.time import moment_of
from casita_config.schemas import signed_duration, time_of_day

SCHEDULED: Final = frozenset({"sun", "time", "time_pattern"})
"""Kinds of trigger that fire at times that are known before."""
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ANY_DAY: Final = datetime(2000, 1, 2)  # noqa: DTZ001 - only its time is used
_TOPS: Final = {"hours": 23, "minutes": 59, "seconds": 59}
Next = Callable[[datetime], datetime | None]


def occurrences(
    trigger: DeclaredTrigger, parts: Parts, after: datetime, variables: Mapping[str, Any]
) -> Iterator[datetime]:
    """Go through the times at which a trigger is due after one, in UTC, without end."""
    sources = list(_sources(trigger, parts, variables))
    days = {str(one) for one in listed(trigger.config.get("weekday"))}
    zone = parts.kernel.config.home.zone
    upcoming = [(source, source(after)) for source in sources]
    while True:
        known = [due for _, due in upcoming if due is not None]
        if not known:
            return
        due = min(known)
        if not days or _WEEKDAYS[due.astimezone(zone).weekday()] in days:
            yield due
        upcoming = [
            (source, source(due) if when is not None and when <= due else when)
            for source, when in upcoming
        ]


def _sources(
    trigger: DeclaredTrigger, parts: Parts, variables: Mapping[str, Any]
) -> Iterator[Next]:
    config = trigger.config
    zone = parts.kernel.config.home.zone
    if trigger.kind == "time":
        for one in listed(config.get("at")):
            source = _of_moment(one, parts, variables)
            if source is not None:
                yield source
    elif trigger.kind == "time_pattern":
        yield partial(pattern_of(config).next, zone=zone)
    elif trigger.kind == "sun":
        offset = signed_duration(config.get("offset", 0))
        event = str(config.get("event"))
        yield lambda after: parts.sky.next(event, after, offset)


def _of_moment(value: Any, parts: Parts, variables: Mapping[str, Any]) -> Next | None:
    if is_template(value):
        try:
            value = parts.templates.template(value).render(variables)
        except TemplateError:
            return None
    offset = timedelta()
    if isinstance(value, Mapping):
        offset = signed_duration(value.get("offset", 0))
        value = value.get("entity_id")
    zone = parts.kernel.config.home.zone
    if isinstance(value, str) and is_entity_id(value.strip().lower()):
        state = parts.kernel.states.get(value.strip().lower())
        found = None if state is None else moment_of(state, zone)
        if isinstance(found, datetime):
            return partial(_once, due=found.astimezone(UTC) + offset)
    else:
        try:
            found = time_of_day(value)
        except vol.Invalid:
            return None
    if not isinstance(found, time):
        return None
    at = (datetime.combine(_ANY_DAY, found) + offset).time()
    daily = Pattern(frozenset({at.hour}), frozenset({at.minute}), frozenset({at.second}))
    return partial(daily.next, zone=zone)


def _once(after: datetime, due: datetime) -> datetime | None:
    return due if due > after else None


def pattern_of(config: Mapping[str, Any]) -> Pattern:
    """Return the pattern of a ``time_pattern``; smaller units than those given are 0."""
    zero = frozenset({0})
    given = {key: _field(config[key], _TOPS[key]) for key in _TOPS if key in config}
    minutes = given.get("minutes", zero if "hours" in given else None)
    return Pattern(given.get("hours"), minutes, given.get("seconds", zero))


def _field(value: Any, top: int) -> frozenset[int] | None:
    text = str(value).strip()
    if text == "*":
        return None
    number = int(text.removeprefix("/"))
    return frozenset(range(0, top + 1, number)) if text.startswith("/") else frozenset({number})
