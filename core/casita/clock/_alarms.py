"""Alarms, in the order in which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Final, TypeVar

STEPPED_S: Final = 1.0
"""A wall clock that falls back by more than this was stepped, not slewed."""
_SPARE: Final = 512
"""So many cancelled alarms may lie about before they are cleared away."""


class Alarm:
    """A callback that is due at some time. Cancelling it twice is harmless."""

    __slots__ = ("_callback", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self._callback: Callable[[], None] | None = callback

    @property
    def pending(self) -> bool:
        """Whether the callback is still going to be called."""
        return self._callback is not None

    def cancel(self) -> None:
        """See to it that the callback is not called."""
        self._callback = None

    def ring(self) -> None:
        """Call the callback, unless it was cancelled or has been called."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


_A = TypeVar("_A", bound=Alarm)


class Agenda:
    """Alarms in the order of their due times; equal times keep the order of asking."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._asked = 0
        self._clear_at = _SPARE

    def add(self, alarm: _A) -> _A:
        self._asked += 1
        entry: tuple[float, int, Alarm] = (alarm.due, self._asked, alarm)
        heapq.heappush(self._heap, entry)
        if len(self._heap) > self._clear_at:
            self._clear()
        return alarm

    def next_due(self) -> float | None:
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Alarm | None:
        """Take out the earliest alarm that is due, if there is one."""
        due = self.next_due()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[2]

    def replan(self, due_of: Callable[[Alarm], float]) -> None:
        """Put every alarm where it is due now."""
        planned = []
        for _, asked, alarm in self._heap:
            alarm.due = due_of(alarm)
            planned.append((alarm.due, asked, alarm))
        heapq.heapify(planned)
        self._heap = planned

    def empty(self) -> None:
        """Forget all alarms."""
        self._heap = []

    def _clear(self) -> None:
        self._heap = [one for one in self._heap if one[2].pending]
        heapq.heapify(self._heap)
        self._clear_at = 2 * len(self._heap) + _SPARE


class Setbacks:
    """Who wants to know that the wall clock was put back."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._numbers = count()

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        number = next(self._numbers)
        self._callbacks[number] = callback
        return lambda: self._callbacks.pop(number, None) and None

    def tell(self) -> None:
        for number, callback in list(self._callbacks.items()):
            if number in self._callbacks:
                callback()
