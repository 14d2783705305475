"""Whether the clock on the wall can be believed: after a blackout it may be wrong by years."""

from __future__ import annotations

import ctypes
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from casita.bus import Bus
from casita.clock import Alarm, Clock

_FLOOR: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Casita is younger than this: a clock that shows an earlier time is wrong."""
_TOLERANCE: Final = timedelta(minutes=1)
_LOOK_EVERY_S: Final = 5.0
_GRACE_S: Final = 300.0
"""A machine without a clock that runs while it is off gets so long to ask for the time."""
_TIME_ERROR: Final = 5
_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
_RTC: Final = Path("/sys/class/rtc/rtc0")
_UPTIME: Final = Path("/proc/uptime")

_logger = logging.getLogger(__name__)

Machine = Callable[[], "str | bool | None"]
"""Says what the machine knows of its clock: True if it was set from outside, a reason for doubt,
or None if it cannot tell."""


class Trust:
    """Watches the wall clock until it can be believed.

    It is not believed if it shows a time before the log's newest event, or before this program
    was written, or if the machine has just started without a clock of its own and has not yet
    been told the time. What was set for a time waits meanwhile, and two events say so.
    """

    def __init__(self, bus: Bus, clock: Clock, machine: Machine | None = None) -> None:
        """``machine`` is asked what it knows of its clock; None asks nobody."""
        self._bus = bus
        self._clock = clock
        self._machine = machine or (lambda: None)
        self._last_alive: datetime | None = None
        self._since = 0.0
        self._alarm: Alarm | None = None
        self.doubt: str | None = None
        """Why the clock is not believed at present."""

    def begin(self, last_alive: datetime | None) -> None:
        """Look at the clock for the first time; ``last_alive`` is the log's last sign of life."""
        self._last_alive = last_alive
        self.doubt = self._doubted()
        if self.doubt is None:
            return
        self._clock.distrust()
        self._since = self._clock.monotonic()
        _logger.warning("the clock is not trusted: %s; what is set for a time waits", self.doubt)
        self._bus.emit(
            "clock.untrusted", "clock",
            {"reason": self.doubt, "shows": self._clock.now().isoformat()}, source="casita",
        )  # fmt: skip
        self._look_later()

    def accept(self, actor: str | None = None) -> bool:
        """Believe the clock, because a person says so; say whether it was in doubt."""
        if self.doubt is None:
            return False
        self._believe("a person says that it is right", actor)
        return True

    def end(self) -> None:
        """Look no more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _look_later(self) -> None:
        self._alarm = self._clock.call_later(_LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        if self.doubt is None:
            return
        self.doubt = self._doubted() or ""
        if self.doubt:
            self._look_later()
        else:
            self._believe("it was set", None)

    def _believe(self, why: str, actor: str | None) -> None:
        self.doubt = None
        waited_s = round(self._clock.monotonic() - self._since, 3)
        _logger.warning("the clock is trusted again: %s", why)
        self._bus.emit(
            "clock.trusted", "clock",
            {"reason": why, "shows": self._clock.now().isoformat(), "waited_s": waited_s},
            source="casita", actor=actor,
        )  # fmt: skip
        self._clock.trust()

    def _doubted(self) -> str | None:
        """Return why the clock cannot be right, or None."""
        knows, now = self._machine(), self._clock.now()
        if knows is True:
            return None
        shows = now.isoformat(timespec="seconds")
        if self._last_alive is not None and now < self._last_alive - _TOLERANCE:
            last = self._last_alive.isoformat(timespec="seconds")
            return f"it shows {shows}, and the newest event in the log is of {last}"
        if knows is not None and now < _FLOOR:
            return f"it shows {shows}, which is before this program was written"
        return knows if isinstance(knows, str) and knows else None


def of_the_machine() -> str | bool:
    """Say what the kernel knows of its clock: True, a reason for doubt, or '' for none."""
    if _SYNCHRONISED.exists() or _kernel_is_synchronised():
        return True
    if not _RTC.exists() and _up_for_s() < _GRACE_S:
        return "the machine has just started, has no clock of its own, and was not told the time"
    return ""


def _kernel_is_synchronised() -> bool:
    """Ask ``adjtimex`` without changing anything."""
    try:
        status = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return False
    return 0 <= int(status) < _TIME_ERROR


def _up_for_s() -> float:
    try:
        return float(_UPTIME.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return time.monotonic()
