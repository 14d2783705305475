"""What a clock is, and what is done with any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

from casita.clock._alarms import Alarm


class Clock(Protocol):
    """What Casita needs of time."""

    @property
    def trusted(self) -> bool:
        """Whether the wall clock is believed; while it is not, nothing set for a time rings."""
        ...

    def distrust(self) -> None:
        """Let nothing ring that was set for a time of the wall clock, until it is trusted."""
        ...

    def trust(self) -> None:
        """Believe the wall clock again; what is due by it rings."""
        ...

    def on_setback(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back whenever the wall clock was put back; return what ends that."""
        ...

    def now(self) -> datetime:
        """Return the wall-clock time: aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for measuring what has elapsed.

        The time that the machine was suspended counts.
        """
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """Call back once so many seconds have elapsed, whatever the wall clock does."""
        ...

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Alarm:
        """Call back once the wall clock is trusted and shows this time or a later one."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return once so many seconds have elapsed."""
        ...


@asynccontextmanager
async def deadline(clock: Clock, timeout_s: float) -> AsyncIterator[None]:
    """Raise `TimeoutError` out of the block once so many seconds of this clock have elapsed."""
    async with asyncio.timeout(None) as scope:
        loop = asyncio.get_running_loop()
        alarm = clock.call_later(timeout_s, lambda: scope.reschedule(loop.time()))
        try:
            yield
        finally:
            alarm.cancel()


async def slept_by(clock: Clock, delay_s: float) -> None:
    """Return once so many seconds have elapsed, by an alarm of the clock."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    alarm = clock.call_later(delay_s, wake)
    try:
        await woken
    finally:
        alarm.cancel()


async def settle(rounds: int = 20) -> None:
    """Give the tasks of the event loop so many turns."""
    for _ in range(rounds):
        await asyncio.sleep(0)
