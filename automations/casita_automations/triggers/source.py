"""What every kind of trigger is: something that can be armed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from casita.events import Cause, Event
from casita.ids import Offset
from casita_automations.parts import Fire

Cancel = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A ``for:`` that runs, or a time that is waited for. It is kept across restarts."""

    key: str
    """Names it among those of its trigger."""
    due: float
    """When it is over, as seconds since 1970."""
    data: Mapping[str, Any]
    """What the trigger needs to go on with it."""
    cause: Cause


NOTHING: Final = Cause(offset=Offset(0), root=Offset(0), hops=0)
"""The cause of what has none, as time itself."""


class Holds(Protocol):
    """Where a trigger keeps its running ``for:`` across restarts."""

    def keep(self, pending: Pending) -> None:
        """Write one down, in place of one of the same key."""
        ...

    def drop(self, key: str) -> None:
        """Strike one out."""
        ...

    def kept(self) -> list[Pending]:
        """Return those that ran when the hub ended."""
        ...


class NoHolds:
    """Keeps nothing: for triggers whose run is itself kept."""

    def keep(self, pending: Pending) -> None:
        """Do nothing."""

    def drop(self, key: str) -> None:
        """Do nothing."""

    def kept(self) -> list[Pending]:
        """Return nothing."""
        return []


@dataclass(slots=True, kw_only=True)
class Arming:
    """What an armed trigger works with."""

    fire: Fire
    """Call it with the ``trigger`` variable when the trigger fires."""
    base: dict[str, Any]
    """What every ``trigger`` variable of it has: id, idx, alias, platform."""
    variables: Mapping[str, Any]
    """Variables for templates: ``this`` and the ``trigger_variables``."""
    holds: Holds = field(default_factory=NoHolds)
    starting: bool = False
    """The hub is just starting: a trigger on its start fires when it has."""

    def fires(self, cause: Event | Cause | None, **facts: Any) -> None:
        """Fire with the facts that this kind of trigger tells."""
        self.fire({**self.base, **facts}, cause)


class Source(Protocol):
    """A compiled trigger of some kind."""

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        ...


def all_of(cancels: list[Cancel]) -> Cancel:
    """Return what cancels all of them."""
    if len(cancels) == 1:
        return cancels[0]

    def cancel() -> None:
        for one in cancels:
            one()

    return cancel
