"""When the hub was there, and when it was not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from casita.clock import Alarm, Clock
from casita.log import EventLog

_STORE: Final = "uptime"
_MOST: Final = 100
"""So many of the latest absences are remembered."""
_SHORTEST_S: Final = 0.5
_BEAT_EVERY_S: Final = 10.0
"""While something depends on how long the house was down, that is known to so many seconds."""


class Uptime:
    """Signs of life, so that a start knows how long the house was down.

    Every event is one; `beat` adds others in a house where nothing happens.
    """

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._absences: list[tuple[datetime, datetime]] = []
        self._needs = 0
        self._alarm: Alarm | None = None
        self.last_alive: datetime | None = None
        """The last sign of life before this start; None if this is the first."""

    def restore(self) -> None:
        """Find out since when the hub was down. To be called before this start's first event."""
        kept = self._log.items(_STORE)
        self._absences = [(_time(begin), _time(end)) for begin, end in kept.get("absences", [])]
        newest = (
            next(iter(self._log.scan(after=self._log.head - 1)), None) if self._log.head else None
        )
        signs = [] if newest is None else [newest.time]
        if "alive" in kept:
            signs.append(_time(kept["alive"]))
        if not signs:
            return
        self.last_alive, now = max(signs), self._clock.now()
        if (now - self.last_alive).total_seconds() >= _SHORTEST_S:
            self._absences = [*self._absences, (self.last_alive, now)][-_MOST:]
            document = [(begin.timestamp(), end.timestamp()) for begin, end in self._absences]
            self._log.put(_STORE, "absences", document)

    def beat(self) -> None:
        """Give a sign of life."""
        self._log.put(_STORE, "alive", self._clock.now().timestamp())

    def need(self) -> Callable[[], None]:
        """Give a sign of life every 10 s, until what is returned is called."""
        self._needs += 1
        if self._needs == 1:
            self._beat_later()
        needed = True

        def need_no_more() -> None:
            nonlocal needed
            if needed:
                needed = False
                self._needs -= 1
                if not self._needs and self._alarm is not None:
                    self._alarm.cancel()

        return need_no_more

    def absent_since(self, moment: datetime) -> timedelta:
        """Return for how long the house was down since a moment."""
        away = timedelta()
        for begin, end in self._absences:
            away += max(timedelta(), end - max(begin, moment))
        return away

    def _beat_later(self) -> None:
        self._alarm = self._clock.call_later(_BEAT_EVERY_S, self._beat_again)

    def _beat_again(self) -> None:
        self.beat()
        self._beat_later()


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
