"""``time``: a time of day, or the time that an entity names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.events import State, StateChanged
from casita.ids import domain_of, is_entity_id
from casita.missed import AT_A_TIME, Missed, of_a_time
from casita_automations.calendar import Pattern, next_of_day
from casita_automations.parsing import At, listed, template_value
from casita_automations.parts import Parts
from casita_automations.templates import Value, is_template
from casita_automations.templates.times import parse_datetime
from casita_automations.triggers.recurring import Due, Next, Recurring
from casita_automations.triggers.source import Arming, Cancel, Source, all_of
from casita_automations.triggers.weekdays import WEEKDAYS, OnWeekdays, weekdays
from casita_config.schemas import boolean, entity_id, signed_duration, time_of_day

AFTER: Final = timedelta(milliseconds=50)
"""So much later than the full second, so that what is reported at it is seen, as in
Home Assistant."""


def _entity(value: Any) -> str:
    checked = entity_id(value)
    if domain_of(checked) not in ("input_datetime", "sensor"):
        raise vol.Invalid(f"{checked} names no time; use an input_datetime or a timestamp sensor")
    return checked


def _moment(value: Any) -> Any:
    """Check one ``at``: a time of day, an entity, an entity with an offset, or a template."""
    if isinstance(value, Mapping):
        return _WITH_OFFSET(dict(value))
    if is_template(value):
        return value
    if isinstance(value, str) and is_entity_id(value.strip().lower()):
        return {"entity_id": _entity(value), "offset": timedelta()}
    return time_of_day(value)


_WITH_OFFSET: Final = vol.Schema(
    {
        vol.Required("entity_id"): _entity,
        vol.Optional("offset", default=timedelta()): signed_duration,
    }
)
_SCHEMA: Final = vol.Schema(
    {
        vol.Required("at"): vol.All(listed, [_moment], vol.Length(min=1)),
        vol.Optional("missed", default=AT_A_TIME): of_a_time,
        vol.Optional("once_a_day", default=False): boolean,
        vol.Optional("weekday", default=list(WEEKDAYS)): weekdays,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> Source:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    moments = [
        template_value(parts.templates, one, at.below("at")) if is_template(one) else one
        for one in checked["at"]
    ]
    trigger = TimeTrigger(parts, moments, checked["missed"], checked["once_a_day"])
    days = frozenset(checked["weekday"])
    return trigger if len(days) == len(WEEKDAYS) else OnWeekdays(trigger, days)


class TimeTrigger:
    """A compiled ``time`` trigger."""

    def __init__(self, parts: Parts, moments: list[Any], missed: Missed, once_a_day: bool) -> None:
        self._parts = parts
        self._moments = moments
        self._missed = missed
        self._once_a_day = once_a_day

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        due = Due(arming)
        times = _Times(self._parts, arming, self._missed, self._once_a_day, due)
        cancels = [self._arm(one, times) for one in self._moments]
        due.close(arming)
        return all_of(cancels)

    def _arm(self, moment: Any, times: _Times) -> Cancel:
        if isinstance(moment, Value):
            variables = times.arming.variables
            moment = _moment(self._parts.templates.render_limited(moment, variables))
        if isinstance(moment, time):
            return times.daily(moment, None)
        return _OfEntity(self._parts, moment["entity_id"], moment["offset"], times).start()


class _Times:
    """Makes what fires at a time of day, or at one time, for one armed trigger."""

    def __init__(
        self, parts: Parts, arming: Arming, missed: Missed, once_a_day: bool, due: Due
    ) -> None:
        self.arming = arming
        self._parts = parts
        self._missed = missed
        self._once_a_day = once_a_day
        self._due = due

    def daily(self, at: time, entity_id: str | None) -> Cancel:
        """Fire each day at a time of day."""
        zone = self._parts.kernel.config.home.zone
        key = at.isoformat() if entity_id is None else f"{entity_id} {at.isoformat()}"
        if self._once_a_day:
            return self._start(partial(next_of_day, at=at, zone=zone), key, entity_id, AFTER)
        pattern = Pattern(frozenset({at.hour}), frozenset({at.minute}), frozenset({at.second}))
        return self._start(partial(pattern.next, zone=zone), key, entity_id, AFTER)

    def once(self, due: datetime, entity_id: str) -> Cancel:
        """Fire at one time, unless that is over."""

        def following(after: datetime) -> datetime | None:
            return due if due > after else None

        key = f"{entity_id} {due.isoformat()}"
        at_once = due if due == self._parts.kernel.clock.now() else None
        return self._start(following, key, entity_id, timedelta(), at_once)

    def _start(
        self,
        following: Next,
        key: str,
        entity_id: str | None,
        after: timedelta,
        at_once: datetime | None = None,
    ) -> Cancel:
        recurring = Recurring(
            self._parts, self.arming, self._missed, following,
            lambda now: facts_of(now, entity_id), key=key, after=after,
        )  # fmt: skip
        return recurring.start(self._due.take(key) or at_once)


class _OfEntity:
    """Fires at the time that an entity names, which may change."""

    def __init__(self, parts: Parts, entity_id: str, offset: timedelta, times: _Times) -> None:
        self._parts = parts
        self._kernel = parts.kernel
        self._entity_id = entity_id
        self._offset = offset
        self._times = times
        self._stop: Cancel | None = None

    def start(self) -> Cancel:
        unwatch = self._parts.watch.entity(self._entity_id, self._changed)
        self._schedule(self._kernel.states.get(self._entity_id))

        def cancel() -> None:
            unwatch()
            self._unschedule()

        return cancel

    def _changed(self, event: StateChanged) -> None:
        self._schedule(event.new)

    def _schedule(self, state: State | None) -> None:
        self._unschedule()
        moment = None if state is None else moment_of(state, self._kernel.config.home.zone)
        if isinstance(moment, time):
            shifted = (datetime.combine(_ANY_DAY, moment) + self._offset).time()
            self._stop = self._times.daily(shifted, self._entity_id)
        elif isinstance(moment, datetime):
            self._stop = self._times.once(moment.astimezone(UTC) + self._offset, self._entity_id)

    def _unschedule(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()


_ANY_DAY: Final = datetime(2000, 1, 2)  # noqa: DTZ001 - only its time is used


def moment_of(state: State, zone: Any) -> time | datetime | None:
    """Return the time of day, or the aware time, that an entity names; None if it names none."""
    if state.domain in ("input_datetime", "time"):
        return _input_moment(state, zone)
    if state.attributes.get("device_class") != "timestamp":
        return None
    moment = parse_datetime(state.state)
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or zone)


def facts_of(now: datetime, entity_id: str | None) -> dict[str, Any]:
    """Return what a ``time`` trigger tells."""
    told = "time" if entity_id is None else f"time set in {entity_id}"
    return {"platform": "time", "now": now, "description": told, "entity_id": entity_id}


def _input_moment(state: State, zone: Any) -> time | datetime | None:
    try:
        if not state.attributes.get("has_date", "-" in state.state):
            return time.fromisoformat(state.state)
    except ValueError:
        return None
    moment = parse_datetime(state.state)
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or zone)
