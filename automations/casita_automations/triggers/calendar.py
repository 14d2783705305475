"""``calendar``: an entry of a calendar begins or ends, or some time before or after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.events import State
from casita.ids import domain_of
from casita.missed import AT_A_TIME, Missed, Policy, of_an_entry
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.templates.times import parse_datetime
from casita_automations.triggers.recurring import ON_TIME
from casita_automations.triggers.source import NOTHING, Arming, Cancel, Pending
from casita_automations.values import from_document, to_document
from casita_config.schemas import entity_id, signed_duration


def _calendar(value: Any) -> str:
    checked = entity_id(value)
    if domain_of(checked) != "calendar":
        raise vol.Invalid(f"{checked} is no calendar; one looks like 'calendar.family'")
    return checked


_SCHEMA: Final = vol.Schema(
    {
        vol.Required("entity_id"): _calendar,
        vol.Optional("event", default="start"): vol.In(["start", "end"]),
        vol.Optional("offset", default=timedelta()): signed_duration,
        vol.Optional("missed", default=AT_A_TIME): of_an_entry,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> CalendarTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return CalendarTrigger(
        parts, checked["entity_id"], checked["event"], checked["offset"], checked["missed"]
    )


class CalendarTrigger:
    """A compiled ``calendar`` trigger: it goes by the entry that the entity's state shows."""

    def __init__(
        self, parts: Parts, calendar: str, event: str, offset: timedelta, missed: Missed
    ) -> None:
        self._parts = parts
        self._calendar = calendar
        self._event = event
        self._offset = offset
        self._missed = missed

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        armed = _Armed(self, self._parts, arming, self._missed)
        unwatch = self._parts.watch.entity(self._calendar, lambda event: armed.take(event.new))
        armed.take_up()
        armed.take(self._parts.kernel.states.get(self._calendar))

        def cancel() -> None:
            unwatch()
            armed.cancel()

        return cancel

    def next_of(self, state: State | None) -> tuple[str, datetime, dict[str, Any]] | None:
        """Return what names the entry that a calendar shows, when it is due, and the entry."""
        entry = None if state is None else self._entry(state)
        due = None if entry is None else self._due(entry)
        if entry is None or due is None:
            return None
        return f"{entry[self._event]} {entry['summary']}", due, entry

    def facts_of(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the trigger tells of an entry."""
        return {
            "platform": "calendar", "event": self._event, "calendar_event": dict(entry),
            "offset": self._offset, "description": f"calendar {self._calendar}",
        }  # fmt: skip

    def _due(self, entry: dict[str, Any]) -> datetime | None:
        moment = parse_datetime(entry[self._event])
        if moment is None:
            return None
        zone = self._parts.kernel.config.home.zone
        return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC) + self._offset

    @staticmethod
    def _entry(state: State) -> dict[str, Any] | None:
        """Return the entry that a calendar shows, in Home Assistant's words, or None."""
        told = state.attributes
        if not told.get("start_time") or not told.get("end_time"):
            return None
        return {
            "summary": str(told.get("message", "")),
            "start": str(told["start_time"]),
            "end": str(told["end_time"]),
            "all_day": bool(told.get("all_day")),
            "description": told.get("description"),
            "location": told.get("location"),
        }


class _Armed:
    """The entries that an armed trigger waits for; they are kept across restarts."""

    def __init__(
        self, trigger: CalendarTrigger, parts: Parts, arming: Arming, missed: Missed
    ) -> None:
        self._trigger = trigger
        self._parts = parts
        self._clock = parts.kernel.clock
        self._arming = arming
        self._missed = missed
        self._stops: dict[str, Cancel] = {}

    def take(self, state: State | None) -> None:
        """Wait for the entry that the calendar shows, if it is still to come."""
        found = self._trigger.next_of(state)
        if found is None:
            return
        key, due, entry = found
        if key in self._stops or due <= self._clock.now():
            return
        if self._missed.policy is not Policy.SKIP:
            data = to_document({"entry": entry})
            self._arming.holds.keep(Pending(key=key, due=due.timestamp(), data=data, cause=NOTHING))
        self._await(key, due, entry)

    def take_up(self) -> None:
        """Wait again for what was waited for when the hub ended; make up for what was missed."""
        for pending in self._arming.holds.kept():
            due = datetime.fromtimestamp(pending.due, UTC)
            entry = from_document(pending.data)["entry"]
            late = self._clock.now() - due
            if late < timedelta():
                self._await(pending.key, due, entry)
            elif self._missed.takes(late):
                over = partial(self._over, pending.key, due, entry)
                self._stops[pending.key] = self._parts.ready.soon(over)
            else:
                self._arming.holds.drop(pending.key)

    def cancel(self) -> None:
        """Wait for nothing any more."""
        for key, stop in self._stops.items():
            stop()
            self._arming.holds.drop(key)
        self._stops.clear()

    def _await(self, key: str, due: datetime, entry: dict[str, Any]) -> None:
        over: Callable[[], None] = partial(self._over, key, due, entry)
        self._stops[key] = self._clock.call_at(due, over).cancel

    def _over(self, key: str, due: datetime, entry: dict[str, Any]) -> None:
        facts, late = self._trigger.facts_of(entry), self._clock.now() - due
        if late > ON_TIME:
            facts["missed_by"] = late
        with self._parts.kernel.log.together():
            self._stops.pop(key, None)
            self._arming.holds.drop(key)
            self._arming.fires(None, **facts)
