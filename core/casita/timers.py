"""Timers that survive a restart: set, fired and dropped are events, what is pending is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from casita.bus import Bus
from casita.clock import Alarm, Clock
from casita.events import Cause, Event

_STORE: Final = "timers"
_STARTED_WITHIN_S: Final = 5.0


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A timer that is pending."""

    owner: str
    name: str
    due: datetime
    """When it fires: aware, UTC."""
    data: Mapping[str, Any]
    cause: Cause
    """The event by which it was set."""

    @property
    def key(self) -> str:
        """What the log calls it."""
        return f"{self.owner}.{self.name}"


TimerHandler = Callable[[Timer, Event], None]
"""Called with the timer and the ``timer.fired`` event."""


class Timers:
    """All pending timers. An owner's timers fire once the owner has claimed them."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._pending: dict[str, Timer] = {}
        self._alarms: dict[str, Alarm] = {}
        self._handlers: dict[str, TimerHandler] = {}
        self._release: list[Callable[[], None]] = []

    def __iter__(self) -> Iterator[Timer]:
        return iter(sorted(self._pending.values(), key=lambda timer: timer.due))

    def restore(self) -> None:
        """Read what was pending when the hub ended. It fires when its owners claim it."""
        for key, document in self._bus.log.items(_STORE).items():
            self._pending[key] = msgspec.convert(document, Timer)

    def hold_overdue(self) -> None:
        """Let what is overdue wait until the hub has started, for 5 s at most.

        Whoever waits for it, or carries out what it leads to, is there then.
        """
        alarm = self._clock.call_later(_STARTED_WITHIN_S, self._let_go)
        started = self._bus.subscribe(
            lambda _event: self._let_go(), owner="casita", type="hub.started"
        )
        self._release = [alarm.cancel, started.cancel]

    def close(self) -> None:
        """Fire nothing any more; what is pending stays so."""
        for owner in list(self._handlers):
            self.release(owner)
        self._end_hold()

    def claim(self, owner: str, handler: TimerHandler) -> None:
        """Take an owner's timers: what is pending is armed, what is overdue fires soon."""
        self._handlers[owner] = handler
        for timer in self:
            if timer.owner == owner:
                self._arm(timer)

    def release(self, owner: str) -> None:
        """Stop firing an owner's timers; they stay pending until they are claimed again."""
        self._handlers.pop(owner, None)
        for key, timer in self._pending.items():
            if timer.owner == owner and key in self._alarms:
                self._alarms.pop(key).cancel()

    def get(self, owner: str, name: str) -> Timer | None:
        """Return a pending timer."""
        return self._pending.get(f"{owner}.{name}")

    def set(
        self,
        owner: str,
        name: str,
        due: datetime,
        data: Mapping[str, Any] | None = None,
        *,
        cause: Cause | Event | None = None,
    ) -> Timer:
        """Set a timer, in place of one of the same name."""
        key = f"{owner}.{name}"
        event = self._bus.emit(
            "timer.set", key, {"due": due.isoformat()}, source=owner, cause=cause
        )
        timer = Timer(owner=owner, name=name, due=due, data=data or {}, cause=event.as_cause())
        self._pending[key] = timer
        self._bus.log.put(_STORE, key, msgspec.to_builtins(timer))
        self._arm(timer)
        return timer

    def cancel(self, owner: str, name: str, *, cause: Cause | Event | None = None) -> bool:
        """Take a timer back; say whether there was one."""
        timer = self._pending.get(f"{owner}.{name}")
        if timer is None:
            return False
        self._forget(timer)
        self._bus.emit("timer.dropped", timer.key, {}, source=owner, cause=cause or timer.cause)
        return True

    def _arm(self, timer: Timer) -> None:
        old = self._alarms.pop(timer.key, None)
        if old is not None:
            old.cancel()
        overdue = self._release and timer.due <= self._clock.now()
        if timer.owner in self._handlers and not overdue:
            self._alarms[timer.key] = self._clock.call_at(timer.due, lambda: self._fire(timer))

    def _let_go(self) -> None:
        self._end_hold()
        for timer in self:
            if timer.key not in self._alarms:
                self._arm(timer)

    def _end_hold(self) -> None:
        for cancel in self._release:
            cancel()
        self._release = []

    def _fire(self, timer: Timer) -> None:
        late_s = max(0.0, (self._clock.now() - timer.due).total_seconds())
        with self._bus.log.together():
            self._forget(timer)
            event = self._bus.emit(
                "timer.fired", timer.key, {"late_s": round(late_s, 3)},
                source=timer.owner, cause=timer.cause,
            )  # fmt: skip
            self._handlers[timer.owner](timer, event)

    def _forget(self, timer: Timer) -> None:
        self._pending.pop(timer.key, None)
        self._bus.log.remove(_STORE, timer.key)
        alarm = self._alarms.pop(timer.key, None)
        if alarm is not None:
            alarm.cancel()
