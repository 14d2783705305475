"""Renders a template again whenever something changes that it has read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from casita.clock import Alarm
from casita.events import StateChanged
from casita.ids import domain_of
from casita_automations.parts import Parts
from casita_automations.templates import Reads, Template
from casita_automations.triggers.source import Cancel
from casita_automations.triggers.time import AFTER

Told = Callable[[Any, StateChanged | None], None]
"""Given the result, or the `TemplateError` that came instead, and the change that led to it."""

_DOMAIN_PAUSE_S: Final = 1.0
_ALL_PAUSE_S: Final = 60.0
_NEVER: Final = object()


class Tracking:
    """A template that is watched. The first rendering is told, then each new result."""

    def __init__(
        self, parts: Parts, template: Template, variables: Mapping[str, Any], told: Told
    ) -> None:
        self._parts = parts
        self._template = template
        self._variables = variables
        self._told = told
        self._result: Any = _NEVER
        self._watched: tuple[Any, ...] | None = None
        self._cancels: list[Cancel] = []
        self._minute: Alarm | None = None
        self._again: Alarm | None = None
        self._rendered_at = float("-inf")
        self._reads = Reads()
        self._ended = False

    def start(self) -> None:
        """Render for the first time, and begin to watch."""
        self._render(None)

    def cancel(self) -> None:
        """Render no more."""
        self._ended = True
        self._unwatch()
        for alarm in (self._minute, self._again):
            if alarm is not None:
                alarm.cancel()

    def _render(self, change: StateChanged | None) -> None:
        self._rendered_at = self._parts.kernel.clock.monotonic()
        result, reads = self._template.render_tracked(self._variables)
        self._reads = reads
        self._watch(reads)
        if isinstance(result, Exception):
            self._result = _NEVER
        elif self._result is not _NEVER and result == self._result:
            return
        else:
            self._result = result
        self._told(result, change)

    def _watch(self, reads: Reads) -> None:
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
        """Render again; a template that reads a whole domain, or all, not too often."""
        pause_s = self._pause_s(change.subject)
        left_s = self._rendered_at + pause_s - self._parts.kernel.clock.monotonic()
        if pause_s and left_s > 0:
            if self._again is None:
                self._again = self._parts.kernel.clock.call_later(left_s, self._render_late)
            return
        self._render(change)

    def _pause_s(self, entity_id: str) -> float:
        if entity_id in self._reads.entities:
            return 0.0
        return _ALL_PAUSE_S if self._reads.all_states else _DOMAIN_PAUSE_S

    def _render_late(self) -> None:
        self._again = None
        if not self._ended:
            self._render(None)

    def _await_minute(self) -> None:
        clock = self._parts.kernel.clock
        now = clock.now()
        due = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        self._minute = clock.call_at(due + AFTER, self._minute_is_over)

    def _minute_is_over(self) -> None:
        self._minute = None
        if self._ended:
            return
        if self._reads.time:
            self._await_minute()
            self._render(None)
