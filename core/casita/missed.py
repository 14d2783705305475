"""What happens to something that was due while the house was down, or its clock was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import voluptuous as vol

from casita_config.errors import did_you_mean
from casita_config.schemas import duration


class Policy(StrEnum):
    """What to do with what was missed."""

    SKIP = "skip"
    """Nothing: it is over."""
    ONCE = "once"
    """Do it late, once, however often it was missed."""
    ALL = "all"
    """Do it late, as often as it was missed."""
    ASSUME_HELD = "assume_held"
    """Of a ``for:``: take it that the state held while the house was down."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A policy, and how late is still in time."""

    policy: Policy = Policy.ONCE
    within: timedelta | None = None
    """What is later than this is skipped; None: nothing is too late."""

    def takes(self, late: timedelta) -> bool:
        """Say whether what is so late is still to be done."""
        return self.policy is not Policy.SKIP and (self.within is None or late <= self.within)


def missed(default: Missed, *policies: Policy) -> Callable[[Any], Missed]:
    """Return a validator of ``once`` and of ``{policy: once, within: 2h}``.

    ``default`` gives the window, and the policy, where only the other is named; ``policies`` are
    those that make sense at the place.
    """
    known = [one.value for one in policies]

    def policy_of(value: Any) -> Policy:
        if value not in known:
            hint = did_you_mean(str(value), known)
            raise vol.Invalid(f"{value!r} is none of {', '.join(known)}.{hint}")
        return Policy(value)

    fields: Final[Mapping[Any, Any]] = {
        vol.Optional("policy"): policy_of,
        vol.Optional("within"): vol.Maybe(duration),
    }
    schema = vol.Schema(dict(fields))

    def check(value: Any) -> Missed:
        if isinstance(value, Missed):
            return value
        if not isinstance(value, Mapping):
            return Missed(policy_of(value), default.within)
        given = schema(dict(value))
        first = default.policy if default.policy.value in known else policies[0]
        if first is Policy.SKIP and "within" in given:
            first = Policy.ONCE
        return Missed(given.get("policy", first), given.get("within", default.within))

    return check


_TIMELY: Final = (Policy.SKIP, Policy.ONCE, Policy.ALL)
_HELD: Final = (Policy.ONCE, Policy.SKIP, Policy.ASSUME_HELD)

AT_A_TIME: Final = Missed(Policy.ONCE, timedelta(hours=1))
AT_A_PATTERN: Final = Missed(Policy.SKIP, timedelta(hours=1))
AT_THE_SUN: Final = Missed(Policy.ONCE, timedelta(hours=2))
AFTER_A_WAIT: Final = Missed(Policy.ONCE)
HELD: Final = Missed(Policy.ONCE)

of_a_time: Final = missed(AT_A_TIME, *_TIMELY)
of_an_entry: Final = missed(AT_A_TIME, Policy.SKIP, Policy.ONCE)
of_a_pattern: Final = missed(AT_A_PATTERN, *_TIMELY)
of_the_sun: Final = missed(AT_THE_SUN, *_TIMELY)
of_a_wait: Final = missed(AFTER_A_WAIT, *_TIMELY)
of_a_hold: Final = missed(HELD, *_HELD)
