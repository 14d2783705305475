"""Days of the week on which something counts."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any, Final

import voluptuous as vol

from casita.events import Cause, Event
from casita_automations.parsing import listed
from casita_automations.triggers.source import Arming, Cancel, Source

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(value: Any) -> list[str]:
    """Check days of the week, one or several; a schema's validator."""
    days = listed(value)
    for day in days:
        if day not in WEEKDAYS:
            raise vol.Invalid(f"{day!r} is no day of the week; they are {', '.join(WEEKDAYS)}")
    return days


class OnWeekdays:
    """A trigger on the time that fires on some days of the week alone."""

    def __init__(self, trigger: Source, days: Set[str]) -> None:
        self._trigger = trigger
        self._days = days

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def fire(told: dict[str, Any], cause: Event | Cause | None) -> None:
            if WEEKDAYS[told["now"].weekday()] in self._days:
                arming.fire(told, cause)

        return self._trigger.arm(replace(arming, fire=fire))
