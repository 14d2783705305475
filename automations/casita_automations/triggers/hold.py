"""``for:``: what has to hold for some time before a trigger fires."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from casita.clock import Alarm
from casita.errors import CasitaError
from casita.events import Cause, State, StateChanged
from casita_automations.parsing import At, template_value
from casita_automations.parts import Parts
from casita_automations.resting import RESTS_S, rested
from casita_automations.triggers.source import Arming, Pending
from casita_automations.values import Period, from_document, to_document

Keeps = Callable[[State | None, Any, Any], bool]
"""Given the present state, and the values before and after the change: whether it still holds."""
Facts = Callable[[str, State | None, State | None, timedelta | None], dict[str, Any]]
"""Given entity, old and new state, and the time it held: what the trigger tells."""

_logger = logging.getLogger(__name__)


def period_of(held: Any, at: At, parts: Parts) -> Period | None:
    """Compile a ``for:``; None if there is none."""
    return None if held is None else Period(template_value(parts.templates, held, at))


class Hold:
    """The running ``for:`` of one armed trigger, each for one entity and one change."""

    def __init__(self, parts: Parts, arming: Arming, period: Period) -> None:
        self._parts = parts
        self._arming = arming
        self._period = period
        self._running: dict[str, _Running] = {}
        self._numbers = count()

    def begin(self, event: StateChanged, before: Any, now: Any, keeps: Keeps, facts: Facts) -> None:
        """Fire once a change has held for the time; an error in the time is told and ends it."""
        told = {**self._arming.base, **facts(event.subject, event.old, event.new, None)}
        variables = {**self._arming.variables, "trigger": told}
        try:
            length = self._period.of(variables)
        except CasitaError as err:
            _logger.warning("%s: for: %s", event.subject, err)
            return
        key = f"{event.subject} {event.offset} {next(self._numbers)}"
        running = _Running(key, event.subject, event.old, event.new, before, now, length,
                           event.as_cause())  # fmt: skip
        due = self._parts.kernel.clock.now() + length
        self._arming.holds.keep(
            Pending(key=key, due=due.timestamp(), data=running.document(), cause=running.cause)
        )
        self._start(running, length.total_seconds(), keeps, facts)

    def resume(self, keeps: Keeps, facts: Facts) -> None:
        """Go on with what ran when the hub ended, as far as it has held until now."""
        clock = self._parts.kernel.clock
        for pending in self._arming.holds.kept():
            running = _Running.of(pending)
            state = self._parts.kernel.states.get(running.entity_id)
            if keeps(state, running.before, running.now):
                left_s = max(0.0, pending.due - clock.now().timestamp())
                self._start(running, left_s, keeps, facts)
            else:
                self._arming.holds.drop(pending.key)

    def cancel(self) -> None:
        """Fire no more; what runs is struck out."""
        for key in list(self._running):
            self._end(key)

    def _start(self, running: _Running, delay_s: float, keeps: Keeps, facts: Facts) -> None:
        def over() -> None:
            self._end(running.key)
            told = facts(running.entity_id, running.old, running.new, running.length)
            rests = running.length.total_seconds() >= RESTS_S
            self._arming.fires(rested(running.cause) if rests else running.cause, **told)

        def changed(event: StateChanged) -> None:
            if not keeps(event.new, running.before, running.now):
                self._end(running.key)

        running.unwatch = self._parts.watch.entity(running.entity_id, changed)
        running.alarm = self._parts.kernel.clock.call_later(delay_s, over)
        self._running[running.key] = running

    def _end(self, key: str) -> None:
        running = self._running.pop(key, None)
        if running is not None and running.alarm is not None:
            running.alarm.cancel()
            running.unwatch()
            self._arming.holds.drop(key)


class _Running:
    """One change that has to hold."""

    __slots__ = (
        "alarm", "before", "cause", "entity_id", "key", "length", "new", "now", "old", "unwatch",
    )  # fmt: skip

    def __init__(
        self,
        key: str,
        entity_id: str,
        old: State | None,
        new: State | None,
        before: Any,
        now: Any,
        length: timedelta,
        cause: Cause,
    ) -> None:
        self.key = key
        self.entity_id = entity_id
        self.old = old
        self.new = new
        self.before = before
        self.now = now
        self.length = length
        self.cause = cause
        self.alarm: Alarm | None = None
        self.unwatch: Callable[[], None] = _nothing

    @classmethod
    def of(cls, pending: Pending) -> _Running:
        """Return what was kept."""
        data = from_document(pending.data)
        return cls(
            pending.key, data["entity_id"], data["old"], data["new"], data["before"],
            data["now"], data["length"], pending.cause,
        )  # fmt: skip

    def document(self) -> Any:
        """Return what is kept."""
        return to_document(
            {
                "entity_id": self.entity_id,
                "old": self.old,
                "new": self.new,
                "before": self.before,
                "now": self.now,
                "length": self.length,
            }
        )


def _nothing() -> None:
    return
