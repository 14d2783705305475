"""Events in batches: for whoever can deal with many at once, as a broker does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from casita.clock import Clock, deadline
from casita.consumers._delivery import Ended, Failure, Pauses, Retries, words
from casita.errors import CasitaError, NotReady
from casita.events import Event
from casita.tasks import is_cancelled

BatchHandler = Callable[[Sequence[Event]], Awaitable[Mapping[int, str] | None]]
"""Deals with events in order; returns by offset why some of them never can be dealt with.

It raises `NotReady` if nothing can be dealt with at present: then all of them wait. Anything
else that it raises counts as a failed try of all of them.
"""


class Batches:
    """Hands over one batch after another. What fails as a whole is tried one by one in the end."""

    def __init__(
        self, handler: BatchHandler, ended: Ended, *, clock: Clock, retries: Retries
    ) -> None:
        self._handler = handler
        self._ended = ended
        self._clock = clock
        self._retries = retries
        self._pauses = Pauses(clock, retries)
        self.retrying = 0
        self.failures = 0
        self.last_error: str | None = None

    async def take(self, events: Sequence[Event]) -> None:
        if not events or await self._deliver(events):
            return
        for event in events:
            if len(events) == 1 or not await self._deliver([event]):
                failure = Failure(tries=self._retries.tries, error=self.last_error or "")
                self._ended(event, failure)

    async def try_once(self, event: Event) -> None:
        refused = await self._try([event])
        if refused:
            raise CasitaError(refused[event.offset])

    def wake(self) -> None:
        self._pauses.wake()

    async def _deliver(self, events: Sequence[Event]) -> bool:
        """Try until they are dealt with, or have failed too often; say which."""
        tries = delays = 0
        while tries < self._retries.tries:
            try:
                refused = await self._try(events)
            except NotReady as err:
                delays += 1
                self.last_error = words(err)
            except (Exception, asyncio.CancelledError) as err:
                if is_cancelled():
                    raise
                tries += 1
                self.failures += 1
                self.last_error = words(err)
            else:
                self._end(events, refused)
                return True
            if tries < self._retries.tries:
                await self._pause(tries + delays, len(events))
        return False

    async def _try(self, events: Sequence[Event]) -> Mapping[int, str]:
        async with deadline(self._clock, self._retries.timeout_s):
            return await self._handler(events) or {}

    def _end(self, events: Sequence[Event], refused: Mapping[int, str]) -> None:
        for event in events:
            reason = refused.get(event.offset)
            if reason is not None:
                self.last_error = reason
            self._ended(event, Failure(tries=1, error=reason) if reason is not None else None)

    async def _pause(self, failures: int, count: int) -> None:
        self.retrying = count
        try:
            await self._pauses.after(failures)
        finally:
            self.retrying = 0
