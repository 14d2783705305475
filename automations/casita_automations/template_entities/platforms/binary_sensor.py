"""Binary sensors: on or off, at once or after a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import voluptuous as vol

from casita.entities import Value
from casita.events import Cause, Event
from casita.timers import Timer
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import Unusable
from casita_automations.templates import as_boolean
from casita_config.schemas import duration, string


class BinarySensor(TemplateEntity):
    """A yes or no that templates make. Its delays go on across a restart."""

    kind = "binary_sensor"
    fields: ClassVar[Mapping[str, str | None]] = {
        "state": None, "delay_on": None, "delay_off": None, "auto_off": None,
    }  # fmt: skip
    required = ("state",)
    settings: ClassVar[Mapping[Any, Any]] = {vol.Optional("device_class"): string}
    _now: bool | None = None
    """What it shows, which may not be yet what the template says."""

    def recalled(self) -> None:
        self._now = None if self.result("state") is None else self.result("state") == "on"

    def value(self) -> Value:
        return self._now

    def rendered(self, names: Mapping[str, Any], cause: Event | Cause | None) -> None:
        if "state" not in names:
            return
        result = self.result("state")
        unknown = self.failed("state") or (result is None and self.item.triggered)
        self._aim(None if unknown else as_boolean(result), cause)

    def rang(self, timer: Timer, event: Event) -> None:
        self._become(bool(timer.data["to"]), event)
        self.show(event)

    def _aim(self, target: bool | None, cause: Event | Cause | None) -> None:
        timers, owner = self._around.home.kernel.timers, self._around.home.instance
        pending = timers.get(owner, self.unique_id)
        delay = self._length("delay_on" if target else "delay_off")
        waits = target is not None and target != self._now and bool(delay)
        if pending is not None:
            if waits and pending.data["to"] is target and not self.item.triggered:
                return
            timers.cancel(owner, self.unique_id, cause=cause)
        if waits:
            self._in(delay, bool(target), cause)
        else:
            self._become(target, cause)

    def _become(self, target: bool | None, cause: Event | Cause | None) -> None:
        self._now = target
        length = self._length("auto_off")
        if target and length:
            self._in(length, False, cause)

    def _in(self, length: timedelta, target: bool, cause: Event | Cause | None) -> None:
        home = self._around.home
        home.kernel.timers.set(
            home.instance, self.unique_id, home.clock.now() + length, {"to": target}, cause=cause
        )

    def _length(self, name: str) -> timedelta:
        return self.read(name, _duration) or timedelta()


def _duration(result: Any) -> timedelta:
    try:
        return duration(result)
    except vol.Invalid:
        raise Unusable("a length of time") from None
