"""How events get to a handler: in order per subject, each tried again until it is dealt with."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from casita.clock import Clock, deadline
from casita.errors import NotReady
from casita.events import Event
from casita.tasks import Tasks, is_cancelled

Handler = Callable[[Event], Awaitable[None] | None]
"""Deals with one event; synchronous and quick, or asynchronous.

It raises `NotReady` if nothing can be dealt with at present: then the event waits. Anything
else that it raises counts as a failed try of this event.
"""

_JITTER: Final = (0.8, 1.2)


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """How often an event is tried, and how long each try and each pause is."""

    tries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    timeout_s: float = 30.0
    """A try that takes longer has failed."""

    def pause_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row; twice as long each time."""
        grown = self.first_pause_s * 2.0 ** min(failures - 1, 30)
        return min(grown, self.longest_pause_s) * random.uniform(*_JITTER)


ONCE: Final = Retries(tries=1)
"""For those who are told at most once."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event was given up."""

    tries: int
    error: str


Ended = Callable[[Event, Failure | None], None]
"""Told when an event is dealt with, or given up."""


class Delivery(Protocol):
    """A way in which events get to whoever deals with them."""

    retrying: int
    """How many events wait for their next try."""
    failures: int
    """How many tries have failed."""
    last_error: str | None

    async def take(self, events: Sequence[Event]) -> None:
        """Deliver events; return when more may come."""
        ...

    async def try_once(self, event: Event) -> None:
        """Hand an event over out of turn; raise what the handler raises."""
        ...

    def wake(self) -> None:
        """Try at once what waits for its next try."""
        ...


class Pauses:
    """Pauses between tries, that can be cut short."""

    def __init__(self, clock: Clock, retries: Retries) -> None:
        self._clock = clock
        self._retries = retries
        self._sleepers: set[asyncio.Future[None]] = set()

    async def after(self, failures: int) -> None:
        """Return after the pause that follows so many failures, or when woken."""
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self._clock.call_later(self._retries.pause_s(failures), lambda: _resolve(sleeper))
        self._sleepers.add(sleeper)
        try:
            await sleeper
        finally:
            alarm.cancel()
            self._sleepers.discard(sleeper)

    def wake(self) -> None:
        """End all pauses."""
        for sleeper in self._sleepers:
            _resolve(sleeper)


class Lanes:
    """One lane for each subject: its events go one after another, those of others pass by.

    An event that has to be tried again holds up its own lane only.
    """

    def __init__(
        self,
        handler: Handler,
        ended: Ended,
        *,
        clock: Clock,
        tasks: Tasks,
        retries: Retries,
        parallel: int,
    ) -> None:
        """``parallel`` is how many handlers may be under way at once."""
        self._handler = handler
        self._ended = ended
        self._clock = clock
        self._tasks = tasks
        self._retries = retries
        self._pauses = Pauses(clock, retries)
        self._slots = asyncio.Semaphore(parallel)
        self._lanes: dict[str, deque[Event]] = {}
        self.retrying = 0
        self.failures = 0
        self.last_error: str | None = None

    async def take(self, events: Sequence[Event]) -> None:
        for event in events:
            self._add(event)

    def wake(self) -> None:
        self._pauses.wake()

    def _add(self, event: Event) -> None:
        """Deliver an event after those of its subject that are on their way."""
        lane = self._lanes.get(event.subject)
        if lane is not None:
            lane.append(event)
            return
        lane = self._lanes[event.subject] = deque([event])
        self._tasks.start(self._work_off(event.subject, lane), event.subject)

    async def try_once(self, event: Event) -> None:
        async with self._slots:
            await self._try(event)

    async def _work_off(self, subject: str, lane: deque[Event]) -> None:
        try:
            while lane:
                self._ended(lane[0], await self._deliver(lane[0]))
                lane.popleft()
        finally:
            del self._lanes[subject]

    async def _deliver(self, event: Event) -> Failure | None:
        """Try until it is dealt with (None) or given up."""
        tries = delays = 0
        while True:
            try:
                async with self._slots:
                    await self._try(event)
            except NotReady as err:
                delays += 1
                self.last_error = words(err)
            except (Exception, asyncio.CancelledError) as err:
                if is_cancelled():
                    raise
                tries += 1
                self.failures += 1
                self.last_error = words(err)
                if tries >= self._retries.tries:
                    return Failure(tries=tries, error=words(err))
            else:
                return None
            await self._pause(tries + delays)

    async def _try(self, event: Event) -> None:
        async with deadline(self._clock, self._retries.timeout_s):
            result = self._handler(event)
            if inspect.isawaitable(result):
                await result

    async def _pause(self, failures: int) -> None:
        self.retrying += 1
        try:
            await self._pauses.after(failures)
        finally:
            self.retrying -= 1


def words(err: BaseException) -> str:
    """Return an error for a person."""
    if isinstance(err, TimeoutError) and not str(err):
        return "it took too long"
    return f"{type(err).__name__}: {err}" if str(err) else type(err).__name__


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
