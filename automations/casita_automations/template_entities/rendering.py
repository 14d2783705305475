"""Renders the templates of one entity again, together, when what they have read changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from casita.clock import Alarm
from casita.events import StateChanged
from casita.ids import domain_of
from casita_automations.parts import Parts
from casita_automations.templates import Reads, TemplateError, Value
from casita_automations.triggers.source import Cancel
from casita_automations.triggers.time import AFTER

Told = Callable[[Mapping[str, Any], StateChanged | None], None]
"""Given the results by field, a `TemplateError` in place of one, and the change behind them."""
Variables = Callable[[], dict[str, Any]]
"""Returns the variables of a rendering; what it reads counts as read by the template."""

_DOMAIN_PAUSE_S: Final = 1.0
_ALL_PAUSE_S: Final = 60.0


class Rendering:
    """Several templates that are watched as one: one change of state tells all new results.

    A template that reads a whole domain is rendered at most once a second, one that reads all
    states once a minute, unless an entity changes that it names. One that asks for the time is
    rendered each minute.
    """

    def __init__(
        self, parts: Parts, fields: Mapping[str, Value], variables: Variables, told: Told
    ) -> None:
        self._parts = parts
        self._fields = {name: _Field(value) for name, value in fields.items()}
        self._variables = variables
        self._told = told
        self._watched: tuple[Any, ...] | None = None
        self._cancels: list[Cancel] = []
        self._minute: Alarm | None = None
        self._again: Alarm | None = None
        self._ended = False

    def start(self) -> None:
        """Render all, tell the results, and begin to watch."""
        self._render(list(self._fields), None)

    def cancel(self) -> None:
        """Render no more."""
        self._ended = True
        self._unwatch()
        for alarm in (self._minute, self._again):
            if alarm is not None:
                alarm.cancel()

    def _render(self, names: list[str], change: StateChanged | None) -> None:
        now = self._parts.kernel.clock.monotonic()
        results = {}
        for name in names:
            field = self._fields[name]
            field.rendered_at, field.due = now, None
            results[name], field.reads = self._tracked(field.value)
        self._watch()
        self._told(results, change)

    def _tracked(self, value: Value) -> tuple[Any, Reads]:
        environment, reads = self._parts.templates.environment, Reads()
        outer, environment.reads = environment.reads, reads
        try:
            return value.render(self._variables()), reads
        except TemplateError as err:
            return err, reads
        finally:
            environment.reads = outer

    def _watch(self) -> None:
        reads = Reads()
        for field in self._fields.values():
            reads.entities |= field.reads.entities
            reads.domains |= field.reads.domains
            reads.all_states |= field.reads.all_states
            reads.time |= field.reads.time
        key = reads.key()
        if key == self._watched or self._ended:
            return
        self._unwatch()
        self._watched = key
        watch = self._parts.watch
        if reads.all_states:
            self._cancels.append(watch.everything(self._changed))
        else:
            self._cancels += [watch.domain(one, self._changed) for one in sorted(reads.domains)]
            self._cancels += [
                watch.entity(one, self._changed)
                for one in sorted(reads.entities)
                if domain_of(one) not in reads.domains
            ]
        if reads.time and self._minute is None:
            self._await_minute()

    def _unwatch(self) -> None:
        for cancel in self._cancels:
            cancel()
        self._cancels = []
        self._watched = None

    def _changed(self, change: StateChanged) -> None:
        now = self._parts.kernel.clock.monotonic()
        due = []
        for name, field in self._fields.items():
            pause_s = field.pause_s(change.subject)
            if pause_s is None:
                continue
            if not pause_s or field.rendered_at + pause_s <= now:
                due.append(name)
            else:
                field.due = field.rendered_at + pause_s
        if due:
            self._render(due, change)
        self._await_pause(now)

    def _await_pause(self, now: float) -> None:
        waiting = [field.due for field in self._fields.values() if field.due is not None]
        if waiting and self._again is None and not self._ended:
            left_s = max(0.0, min(waiting) - now)
            self._again = self._parts.kernel.clock.call_later(left_s, self._pause_is_over)

    def _pause_is_over(self) -> None:
        self._again = None
        if self._ended:
            return
        now = self._parts.kernel.clock.monotonic()
        fields = self._fields.items()
        due = [name for name, field in fields if field.due is not None and field.due <= now]
        if due:
            self._render(due, None)
        self._await_pause(now)

    def _await_minute(self) -> None:
        clock = self._parts.kernel.clock
        due = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
        self._minute = clock.call_at(due + AFTER, self._minute_is_over)

    def _minute_is_over(self) -> None:
        self._minute = None
        timed = [name for name, field in self._fields.items() if field.reads.time]
        if timed and not self._ended:
            self._await_minute()
            self._render(timed, None)


class _Field:
    """One template, and what it has read."""

    __slots__ = ("due", "reads", "rendered_at", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self.reads = Reads()
        self.rendered_at = float("-inf")
        self.due: float | None = None
        """When it is rendered again, if something has changed since and it has to pause."""

    def pause_s(self, entity_id: str) -> float | None:
        """Return how long to wait between renderings over an entity; None if it is not read."""
        reads = self.reads
        if entity_id in reads.entities:
            return 0.0
        if reads.all_states:
            return _ALL_PAUSE_S
        return _DOMAIN_PAUSE_S if domain_of(entity_id) in reads.domains else None
