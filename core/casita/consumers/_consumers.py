"""All consumers of the house: opened, closed, listed; and what becomes of their dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from casita.bus import Bus
from casita.clock import Clock
from casita.consumers._batches import Batches, BatchHandler
from casita.consumers._consumer import BATCH_QUEUE, QUEUE, Consumer, ConsumerState, ConsumerStatus
from casita.consumers._delivery import ONCE, Delivery, Ended, Handler, Lanes, Retries
from casita.consumers._shelf import Shelf
from casita.errors import CasitaError, NotReady
from casita.tasks import Tasks

DURABLE: Final = Retries()


class Follower:
    """Somebody who reads the log by itself and says how far it is, as a stream of the API."""

    __slots__ = ("cursor", "name")

    def __init__(self, name: str, cursor: int) -> None:
        self.name = name
        self.cursor = cursor


class Consumers:
    """Whoever reads the log at its own pace. No consumer's failure or slowness is another's."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._open: dict[str, Consumer] = {}
        self._cursors: dict[str, int] = {}
        self._held: set[str] = set()
        self._followers: set[Follower] = set()
        self.shelf = Shelf(bus, clock)

    def restore(self) -> None:
        """Read what the log has kept: cursors and dead letters."""
        self._cursors = self._bus.log.cursors()
        self.shelf.restore()

    def open(
        self,
        name: str,
        handler: Handler,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        durable: bool = True,
        replay: bool = False,
        retries: Retries | None = None,
        parallel: int = 1,
    ) -> Consumer:
        """Hand events to a handler, of some types and subjects (``*`` allowed; none means all).

        A ``durable`` consumer is told at least once: it resumes at the cursor of its name, and
        gets an event 5 times before it is a dead letter. Another is told at most once, from now
        on. ``replay`` lets a durable one that is new begin with the oldest event that there is.
        ``parallel`` handlers may be under way at once, never two for one subject.

        Raises `ValueError` if a consumer of this name is open.
        """
        chosen = retries or (DURABLE if durable else ONCE)

        def lanes(ended: Ended, tasks: Tasks) -> Delivery:
            return Lanes(
                handler, ended, clock=self._clock, tasks=tasks, retries=chosen, parallel=parallel
            )

        cursor = self._begin(name, durable=durable, replay=replay)
        return self._add(name, lanes, cursor, durable, types, subjects)

    def open_batches(
        self,
        name: str,
        handler: BatchHandler,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        replay: bool = False,
        retries: Retries = DURABLE,
    ) -> Consumer:
        """Hand events to a handler many at a time, in order; it is durable.

        Raises `ValueError` if a consumer of this name is open.
        """

        def batches(ended: Ended, tasks: Tasks) -> Delivery:
            return Batches(handler, ended, clock=self._clock, retries=retries)

        cursor = self._begin(name, durable=True, replay=replay)
        return self._add(name, batches, cursor, True, types, subjects, BATCH_QUEUE)

    @contextmanager
    def following(self, name: str, cursor: int) -> Iterator[Follower]:
        """List somebody who reads the log by itself, for as long as the block lasts."""
        follower = Follower(name, cursor)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    def statuses(self) -> list[ConsumerStatus]:
        """Return how every consumer fares, by name; also those that are closed and would resume."""
        head = self._bus.log.head
        closed = [name for name in self._cursors if name not in self._open]
        found = [
            *(one.status() for one in self._open.values()),
            *(self._closed_status(name, head) for name in closed),
            *(_followed(one, head) for one in self._followers),
        ]
        return sorted(found, key=lambda one: one.name)

    async def redrive(self, letter_id: str, *, actor: str | None = None) -> None:
        """Try a dead letter once more, now; then it is gone.

        Raises `CasitaError` if there is none, or if it fails again; `NotReady` if its consumer
        does not run.
        """
        letter = self.shelf.require(letter_id)
        consumer = self._open.get(letter.consumer)
        if consumer is None:
            raise NotReady(
                f"{letter_id}: its consumer {letter.consumer} does not run; is its plugin "
                f"configured, and running?"
            )
        await consumer.redrive(letter, actor=actor)

    def forget(self, name: str) -> None:
        """Forget the cursor of a consumer that will not come back. Raises `CasitaError` if open."""
        if name in self._open:
            raise CasitaError(f"{name}: this consumer runs; stop its plugin first")
        if self._cursors.pop(name, None) is None:
            raise CasitaError(f"{name}: there is no such consumer")
        self._held.discard(name)
        self._bus.log.remove("cursor", name)

    @property
    def keep_from(self) -> int | None:
        """The first offset that a durable consumer still needs; None if none of them is behind.

        Those count that were open since the hub started: an abandoned cursor holds nothing up.
        """
        cursors = [self._where(name) for name in self._held]
        return min(cursors) + 1 if cursors else None

    async def stop(self) -> None:
        """Close all."""
        await asyncio.gather(*(one.close() for one in list(self._open.values())))

    def _add(
        self,
        name: str,
        deliver: Callable[[Ended, Tasks], Delivery],
        cursor: int,
        durable: bool,
        types: Sequence[str],
        subjects: Sequence[str],
        queue: int = QUEUE,
    ) -> Consumer:
        consumer = Consumer(
            name, deliver, log=self._bus.log, clock=self._clock, shelf=self.shelf, cursor=cursor,
            durable=durable, types=types, subjects=subjects, queue=queue,
            closed=self._closed,
        )  # fmt: skip
        self._open[name] = consumer
        return consumer

    def _begin(self, name: str, *, durable: bool, replay: bool) -> int:
        """Return where a consumer begins."""
        if name in self._open:
            raise ValueError(f"{name}: a consumer of this name is open already")
        log = self._bus.log
        if not durable:
            return log.head
        cursor = self._cursors.get(name)
        if cursor is None:
            cursor = 0 if replay else log.head
            log.move_cursor(name, cursor)
            self._cursors[name] = cursor
        self._held.add(name)
        # a log that was cut back after damage ends before a cursor that was beyond the cut
        return min(cursor, log.head)

    def _where(self, name: str) -> int:
        consumer = self._open.get(name)
        return consumer.cursor if consumer is not None else self._cursors[name]

    def _closed(self, consumer: Consumer) -> None:
        self._open.pop(consumer.name, None)
        if consumer.durable:
            self._cursors[consumer.name] = consumer.cursor

    def _closed_status(self, name: str, head: int) -> ConsumerStatus:
        cursor = self._cursors[name]
        return ConsumerStatus(
            name=name, state=ConsumerState.CLOSED, durable=True, cursor=cursor,
            lag=max(0, head - cursor), dead=self.shelf.count(name),
        )  # fmt: skip


def _followed(follower: Follower, head: int) -> ConsumerStatus:
    lag = max(0, head - follower.cursor)
    state = ConsumerState.BEHIND if lag else ConsumerState.FOLLOWING
    return ConsumerStatus(
        name=follower.name, state=state, durable=False, cursor=follower.cursor, lag=lag
    )
