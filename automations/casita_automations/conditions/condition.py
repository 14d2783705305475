"""What every kind of condition is: something that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from casita_automations.numeric import ConditionError
from casita_automations.parts import Check, Variables

Seen = Callable[[Variables], Any]


def _nothing(_variables: Variables) -> Any:
    return None


class Condition:
    """A compiled condition."""

    __slots__ = ("check", "seen")

    def __init__(self, check: Check, seen: Seen = _nothing) -> None:
        self.check = check
        """Say whether it holds. Raises `ConditionError` if it cannot be told."""
        self.seen = seen
        """Return what it looks at, as JSON can hold it, to show why it holds or not."""


ALWAYS = Condition(lambda _variables: True)


def every(conditions: Sequence[Condition]) -> Check:
    """Return a check that all of them hold; one that fails outweighs one that cannot be told."""
    if len(conditions) == 1:
        return conditions[0].check
    checks = tuple(one.check for one in conditions)

    def check(variables: Variables) -> bool:
        fault: ConditionError | None = None
        for one in checks:
            try:
                if not one(variables):
                    return False
            except ConditionError as err:
                fault = fault or err
        if fault is not None:
            raise fault
        return True

    return check


def any_of(conditions: Sequence[Condition]) -> Check:
    """Return a check that one of them holds."""
    checks = tuple(one.check for one in conditions)

    def check(variables: Variables) -> bool:
        fault: ConditionError | None = None
        for one in checks:
            try:
                if one(variables):
                    return True
            except ConditionError as err:
                fault = fault or err
        if fault is not None:
            raise fault
        return False

    return check


def none_of(conditions: Sequence[Condition]) -> Check:
    """Return a check that none of them holds; what cannot be told does not count as not holding."""
    holds = any_of(conditions)
    return lambda variables: not holds(variables)


def all_seen(conditions: Sequence[Condition]) -> Seen:
    """Return what gathers what conditions look at, each mapping joined into one."""

    def seen(variables: Variables) -> Any:
        gathered: dict[str, Any] = {}
        for one in conditions:
            part = one.seen(variables)
            if isinstance(part, Mapping):
                gathered.update(part)
        return gathered or None

    return seen
