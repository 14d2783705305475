"""When the house is ready for what was due while it was down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count
from typing import Final

from casita.clock import Alarm, Clock
from casita.events import Event
from casita_automations.watching import Cancel, Listening

_WITHIN_S: Final = 5.0
"""A plugin that takes longer to start does not keep the others waiting."""
_logger = logging.getLogger(__name__)


class Ready:
    """Lets overdue things wait until each plugin was tried once, so that devices can be reached."""

    def __init__(self, clock: Clock, listening: Listening) -> None:
        self._waiting: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._ready = False
        self._clock = clock
        self._alarm: Alarm | None = clock.call_later(_WITHIN_S, self._begin)
        self._forget = listening.on("hub.started", self._started)

    def soon(self, callback: Callable[[], None]) -> Cancel:
        """Call back once the house is ready, or soon if it is; return what prevents that."""
        if self._ready:
            return self._clock.call_later(0.0, callback).cancel
        number = next(self._numbers)
        self._waiting[number] = callback
        return lambda: self._waiting.pop(number, None) and None

    def close(self) -> None:
        """Call nobody any more."""
        self._waiting.clear()
        self._end()

    def _started(self, _event: Event) -> None:
        self._begin()

    def _begin(self) -> None:
        self._end()
        self._ready = True
        while self._waiting:
            callback = self._waiting.pop(next(iter(self._waiting)))
            try:
                callback()
            except Exception as err:
                _logger.error("what was overdue failed: %r", err, exc_info=err)

    def _end(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            self._forget()
