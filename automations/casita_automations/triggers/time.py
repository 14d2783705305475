"""``time``: a time of day, or the time that an entity names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.clock import Alarm
from casita.events import State, StateChanged
from casita.ids import domain_of, is_entity_id
from casita_automations.calendar import Pattern
from casita_automations.parsing import At, listed, template_value
from casita_automations.parts import Parts
from casita_automations.templates import Value, is_template
from casita_automations.templates.times import parse_datetime
from casita_automations.triggers.source import Arming, Cancel, all_of
from casita_config.schemas import entity_id, signed_duration, time_of_day

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
_SCHEMA: Final = vol.Schema({vol.Required("at"): vol.All(listed, [_moment], vol.Length(min=1))})


def compiled(config: dict[str, Any], at: At, parts: Parts) -> TimeTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    moments = [
        template_value(parts.templates, one, at.below("at")) if is_template(one) else one
        for one in checked["at"]
    ]
    return TimeTrigger(parts, moments)


class TimeTrigger:
    """A compiled ``time`` trigger."""

    def __init__(self, parts: Parts, moments: list[Any]) -> None:
        self._parts = parts
        self._moments = moments

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        return all_of([self._arm(one, arming) for one in self._moments])

    def _arm(self, moment: Any, arming: Arming) -> Cancel:
        if isinstance(moment, Value):
            moment = _moment(moment.render(arming.variables))
        if isinstance(moment, time):
            return Daily(self._parts, moment, arming).start()
        return _OfEntity(self._parts, moment["entity_id"], moment["offset"], arming).start()


class Recurring:
    """Fires at the times of a pattern, of the clocks at home."""

    def __init__(self, parts: Parts, pattern: Pattern, arming: Arming, facts: Any) -> None:
        self._kernel = parts.kernel
        self._pattern = pattern
        self._arming = arming
        self._facts = facts
        self._alarm: Alarm | None = None
        self._due: datetime | None = None

    def start(self) -> Cancel:
        """Begin; return what ends it."""
        self._await(self._kernel.clock.now())
        return self._cancel

    def _await(self, after: datetime) -> None:
        due = self._due = self._pattern.next(after, self._kernel.config.home.zone)
        if due is not None:
            self._alarm = self._kernel.clock.call_at(due + AFTER, self._over)

    def _over(self) -> None:
        due = self._due
        if due is None:
            return
        self._await(max(due, self._kernel.clock.now() - AFTER))
        self._arming.fires(None, **self._facts(due.astimezone(self._kernel.config.home.zone)))

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


class Daily(Recurring):
    """Fires each day at a time of day."""

    def __init__(
        self, parts: Parts, at: time, arming: Arming, entity_id: str | None = None
    ) -> None:
        pattern = Pattern(frozenset({at.hour}), frozenset({at.minute}), frozenset({at.second}))
        super().__init__(parts, pattern, arming, lambda now: facts_of(now, entity_id))


class _OfEntity:
    """Fires at the time that an entity names, which may change."""

    def __init__(self, parts: Parts, entity_id: str, offset: timedelta, arming: Arming) -> None:
        self._parts = parts
        self._kernel = parts.kernel
        self._entity_id = entity_id
        self._offset = offset
        self._arming = arming
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
            self._stop = Daily(self._parts, shifted, self._arming, self._entity_id).start()
        elif isinstance(moment, datetime):
            due = moment.astimezone(UTC) + self._offset
            if due >= self._kernel.clock.now():
                self._stop = self._kernel.clock.call_at(due, lambda: self._over(due)).cancel

    def _over(self, due: datetime) -> None:
        self._stop = None
        zone = self._kernel.config.home.zone
        self._arming.fires(None, **facts_of(due.astimezone(zone), self._entity_id))

    def _unschedule(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()


_ANY_DAY: Final = datetime(2000, 1, 2)  # noqa: DTZ001 - only its time is used


def moment_of(state: State, zone: Any) -> time | datetime | None:
    """Return the time of day, or the aware time, that an entity names; None if it names none."""
    if state.domain == "input_datetime":
        return _input_moment(state, zone)
    if state.attributes.get("device_class") != "timestamp":
        return None
    moment = parse_datetime(state.state)
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or zone)


def facts_of(now: datetime, entity_id: str | None) -> dict[str, Any]:
    """Return what a ``time`` trigger tells."""
    return {"platform": "time", "now": now, "description": "time", "entity_id": entity_id}


def _input_moment(state: State, zone: Any) -> time | datetime | None:
    try:
        if not state.attributes.get("has_date", "-" in state.state):
            return time.fromisoformat(state.state)
    except ValueError:
        return None
    moment = parse_datetime(state.state)
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or zone)
