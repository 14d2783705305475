"""Waits for changes of state, and for time, on behalf of a Python handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from casita.clock import Alarm
from casita.events import State, StateChanged
from casita.states import has_value
from casita.vocabulary import Changed
from casita_automations.parts import Parts
from casita_automations.triggers.hold import is_own
from casita_config import duration


class Awaiting:
    """One wait: for the first of several changes, or for a time."""

    def __init__(self, parts: Parts, changes: Sequence[Changed], due: datetime | None) -> None:
        self._parts = parts
        self._changes = changes
        self._due = due
        self._future: asyncio.Future[Changed | None] | None = None

    async def came(self) -> Changed | None:
        """Return the change that came, or None once the time is over."""
        future: asyncio.Future[Changed | None] = asyncio.get_running_loop().create_future()
        self._future = future
        stop = self._await_due(self._due)
        sought = [_Sought(self._parts, one, self._found) for one in self._changes]
        try:
            for one in sought:
                one.start()
            return await future
        finally:
            stop()
            for one in sought:
                one.cancel()

    def _await_due(self, due: datetime | None) -> Callable[[], None]:
        """Call back when the time is over; what is overdue after a restart waits for the house."""
        if due is None:
            return _nothing
        clock = self._parts.kernel.clock
        if due <= clock.now() and clock.trusted:
            return self._parts.ready.soon(self._over)
        return clock.call_at(due, self._over).cancel

    def _found(self, change: Changed) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(change)

    def _over(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


def _nothing() -> None:
    return


class _Sought:
    """One change that is waited for, and perhaps has to hold."""

    def __init__(self, parts: Parts, change: Changed, found: Callable[[Changed], None]) -> None:
        self._parts = parts
        self._change = change
        self._found = found
        self._held = timedelta() if change.held is None else duration(change.held)
        self._alarm: Alarm | None = None
        self._last: str | None = None
        """The last value that was there: a reconnect is no change."""
        self._unwatch: Callable[[], None] | None = None
        self._relax: Callable[[], None] = _nothing

    def start(self) -> None:
        """Begin to look; what is there already counts, unless a change from something is sought."""
        self._unwatch = self._parts.watch.entity(self._change.entity_id, self._changed)
        state = self._parts.kernel.states.get(self._change.entity_id)
        if state is not None and has_value(state):
            self._last = state.state
        wanted = self._change.to
        if wanted is None or self._change.from_ is not None or state is None:
            return
        if state.state == wanted:
            self._begin(state, None, state.last_changed)
        if self._held:
            self._relax = self._parts.kernel.uptime.need()

    def cancel(self) -> None:
        """Look no more."""
        self._stop_hold()
        self._relax()
        if self._unwatch is not None:
            self._unwatch()

    def _changed(self, event: StateChanged) -> None:
        new, before, change = event.new, self._last, self._change
        if new is None:
            self._stop_hold()
        if new is None or not has_value(new) or before == new.state:
            return
        self._stop_hold()
        self._last = new.state
        if before is None and change.to is None:
            return
        fits = change.to is None or new.state == change.to
        if fits and (change.from_ is None or before == change.from_):
            self._begin(new, before, event.time)

    def _begin(self, state: State, before: str | None, since: datetime) -> None:
        came = Changed(state.entity_id, to=state.state, from_=before)
        due = since + self._held
        if self._held and not is_own(state.entity_id):
            due += self._parts.kernel.uptime.absent_since(since)
        if due <= self._parts.kernel.clock.now():
            self._found(came)
        else:
            self._alarm = self._parts.kernel.clock.call_at(due, lambda: self._found(came))

    def _stop_hold(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
