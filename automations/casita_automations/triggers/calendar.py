"""``calendar``: an entry of a calendar begins or ends, or some time before or after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.clock import Alarm
from casita.events import State, StateChanged
from casita.ids import domain_of
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.templates.times import parse_datetime
from casita_automations.triggers.source import Arming, Cancel
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
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> CalendarTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return CalendarTrigger(parts, checked["entity_id"], checked["event"], checked["offset"])


class CalendarTrigger:
    """A compiled ``calendar`` trigger: it goes by the entry that the entity's state shows."""

    def __init__(self, parts: Parts, calendar: str, event: str, offset: timedelta) -> None:
        self._parts = parts
        self._calendar = calendar
        self._event = event
        self._offset = offset

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        kernel = self._parts.kernel
        alarms: dict[tuple[str, str], Alarm] = {}

        def schedule(state: State | None) -> None:
            entry = None if state is None else self._entry(state)
            if entry is None:
                return
            key = (entry["summary"], entry[self._event])
            due = self._due(entry)
            if due is not None and key not in alarms and due > kernel.clock.now():
                alarms[key] = kernel.clock.call_at(due, lambda: over(key, entry))

        def over(key: tuple[str, str], entry: dict[str, Any]) -> None:
            del alarms[key]
            arming.fires(
                None, platform="calendar", event=self._event, calendar_event=entry,
                offset=self._offset, description=f"calendar {self._calendar}",
            )  # fmt: skip

        def changed(event: StateChanged) -> None:
            schedule(event.new)

        unwatch = self._parts.watch.entity(self._calendar, changed)
        schedule(kernel.states.get(self._calendar))

        def cancel() -> None:
            unwatch()
            for alarm in alarms.values():
                alarm.cancel()
            alarms.clear()

        return cancel

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
