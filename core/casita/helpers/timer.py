"""Timers that people and automations start: kept and rung by the hub's own timers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.domains.fitting import EMPTY
from casita.errors import CommandFailed
from casita.events import Cause, Event
from casita.helpers._base import Helper, item_schema
from casita.missed import AFTER_A_WAIT, Missed, of_a_wait
from casita.services import Command, Kind, Service
from casita.timers import Timer as PendingTimer
from casita_config.schemas import boolean, duration, signed_duration

_IDLE: Final = "idle"
_ACTIVE: Final = "active"
_PAUSED: Final = "paused"
_service = partial(Service, domain="timer")


def _seconds(value: Any) -> float:
    return duration(value).total_seconds()


def _signed_seconds(value: Any) -> float:
    return signed_duration(value).total_seconds()


class Timer(Helper):
    """Counts down once it is started; says with events how it fares.

    Without ``restore`` it is idle after a restart; with it, it goes on, and what was due while
    the hub was down finishes late, with the time at which it was due, unless ``missed`` says
    that this is too late: then it is cancelled.
    """

    section = "timer"
    schema = item_schema(
        {
            vol.Optional("duration", default=0): duration,
            vol.Optional("restore", default=False): boolean,
            vol.Optional("missed", default=AFTER_A_WAIT): of_a_wait,
        }
    )
    services = (
        _service(
            name="start",
            schema=vol.Schema({vol.Optional("duration"): _seconds}),
            kind=Kind.PULSE,
            description="Start a timer, start it anew, or let it go on after a pause.",
        ),
        _service(
            name="change",
            schema=vol.Schema({vol.Required("duration"): _signed_seconds}),
            kind=Kind.PULSE,
            description="Add time to a timer that runs, or take some away.",
        ),
        _service(name="pause", schema=EMPTY, description="Stop a timer for now."),
        _service(name="cancel", schema=EMPTY, description="Stop a timer, as if never started."),
        _service(name="finish", schema=EMPTY, description="Let a timer finish now."),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        super().__init__(object_id, config)
        self._configured: timedelta = config["duration"]
        self._restores: bool = config["restore"]
        self._missed: Missed = config["missed"]
        self._began_at: datetime | None = None
        if self._restores:
            self.capabilities["restore"] = True
        self.state = _IDLE
        self.readings = {"duration": _text(self._configured)}
        self._length = self._configured
        self._remaining: timedelta | None = None
        self._end: datetime | None = None

    def begin(self) -> None:
        self._began_at = self.home.clock.now()
        if self._restores and self.state in (_ACTIVE, _PAUSED):
            self._go_on()
        else:
            self.home.kernel.timers.cancel(self.home.instance, self.unique_id)
            self._enter(_IDLE, None)

    def command(self, command: Command) -> None:
        steps = {
            "start": self._start,
            "change": self._change,
            "pause": self._pause,
            "cancel": self._cancel,
            "finish": self._finish,
        }
        steps[command.action](command)

    def rang(self, timer: PendingTimer, event: Event) -> None:
        """Finish, as its time has come, unless it came too long ago."""
        began, late = self._began_at, self.home.clock.now() - timer.due
        if began is None or timer.due > began or self._missed.takes(late):
            self._finished(timer.due, event)
            return
        self._reset()
        self._enter(_IDLE, event)
        self._tell("cancelled", event)

    def _go_on(self) -> None:
        """Take up what was under way when the hub ended."""
        self._length = duration(self.readings.get("duration", self._configured))
        self._remaining = duration(self.readings.get("remaining", self._length))
        ends = self.readings.get("finishes_at")
        if self.state == _PAUSED or ends is None:
            self._enter(_PAUSED, None)
            return
        self._end = datetime.fromisoformat(ends)
        if self.home.kernel.timers.get(self.home.instance, self.unique_id) is None:
            self._set(self._end, None)
        self._enter(_ACTIVE, None)

    def _start(self, command: Command) -> None:
        verb = "started" if self.state == _IDLE else "restarted"
        asked = timedelta(seconds=command.data.get("duration", 0))
        if asked:
            self._length = self._remaining = asked
        elif not self._remaining:
            self._remaining = self._length
        self._end = self._now() + self._remaining
        self._set(self._end, command.event)
        self._enter(_ACTIVE, command.event)
        self._tell(verb, command.event)

    def _change(self, command: Command) -> None:
        if self._end is None:
            raise CommandFailed(f"{self.entity_id}: it does not run; start it first")
        by = timedelta(seconds=command.data["duration"])
        remaining = self._end + by - self._now()
        if remaining > self._length:
            raise CommandFailed(
                f"{self.entity_id}: {by.total_seconds():g} s more than is left would pass its "
                f"duration of {_text(self._length)}"
            )
        if remaining < timedelta():
            raise CommandFailed(
                f"{self.entity_id}: {-by.total_seconds():g} s less than is left is less than none"
            )
        self._end += by
        self._remaining = remaining
        self._set(self._end, command.event)
        self._enter(_ACTIVE, command.event)
        self._tell("changed", command.event)

    def _pause(self, command: Command) -> None:
        if self._end is None:
            return
        self._unset(command.event)
        self._remaining = self._end - self._now()
        self._end = None
        self._enter(_PAUSED, command.event)
        self._tell("paused", command.event)

    def _cancel(self, command: Command) -> None:
        if self.state == _IDLE:
            return
        self._unset(command.event)
        self._reset()
        self._enter(_IDLE, command.event)
        self._tell("cancelled", command.event)

    def _finish(self, command: Command) -> None:
        if self.state == _IDLE:
            return
        self._unset(command.event)
        self._finished(self._end or self._now(), command.event)

    def _finished(self, at: datetime, cause: Cause | Event) -> None:
        self._reset()
        self._enter(_IDLE, cause)
        self._tell("finished", cause, finished_at=at.isoformat())

    def _reset(self) -> None:
        self._end = self._remaining = None
        self._length = self._configured

    def _enter(self, state: str, cause: Cause | Event | None) -> None:
        self.observe(
            state,
            cause=cause,
            duration=_text(self._length),
            remaining=None if self._remaining is None else _text(self._remaining),
            finishes_at=None if self._end is None else self._end.isoformat(),
        )

    def _tell(self, verb: str, cause: Cause | Event, **data: str) -> None:
        told = {"entity_id": self.entity_id, **data}
        self.home.emit(f"timer.{verb}", self.entity_id, told, cause=cause)

    def _set(self, end: datetime, cause: Event | None) -> None:
        self.home.kernel.timers.set(self.home.instance, self.unique_id, end, cause=cause)

    def _unset(self, cause: Event) -> None:
        self.home.kernel.timers.cancel(self.home.instance, self.unique_id, cause=cause)

    def _now(self) -> datetime:
        return self.home.clock.now().replace(microsecond=0)


def _text(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
