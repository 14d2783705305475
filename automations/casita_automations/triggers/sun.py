"""``sun``: sunrise or sunset, or some time before or after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.clock import Alarm
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.sky import SUNRISE, SUNSET
from casita_automations.triggers.source import Arming, Cancel
from casita_config.schemas import signed_duration

_SCHEMA: Final = vol.Schema(
    {
        vol.Required("event"): vol.In([SUNRISE, SUNSET]),
        vol.Optional("offset", default=timedelta()): signed_duration,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> SunTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return SunTrigger(parts, checked["event"], checked["offset"])


class SunTrigger:
    """A compiled ``sun`` trigger."""

    def __init__(self, parts: Parts, event: str, offset: timedelta) -> None:
        self._parts = parts
        self._event = event
        self._offset = offset

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        clock = self._parts.kernel.clock
        alarm: Alarm | None = None

        def wait(after: datetime) -> None:
            nonlocal alarm
            due = self._parts.sky.next(self._event, after, self._offset)
            alarm = None if due is None else clock.call_at(due, lambda: over(due))

        def over(due: datetime) -> None:
            wait(max(due, clock.now()))
            arming.fires(
                None, platform="sun", event=self._event, offset=self._offset,
                description="sun with offset" if self._offset else "sun",
            )  # fmt: skip

        def cancel() -> None:
            if alarm is not None:
                alarm.cancel()

        wait(clock.now())
        return cancel
