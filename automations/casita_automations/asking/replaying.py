"""Lets an automation's triggers see again what has happened, with nothing that acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from casita.asking import Clause
from casita.events import STATE_CHANGED, Event, State, StateChanged
from casita.ids import Offset
from casita.kernel import Kernel
from casita_automations.asking.clauses import Clauses
from casita_automations.asking.declared import DeclaredTrigger, triggers_of
from casita_automations.asking.nearness import Near, near
from casita_automations.asking.workshop import Workshop
from casita_automations.automation import Automation
from casita_automations.parsing import one_of
from casita_automations.triggers.source import Pending
from casita_automations.values import from_document
from casita_config import plain

_SOURCE: Final = "replay"
_BEST: Final = 5
"""So many of the nearest events of one trigger are told."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger fired in the replay."""

    time: datetime
    trigger: DeclaredTrigger
    clauses: Sequence[Clause]
    holds: bool
    """Whether the conditions held."""
    offset: Offset | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A ``for:`` that did not last."""

    time: datetime
    trigger: DeclaredTrigger
    lasted: timedelta
    length: timedelta
    by: Event | None


@dataclass(frozen=True, slots=True)
class Almost:
    """A trigger looked at an event and did not fire."""

    time: datetime
    trigger: DeclaredTrigger
    near: Near
    offset: Offset


@dataclass(slots=True)
class Seen:
    """What came of a replay."""

    fired: list[Fired] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    almost: list[Almost] = field(default_factory=list)
    events: int = 0


def replay(
    automation: Automation,
    like: Kernel,
    initial: Iterable[State],
    events: Iterable[Event],
    *,
    begin: datetime,
    since: datetime,
    until: datetime,
) -> Seen:
    """Replay the events from ``begin`` on; what comes before ``since`` only sets the stage.

    ``initial`` are the states at the beginning. Raises `ConfigError` if the automation cannot
    be built anew.
    """
    ordered = sorted(initial, key=_changed_at)
    return _Replay(automation, like, ordered, since).run(events, begin, until)


def _changed_at(state: State) -> datetime:
    return state.last_changed


class _Replay:
    def __init__(
        self, automation: Automation, like: Kernel, initial: Sequence[State], since: datetime
    ) -> None:
        start = min([since, *(one.last_changed for one in initial[:1])])
        self._shop = Workshop(like, start)
        self._since = since
        self._seen = Seen()
        self._current: Event | None = None
        self._fired_now: set[int] = set()
        self._triggers = triggers_of(automation, like.vocabulary.automations)
        for state in initial:
            self._until(state.last_changed)
            self._shop.states.set(state.entity_id, state.state, state.attributes, source=_SOURCE)
        node, at = automation.declared
        self._automation = self._shop.automation(
            node, at, automation.entity_id, holds=self._holds_of, triggered=self._triggered
        )
        asked = one_of(plain(node), at, "conditions", "condition")
        data, where = (None, at) if asked is None else (asked[1], at.below(asked[0]))
        self._clauses = Clauses(data, where, self._shop.parts)
        self._best: dict[int, list[Almost]] = {}

    def run(self, events: Iterable[Event], begin: datetime, until: datetime) -> Seen:
        self._until(begin)
        self._automation.turn_on()
        for event in events:
            self._until(event.time)
            self._apply(event)
        self._until(until)
        self._automation.turn_off()
        self._seen.almost = [one for best in self._best.values() for one in best]
        return self._seen

    def _until(self, moment: datetime) -> None:
        left = moment - self._shop.clock.now()
        if left > timedelta():
            self._shop.clock.advance(left)

    def _apply(self, event: Event) -> None:
        self._current, self._fired_now = event, set()
        self._seen.events += 1
        happened = self._happen(event)
        if happened is not None and event.time >= self._since:
            for trigger in self._triggers:
                if trigger.enabled and trigger.number not in self._fired_now:
                    self._look(trigger, happened, event)
        self._current = None

    def _happen(self, event: Event) -> Event | None:
        states = self._shop.states
        if event.type != STATE_CHANGED:
            return self._shop.kernel.bus.emit(
                event.type, event.subject, event.data, source=event.source, actor=event.actor
            )
        text = event.data.get("state")
        if text is None:
            return states.remove(event.subject, source=_SOURCE)
        attributes = event.data.get("attributes") or {}
        changed: StateChanged | None = states.set(
            event.subject, text, attributes, source=_SOURCE, force=True
        )
        return changed

    def _look(self, trigger: DeclaredTrigger, happened: Event, event: Event) -> None:
        found = near(trigger, happened, self._shop.parts, self._automation.static)
        if found is None:
            return
        best = self._best.setdefault(trigger.number, [])
        best.append(Almost(event.time, trigger, found, event.offset))
        best.sort(key=lambda one: (one.near.distance, -one.offset))
        del best[_BEST:]

    def _triggered(self, told: dict[str, Any], variables: dict[str, Any] | None) -> None:
        number = int(told.get("idx") or 0)
        self._fired_now.add(number)
        now = self._shop.clock.now()
        if now < self._since or number >= len(self._triggers):
            return
        if variables is None:
            broken = Clause(says="its variables can be rendered", holds=None)
            clauses: Sequence[Clause] = [broken]
            holds = False
        else:
            clauses = self._clauses.at_present(variables)
            holds = self._clauses.holds(variables)
        offset = None if self._current is None else self._current.offset
        self._seen.fired.append(Fired(now, self._triggers[number], clauses, holds, offset))

    def _holds_of(self, _automation: Automation, number: int) -> _Holds:
        return _Holds(self, number)

    def hold_ended(self, number: int, pending: Pending, began: datetime) -> None:
        """Take down that a ``for:`` is over before its time."""
        now = self._shop.clock.now()
        due = pending.due - now.timestamp()
        if due <= 0.001 or now < self._since or number >= len(self._triggers):
            return
        if self._current is not None:
            self._fired_now.add(number)
        data = from_document(pending.data)
        length = data.get("length") if isinstance(data, Mapping) else None
        whole = length if isinstance(length, timedelta) else timedelta(seconds=due) + (now - began)
        trigger = self._triggers[number]
        self._seen.broken.append(Broken(now, trigger, now - began, whole, self._current))

    def hold_began(self, number: int) -> datetime:
        """Take down that a ``for:`` runs: the event has not failed to trigger."""
        self._fired_now.add(number)
        return self._shop.clock.now()


class _Holds:
    """Sees each ``for:`` of a trigger begin and end; what is kept for a restart is nothing."""

    def __init__(self, owner: _Replay, number: int) -> None:
        self._owner = owner
        self._number = number
        self._running: dict[str, tuple[Pending, datetime]] = {}

    def keep(self, pending: Pending) -> None:
        """See one begin; a time that is waited for has no cause and is none."""
        if pending.cause.offset:
            self._running[pending.key] = (pending, self._owner.hold_began(self._number))

    def drop(self, key: str) -> None:
        """See one end."""
        found = self._running.pop(key, None)
        if found is not None:
            self._owner.hold_ended(self._number, *found)

    def kept(self) -> list[Pending]:
        """Return nothing: the replay begins anew."""
        return []
