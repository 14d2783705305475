"""One consumer: it reads the log at its own pace, and remembers how far it has got."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from casita.clock import Alarm, Clock
from casita.consumers._delivery import Delivery, Ended, Failure, words
from casita.consumers._shelf import DeadLetter, Shelf
from casita.errors import CasitaError
from casita.events import Event
from casita.log import EventLog
from casita.tasks import Tasks

QUEUE: Final = 256
"""So many events at most are on their way to one consumer; the rest wait in the log."""
BATCH_QUEUE: Final = 1024
"""As `QUEUE`, for who deals with many at once: each batch costs a turn of disk and network."""
_SAVE_EVERY_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0

_logger = logging.getLogger(__name__)


class ConsumerState(StrEnum):
    """How a consumer fares."""

    FOLLOWING = "following"
    """It has dealt with everything that there is."""
    BEHIND = "behind"
    RETRYING = "retrying"
    """Something failed, and is tried again after a pause."""
    CLOSED = "closed"
    """Whoever it belongs to does not run; a durable one resumes here."""


class ConsumerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer as people see it."""

    name: str
    state: ConsumerState
    durable: bool
    """Whether it resumes after a restart (at least once) or begins at the end (at most once)."""
    cursor: int
    """It has dealt with everything up to this offset."""
    lag: int
    """How many events of the log it is behind, also such as it does not want."""
    in_flight: int = 0
    """How many events are on their way to it."""
    handled: int = 0
    """How many events it has dealt with since it was opened."""
    failures: int = 0
    """How many tries have failed since it was opened."""
    dead: int = 0
    """How many of its events are dead letters."""
    missed: int = 0
    """How many events had left the log before it got to them."""
    last_error: str | None = None


class Consumer:
    """A reader of the log with a cursor. `Consumers.open` makes it; closing twice is harmless."""

    def __init__(
        self,
        name: str,
        deliver: Callable[[Ended, Tasks], Delivery],
        *,
        log: EventLog,
        clock: Clock,
        shelf: Shelf,
        cursor: int,
        durable: bool,
        types: Sequence[str],
        subjects: Sequence[str],
        queue: int,
        closed: Callable[[Consumer], None],
    ) -> None:
        """Use `Consumers.open`."""
        self.name = name
        self.durable = durable
        self.types = tuple(types)
        self.subjects = tuple(subjects)
        self.cursor = cursor
        self.handled = 0
        self.missed = 0
        self._log = log
        self._clock = clock
        self._shelf = shelf
        self._queue = queue
        self._on_closed = closed
        self._tasks = Tasks(f"consumer {name}")
        self._delivery = deliver(self._ended, self._tasks)
        self._scanned = cursor
        self._window: deque[int] = deque()
        self._ended_early: set[int] = set()
        self._room = asyncio.Event()
        self._saved = cursor
        self._saving: Alarm | None = None
        self._open = True
        self._tasks.start(self._read(), "read")

    @property
    def lag(self) -> int:
        """How many events of the log it is behind."""
        return max(0, self._log.head - self.cursor)

    def status(self) -> ConsumerStatus:
        """Return how it fares."""
        return ConsumerStatus(
            name=self.name,
            state=self._state(),
            durable=self.durable,
            cursor=self.cursor,
            lag=self.lag,
            in_flight=len(self._window),
            handled=self.handled,
            failures=self._delivery.failures,
            dead=self._shelf.count(self.name),
            missed=self.missed,
            last_error=self._delivery.last_error,
        )

    async def redrive(self, letter: DeadLetter, *, actor: str | None = None) -> None:
        """Try a dead letter once more, now. Raises `CasitaError` if it fails; then it stays."""
        try:
            await self._delivery.try_once(letter.event)
        except Exception as err:
            self._shelf.failed_again(letter, words(err))
            raise CasitaError(f"{letter.id}: it failed again: {words(err)}") from err
        self._shelf.redriven(letter, actor=actor)

    def wake(self) -> None:
        """Try at once what waits for its next try: whatever was missing is back."""
        self._delivery.wake()

    def cancel(self) -> None:
        """Take no more events, from the next one on; what is under way is cancelled."""
        if not self._open:
            return
        self._open = False
        self._tasks.cancel()
        self._save_now()
        self._on_closed(self)

    async def close(self) -> None:
        """Do as `cancel` does, and return once nothing of it runs."""
        self.cancel()
        await self._tasks.stop()

    def _state(self) -> ConsumerState:
        if not self._open:
            return ConsumerState.CLOSED
        if self._delivery.retrying:
            return ConsumerState.RETRYING
        return ConsumerState.BEHIND if self.lag else ConsumerState.FOLLOWING

    async def _read(self) -> None:
        """Read for ever: a log that cannot be read at present is read later."""
        failures = 0
        while not self._log.closed:
            try:
                await self._skip_missing()
                await self._follow()
            except Exception as err:
                failures += 1
                self._delivery.last_error = words(err)
                _logger.exception("consumer %s: reading the log failed", self.name)
                await self._clock.sleep(min(2.0**failures, _LONGEST_PAUSE_S))

    async def _skip_missing(self) -> None:
        """Go on behind events that have left the log; tell how many, unless it is new."""
        log = self._log
        head = log.stored_head if self.durable else log.head
        found = await log.read(after=self._scanned, limit=1, stored_only=self.durable)
        gap = (found[0].offset if found else head + 1) - self._scanned - 1
        if gap <= 0:
            return
        if self._scanned > 0:
            self.missed += gap
            _logger.error("consumer %s: %d events had left the log before it", self.name, gap)
        self._scanned += gap
        self._advance()

    async def _follow(self) -> None:
        log = self._log
        while not log.closed:
            known = log.stored_head if self.durable else log.head
            page = await log.page(
                self._scanned, types=self.types, subjects=self.subjects,
                limit=self._queue - len(self._window), stored_only=self.durable,
            )  # fmt: skip
            self._window.extend(event.offset for event in page.events)
            self._scanned = page.end
            self._advance()
            await self._delivery.take(page.events)
            await self._until_room()
            if self._scanned >= known:
                await log.grown(known, stored_only=self.durable)

    async def _until_room(self) -> None:
        while len(self._window) >= self._queue:
            self._room.clear()
            await self._room.wait()

    def _ended(self, event: Event, failure: Failure | None) -> None:
        if failure is None:
            self.handled += 1
        else:
            self._shelf.put(self.name, event, failure)
        self._ended_early.add(event.offset)
        self._advance()

    def _advance(self) -> None:
        """Move the cursor over everything that has ended without a gap."""
        window, ended = self._window, self._ended_early
        while window and window[0] in ended:
            ended.discard(window.popleft())
        self._room.set()
        self.cursor = window[0] - 1 if window else self._scanned
        if self.durable and self._saving is None and self.cursor != self._saved:
            self._save_now()
            self._saving = self._clock.call_later(_SAVE_EVERY_S, self._save_again)

    def _save_again(self) -> None:
        """Write the cursor once a second at most: after a crash that much may come again."""
        self._saving = None
        if self.cursor != self._saved:
            self._save_now()
            self._saving = self._clock.call_later(_SAVE_EVERY_S, self._save_again)

    def _save_now(self) -> None:
        if self.durable and self.cursor != self._saved:
            self._log.move_cursor(self.name, self.cursor)
            self._saved = self.cursor
        if not self._open and self._saving is not None:
            self._saving.cancel()
            self._saving = None
