"""``for:``: what has to hold for some time before a trigger fires."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

from casita.errors import CasitaError
from casita.events import Cause, State, StateChanged
from casita.ids import domain_of
from casita.missed import HELD, Missed, Policy
from casita_automations.parsing import At, template_value
from casita_automations.parts import Parts
from casita_automations.resting import RESTS_S, rested
from casita_automations.triggers.source import Arming, Cancel, Pending
from casita_automations.values import Period, from_document, to_document

Keeps = Callable[[State | None, Any, Any], bool]
"""Given the present state, and the values before and after the change: whether it still holds."""
Facts = Callable[[str, State | None, State | None, timedelta | None], dict[str, Any]]
"""Given entity, old and new state, and the time it held: what the trigger tells."""

_OWN: Final = frozenset(
    {
        "automation", "counter", "input_boolean", "input_button", "input_datetime",
        "input_number", "input_select", "input_text",
    }
)  # fmt: skip
"""Domains of which only the hub itself changes a state: while it is down, nothing does."""
_logger = logging.getLogger(__name__)


def period_of(held: Any, at: At, parts: Parts) -> Period | None:
    """Compile a ``for:``; None if there is none."""
    return None if held is None else Period(template_value(parts.templates, held, at))


def missed_of(checked: Mapping[str, Any], at: At) -> Missed:
    """Return the ``missed:`` of a trigger that has a ``for:``."""
    if "missed" in checked and "for" not in checked:
        at.below("missed").refuse("there is nothing to miss here; it goes with a 'for:'")
    found: Missed = checked.get("missed", HELD)
    return found


def left_of(
    parts: Parts, due: float, length: timedelta, missed: Missed, *, unchanged: bool
) -> timedelta | None:
    """Return how long a ``for:`` from before a restart still has to hold; None if it is over.

    The time in which the house was down counts only if the state is known to be ``unchanged``
    since, or the policy says to assume so.
    """
    if missed.policy is Policy.SKIP:
        return None
    began = datetime.fromtimestamp(due, UTC) - length
    held = parts.kernel.clock.now() - began
    if not unchanged and missed.policy is not Policy.ASSUME_HELD:
        held -= parts.kernel.uptime.absent_since(began)
    if held > length and not missed.takes(held - length):
        return None
    return min(max(length - held, timedelta()), length)


def is_own(entity_id: str) -> bool:
    """Say whether only the hub itself changes an entity: while it is down, nothing does."""
    return domain_of(entity_id) in _OWN


class Hold:
    """The running ``for:`` of one armed trigger, each for one entity and one change."""

    def __init__(self, parts: Parts, arming: Arming, period: Period, missed: Missed = HELD) -> None:
        self._parts = parts
        self._arming = arming
        self._period = period
        self._missed = missed
        self._running: dict[str, _Running] = {}
        self._numbers = count()

    def begin(
        self,
        event: StateChanged,
        before: Any,
        now: Any,
        keeps: Keeps,
        facts: Facts,
        *,
        old: State | None = None,
    ) -> None:
        """Fire once a change has held for the time; an error in the time is told and ends it.

        ``old`` is the state before, if it is not the event's.
        """
        old = old or event.old
        told = {**self._arming.base, **facts(event.subject, old, event.new, None)}
        variables = {**self._arming.variables, "trigger": told}
        try:
            length = self._period.of(variables)
        except CasitaError as err:
            _logger.warning("%s: for: %s", event.subject, err)
            return
        key = f"{event.subject} {event.offset} {next(self._numbers)}"
        running = _Running(key, event.subject, old, event.new, before, now, length,
                           event.as_cause())  # fmt: skip
        if length == timedelta():
            self._arming.fires(event, **facts(event.subject, old, event.new, length))
            return
        due = self._parts.kernel.clock.now() + length
        self._arming.holds.keep(
            Pending(key=key, due=due.timestamp(), data=running.document(), cause=running.cause)
        )
        clock, delay_s = self._parts.kernel.clock, length.total_seconds()
        self._start(running, keeps, facts, lambda over: clock.call_later(delay_s, over).cancel)

    def resume(self, keeps: Keeps, facts: Facts) -> None:
        """Go on with what ran when the hub ended, as far as it has held until now."""
        self.resume_all(self._arming.holds.kept(), keeps, facts)

    def resume_all(self, kept: Iterable[Pending], keeps: Keeps, facts: Facts) -> None:
        """Go on with what was kept."""
        for pending in kept:
            running = _Running.of(pending)
            state = self._parts.kernel.states.get(running.entity_id)
            left = left_of(
                self._parts, pending.due, running.length, self._missed,
                unchanged=is_own(running.entity_id),
            )  # fmt: skip
            if left is None or not keeps(state, running.before, running.now):
                self._arming.holds.drop(pending.key)
            else:
                self._start(running, keeps, facts, partial(self._wait, left))

    def cancel(self) -> None:
        """Fire no more; what runs is struck out."""
        for key in list(self._running):
            self._end(key)

    def _wait(self, left: timedelta, over: Callable[[], None]) -> Cancel:
        """Call back when the rest of a time is over; what is over is told once all is ready."""
        if left <= timedelta():
            return self._parts.ready.soon(over)
        return self._parts.kernel.clock.call_later(left.total_seconds(), over).cancel

    def _start(
        self,
        running: _Running,
        keeps: Keeps,
        facts: Facts,
        wait: Callable[[Callable[[], None]], Cancel],
    ) -> None:
        def over() -> None:
            told = facts(running.entity_id, running.old, running.new, running.length)
            rests = running.length.total_seconds() >= RESTS_S
            with self._parts.kernel.log.together():
                self._end(running.key)
                self._arming.fires(rested(running.cause) if rests else running.cause, **told)

        def changed(event: StateChanged) -> None:
            if not keeps(event.new, running.before, running.now):
                self._end(running.key)

        running.unwatch = self._parts.watch.entity(running.entity_id, changed)
        running.stop = wait(over)
        running.relax = self._parts.kernel.uptime.need()
        self._running[running.key] = running

    def _end(self, key: str) -> None:
        running = self._running.pop(key, None)
        if running is not None:
            running.stop()
            running.relax()
            running.unwatch()
            self._arming.holds.drop(key)


class _Running:
    """One change that has to hold."""

    __slots__ = (
        "before", "cause", "entity_id", "key", "length", "new", "now", "old", "relax", "stop",
        "unwatch",
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
        self.stop: Cancel = _nothing
        self.relax: Cancel = _nothing
        self.unwatch: Cancel = _nothing

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
