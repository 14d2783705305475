"""What a log is to those who use it, wherever it keeps its events."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from casita.clock import Clock
from casita.errors import NotStored
from casita.events import STATE_CHANGED, Cause, Event, State, StateChanged
from casita.ids import Offset
from casita.log._check import Report, Span
from casita.log._select import selector

_RECENT: Final = 4096
"""At least so many of the newest events are kept in memory."""
_MOST: Final = 40_000
"""More are not kept in memory, even if the disk refuses them."""
_PAGE: Final = 500
_STRIDE: Final = 5000
"""How far a page may look, so that a rare kind of event does not occupy the disk for long."""
_CURSORS: Final = "cursor"


class Page(NamedTuple):
    """A piece of the log, as a consumer reads it."""

    events: list[Event]
    end: int
    """Everything up to this offset was looked at."""


class Notice(NamedTuple):
    """Something about the log itself that the house should know of."""

    type: str
    """``log.failing``, ``log.recovered`` or ``log.damaged``: the type of the event to make."""
    data: Mapping[str, Any]


class EventLog(ABC):
    """An append-only log of events, with small documents beside it.

    ``append`` gives an event its offset at once; `stored` tells when it is durable. Reading
    gives stored events only, unless it is asked otherwise.
    """

    def __init__(self, clock: Clock, head: int = 0) -> None:
        self._clock = clock
        self._head = head
        self._recent: list[Event] = []
        self._forget_at = 2 * _RECENT
        self._waiting: list[asyncio.Future[None]] = []
        self._waiting_for_any: list[asyncio.Future[None]] = []
        self.closed = False
        self.fault: str | None = None
        """What keeps events from being stored at present."""
        self.given_up: list[Span] = []
        """First and last offsets of events that were never stored, though later ones are."""
        self._notices: list[Notice] = []
        self._watcher: Callable[[Notice], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    @property
    def head(self) -> int:
        """Offset of the newest event; 0 if there is none."""
        return self._head

    @property
    @abstractmethod
    def stored_head(self) -> int:
        """Offset of the newest event that is stored."""

    @property
    def backlog(self) -> int:
        """How many events wait to be stored."""
        return self._head - self.stored_head

    def append(
        self,
        type: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
        hop: bool = False,
    ) -> Event:
        """Add an event. ``hop`` counts one more automation run in its causal chain."""
        offset = Offset(self._head + 1)
        if cause is None:
            event = Event(
                offset=offset, time=self._clock.now(), type=type, subject=subject, source=source,
                data=data, root=offset, hops=1 if hop else 0, actor=actor,
            )  # fmt: skip
        else:
            event = Event(
                offset=offset, time=self._clock.now(), type=type, subject=subject, source=source,
                data=data, cause=cause.offset, root=cause.root,
                hops=cause.hops + 1 if hop else cause.hops, actor=actor,
            )  # fmt: skip
        self._add(event)
        return event

    def append_state(
        self,
        entity_id: str,
        state: str | None,
        attributes: Mapping[str, Any],
        *,
        old: State | None,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
    ) -> StateChanged:
        """Add a change of state; None is the end of an entity's state."""
        offset = Offset(self._head + 1)
        now = self._clock.now()
        new: State | None = None
        if state is not None:
            held = old is not None and old.state == state
            changed = old.last_changed if held and old is not None else now
            new = State(entity_id, state, attributes, changed, now, offset)
        event = StateChanged(
            offset=offset, time=now, type=STATE_CHANGED, subject=entity_id, source=source,
            data={"old": old.state if old else None, "state": state, "attributes": attributes},
            cause=cause.offset if cause else None, root=cause.root if cause else offset,
            hops=cause.hops if cause else 0, actor=actor, old=old, new=new,
        )  # fmt: skip
        self._add(event)
        return event

    @abstractmethod
    def put(self, collection: str, key: str, value: Any) -> None:
        """Keep a JSON document; it is stored no later than events that are appended after it."""

    @abstractmethod
    def remove(self, collection: str, key: str) -> None:
        """Drop a document; one that is not there is no error."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Store what is written within the block as one: after a crash all of it is there, or none.

        The block is quick and does not await.
        """
        yield

    async def stored(self, event: Event | int) -> None:
        """Return when an event is durable. Raises `NotStored` if the disk refuses it."""
        offset = event if isinstance(event, int) else event.offset
        while (known := self.stored_head) < offset:
            if self.fault is not None or self.closed:
                raise NotStored(
                    f"event {offset} is not stored: {self.fault or 'the log is closed'}"
                )
            await self._growth(known)
        if any(first <= offset <= last for first, last in self.given_up):
            raise NotStored(f"event {offset} was given up: the disk refused it for too long")

    def watch(self, watcher: Callable[[Notice], None]) -> None:
        """Tell of faults, damage and recovery, from the opening on, within the event loop."""
        self._watcher = watcher
        self._tell_notices()

    async def examine(self) -> Report:
        """Look at all that is stored, cut damage off, and say what was found before that."""
        return Report(events=self._head)

    @abstractmethod
    def flush(self) -> None:
        """Return when everything is stored; blocks. Raises `NotStored`."""

    @abstractmethod
    def close(self) -> None:
        """Store everything and close; blocks. Closing twice is harmless."""

    @abstractmethod
    async def retain(
        self,
        max_age: timedelta | None = None,
        max_bytes: int | None = None,
        *,
        keep_from: int | None = None,
    ) -> int:
        """Drop the oldest events beyond an age or a size; return how many.

        Nothing from the offset ``keep_from`` on is dropped: the slowest durable consumer is there.
        """

    # Reading

    @abstractmethod
    def items(self, collection: str) -> dict[str, Any]:
        """Return all documents of a collection by key; blocks, so it is for the start."""

    @abstractmethod
    def scan(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> Iterator[Event]:
        """Yield stored events between two offsets, in order; blocks, so it is for tools."""

    async def read(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        limit: int = 1000,
        newest_first: bool = False,
        stored_only: bool = True,
    ) -> list[Event]:
        """Return events between two offsets, both exclusive, of some types and subjects.

        Types and subjects may have ``*``; none means all. The event loop goes on meanwhile.
        """
        end = self._end(before, stored_only)
        wanted = (tuple(types), tuple(subjects))
        if newest_first:
            return await self._newest(after, end, wanted, limit)
        found, _ = await self._page(after, end, wanted, limit)
        return found

    async def event(self, offset: int) -> Event | None:
        """Return the event at an offset, stored or not; None if it is not there (any more)."""
        first = self._first_recent
        if offset >= first:
            index = offset - first
            return self._recent[index] if index < len(self._recent) else None
        found = await self._older(offset - 1, offset + 1, ((), ()), 1, newest_first=False)
        return found[0] if found else None

    async def follow(
        self, after: int, *, types: Sequence[str] = (), subjects: Sequence[str] = ()
    ) -> AsyncIterator[list[Event]]:
        """Yield stored events after an offset in lists, and go on with new ones as they come.

        Whoever is slow falls behind alone: nothing is kept for it. Ends when the log closes.
        """
        wanted = (tuple(types), tuple(subjects))
        while not self.closed:
            known = self.stored_head
            found, scanned = await self._page(after, known + 1, wanted, _PAGE)
            after = max(after, scanned)
            if found:
                yield found
            if after >= known and not self.closed:
                await self._growth(known)

    async def page(
        self,
        after: int,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        limit: int = _PAGE,
        stored_only: bool = True,
    ) -> Page:
        """Return the next events after an offset, for whoever keeps a cursor of its own."""
        end = min(self._end(None, stored_only), after + 1 + _STRIDE)
        found, scanned = await self._page(after, end, (tuple(types), tuple(subjects)), limit)
        return Page(found, max(after, scanned))

    async def grown(self, known: int, *, stored_only: bool = True) -> None:
        """Return when there is more than an offset, or the log closes; it may return early."""
        if stored_only:
            await self._growth(known)
        elif self._head <= known and not self.closed:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting_for_any.append(future)
            await future

    def cursor(self, name: str) -> int:
        """Return the offset that a named consumer has reached; blocks, so it is for the start."""
        return int(self.items(_CURSORS).get(name, 0))

    def cursors(self) -> dict[str, int]:
        """Return the offsets that all named consumers have reached; blocks."""
        return {name: int(offset) for name, offset in self.items(_CURSORS).items()}

    def move_cursor(self, name: str, offset: int) -> None:
        """Note that a consumer has dealt with everything up to an offset."""
        self.put(_CURSORS, name, offset)

    # For the kinds of log

    @abstractmethod
    def _keep(self, event: Event) -> None:
        """See to it that an event is stored."""

    @abstractmethod
    async def _older(
        self,
        after: int,
        before: int,
        wanted: tuple[tuple[str, ...], tuple[str, ...]],
        limit: int,
        *,
        newest_first: bool,
    ) -> list[Event]:
        """Return events that are no longer in memory."""

    def _tell_notices(self) -> None:
        if self._watcher is not None:
            notices, self._notices = self._notices, []
            for notice in notices:
                self._watcher(notice)

    async def _growth(self, known: int) -> None:
        """Return when more than what is known of is stored, or it has failed, or the log closes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        # another thread may have stored something before it could see that somebody waits
        if self.stored_head > known or self.closed:
            self._grew()
        await future

    def _grew(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self.closed:
            waiting += self._waiting_for_any
        _wake(waiting)

    def _add(self, event: Event) -> None:
        self._head = event.offset
        recent = self._recent
        recent.append(event)
        if len(recent) >= self._forget_at:
            self._forget_recent()
            self._forget_at = len(self._recent) + _RECENT
        self._keep(event)
        if self._waiting_for_any:
            waiting, self._waiting_for_any = self._waiting_for_any, []
            _wake(waiting)

    def _forget_recent(self) -> None:
        """Drop from memory what is stored, down to the newest few thousand, or has to go."""
        surplus = min(len(self._recent) - _RECENT, self.stored_head - self._first_recent + 1)
        surplus = max(surplus, len(self._recent) - _MOST)
        if surplus > 0:
            del self._recent[:surplus]

    @property
    def _first_recent(self) -> int:
        return self._head - len(self._recent) + 1

    def _end(self, before: int | None, stored_only: bool) -> int:
        end = (self.stored_head if stored_only else self._head) + 1
        return end if before is None else min(end, before)

    async def _page(
        self, after: int, end: int, wanted: tuple[tuple[str, ...], tuple[str, ...]], limit: int
    ) -> tuple[list[Event], int]:
        """Return events after an offset and before another, and how far was looked."""
        found: list[Event] = []
        first = self._first_recent
        if after + 1 < first:
            found = await self._older(after, min(first, end), wanted, limit, newest_first=False)
            if len(found) >= limit:
                return found, found[-1].offset
            after = min(first, end) - 1
        found += self._from_recent(after, end, wanted, limit - len(found))
        return found, found[-1].offset if len(found) >= limit else end - 1

    async def _newest(
        self, after: int, end: int, wanted: tuple[tuple[str, ...], tuple[str, ...]], limit: int
    ) -> list[Event]:
        first = self._first_recent
        found = self._from_recent(after, end, wanted, limit, newest_first=True)
        if len(found) < limit and after + 1 < first:
            left = limit - len(found)
            found += await self._older(after, min(first, end), wanted, left, newest_first=True)
        return found

    def _from_recent(
        self,
        after: int,
        end: int,
        wanted: tuple[tuple[str, ...], tuple[str, ...]],
        limit: int,
        newest_first: bool = False,
    ) -> list[Event]:
        first = self._first_recent
        part = self._recent[max(0, after + 1 - first) : max(0, end - first)]
        if newest_first:
            part.reverse()
        selects = selector(*wanted)
        if selects is None:
            return part[:limit]
        found: list[Event] = []
        for event in part:
            if selects(event):
                found.append(event)
                if len(found) == limit:
                    break
        return found


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)
