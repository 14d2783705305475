"""``sun``: sunrise or sunset, or some time before or after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.missed import AT_THE_SUN, Missed, of_the_sun
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.sky import SUNRISE, SUNSET
from casita_automations.triggers.recurring import Due, Recurring
from casita_automations.triggers.source import Arming, Cancel
from casita_config.schemas import signed_duration

_SCHEMA: Final = vol.Schema(
    {
        vol.Required("event"): vol.In([SUNRISE, SUNSET]),
        vol.Optional("offset", default=timedelta()): signed_duration,
        vol.Optional("missed", default=AT_THE_SUN): of_the_sun,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> SunTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return SunTrigger(parts, checked["event"], checked["offset"], checked["missed"])


class SunTrigger:
    """A compiled ``sun`` trigger."""

    def __init__(self, parts: Parts, event: str, offset: timedelta, missed: Missed) -> None:
        self._parts = parts
        self._event = event
        self._offset = offset
        self._missed = missed

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def following(after: datetime) -> datetime | None:
            return self._parts.sky.next(self._event, after, self._offset)

        key = f"{self._event} {self._offset.total_seconds():g}"
        recurring = Recurring(self._parts, arming, self._missed, following, self._facts, key=key)
        due = Due(arming)
        cancel = recurring.start(due.take(key))
        due.close(arming)
        return cancel

    def _facts(self, _now: datetime) -> dict[str, Any]:
        return {
            "platform": "sun",
            "event": self._event,
            "offset": self._offset,
            "description": f"{self._event} with offset" if self._offset else self._event,
        }
