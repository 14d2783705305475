"""``time_pattern``: whenever the clock shows certain hours, minutes and seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.missed import AT_A_PATTERN, Missed, of_a_pattern
from casita_automations.calendar import Pattern
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.recurring import Due, Recurring
from casita_automations.triggers.source import Arming, Cancel
from casita_automations.triggers.time import AFTER


def _field(top: int) -> Callable[[Any], frozenset[int] | None]:
    """Return a validator for ``5``, ``"*"``, ``"/5"`` with numbers up to ``top``."""

    def check(value: Any) -> frozenset[int] | None:
        text = str(value).strip()
        if text == "*":
            return None
        every = text.startswith("/")
        digits = text.removeprefix("/")
        if isinstance(value, bool) or not digits.isdecimal() or int(digits) > top:
            raise vol.Invalid(f"{value!r} is none of: a number to {top}, '*', '/5' for every fifth")
        if not every:
            return frozenset({int(digits)})
        if int(digits) == 0:
            raise vol.Invalid("every zeroth is no pattern; '/5' means every fifth")
        return frozenset(range(0, top + 1, int(digits)))

    return check


def _any_given(config: dict[str, Any]) -> dict[str, Any]:
    if config.keys() == {"missed"}:
        raise vol.Invalid("give at least one of 'hours', 'minutes' and 'seconds'")
    return config


_SCHEMA: Final = vol.Schema(
    vol.All(
        {
            vol.Optional("hours"): _field(23),
            vol.Optional("minutes"): _field(59),
            vol.Optional("seconds"): _field(59),
            vol.Optional("missed", default=AT_A_PATTERN): of_a_pattern,
        },
        _any_given,
    )
)
_ZERO: Final = frozenset({0})
_REPEATS: Final = timedelta(minutes=5)
"""A clock that is put back by more than this goes through the pattern again."""


def compiled(config: dict[str, Any], at: At, parts: Parts) -> TimePatternTrigger:
    """Compile the trigger from its keys. Smaller units than those given are 0."""
    checked = at.check(_SCHEMA, config)
    minutes = checked.get("minutes", _ZERO if "hours" in checked else None)
    seconds = checked.get("seconds", _ZERO)
    pattern = Pattern(checked.get("hours"), minutes, seconds)
    return TimePatternTrigger(parts, pattern, checked["missed"])


class TimePatternTrigger:
    """A compiled ``time_pattern`` trigger."""

    def __init__(self, parts: Parts, pattern: Pattern, missed: Missed) -> None:
        self._parts = parts
        self._pattern = pattern
        self._missed = missed

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        following = partial(self._pattern.next, zone=self._parts.kernel.config.home.zone)
        recurring = Recurring(
            self._parts, arming, self._missed, following, _facts, key="pattern", after=AFTER,
            repeats=_REPEATS,
        )  # fmt: skip
        due = Due(arming)
        cancel = recurring.start(due.take("pattern"))
        due.close(arming)
        return cancel


def _facts(now: Any) -> dict[str, Any]:
    return {"platform": "time_pattern", "now": now, "description": "time pattern"}
