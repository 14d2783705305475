"""This process as a worker: publishes what its member says, and tells the engine what it may do."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from casita.clock import Alarm, Clock
from casita.cloudevents import CloudEvent
from casita.errors import CasitaError, NotReady
from casita.events import Cause, Event
from casita.ids import new_id
from casita.log import EventLog
from casita.tasks import Tasks
from casita.transport import Channel, Message, Purpose
from casita.workers._firings import Firings
from casita.workers._member import Member, Standing, from_data, to_data
from casita.workers._rows import KeptRows, Origins, Shares, begun
from casita.workers._settings import WorkerSettings
from casita.workers._status import GroupStatus, status_of
from casita.workers._words import Change, Note, Row

SAID: Final = "casita.worker"
"""Type of the events by which workers of a group speak to each other."""
_TICK: Final = 16
"""So many times within a lease it is looked what is to be said."""
_AGAIN_S: Final = 0.25
_AT_ONCE: Final = 50
_ADOPTED_WITHIN: Final = 2.0
"""After so many leases runs are let go of although commands of theirs are under way."""
_HELD_S: Final = 60.0
_HEARD: Final = 20_000
_OLD: Final = timedelta(minutes=1)

_logger = logging.getLogger(__name__)

Publish = Callable[[Sequence[Message]], Awaitable[Sequence[str | None]]]
"""Publishes messages in order. Raises `NotReady` if it is not known of all."""


class Crew(Protocol):
    """The engine that runs automations, as the group sees it."""

    def keys(self) -> Sequence[str]:
        """Return the keys of all that it could run."""
        ...

    def review(self) -> None:
        """Take up what may be done here now, let go of what may not."""
        ...

    def is_busy(self, key: str) -> bool:
        """Say whether a run of a key awaits the answer to a command at this moment."""
        ...


class Group:
    """The part of this process in a group of workers."""

    def __init__(self, settings: WorkerSettings, log: EventLog, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._rows = KeptRows(log)
        self._origins = Origins(log)
        self.shares = Shares()
        """Which of the runs here are owned by which key."""
        self.log_name, self._begun = begun(log, clock.now())
        self._log = log
        self._member = Member(settings.worker, settings.lease_s, self._rows)
        self._name = self._member.name
        self._publish: Publish | None = None
        self._crew: Crew | None = None
        self._firings = Firings(log, clock, max(_HELD_S, 6 * settings.lease_s))
        self._changes: list[Change] = []
        self._done: list[str] = []
        self._heard: OrderedDict[str, None] = OrderedDict()
        self._arriving: CloudEvent | None = None
        self._work = asyncio.Event()
        self._published = 0
        """The number of the last words of this membership that the broker has acknowledged."""
        self._floor = 0
        """The number of the last words from before the lease ended: what is ours now is known
        once these were heard."""
        self._progress = asyncio.Event()
        self._to_adopt_since: float | None = None
        self._lapse: Alarm | None = None
        self._tasks = Tasks("worker")

    # The engine's side

    def join(self, crew: Crew) -> None:
        """Let an engine run what falls to this worker."""
        self._crew = crew
        self._reviewed()

    def part(self) -> None:
        """The engine ends."""
        self._crew = None

    def may_act(self, key: str) -> bool:
        """Say whether runs of a key may go on here."""
        return self._member.may_act(key, self._clock.monotonic())

    def may_take_up(self, key: str) -> bool:
        """Say whether the rows of a key are all known, and may go on here."""
        return self.may_act(key) and self._member.heard_number >= self._floor

    def rows(self) -> Mapping[str, Row]:
        """Return all runs of the group that wait, by the names of the runs."""
        return self._rows

    def keep(self, run: str, key: str, document: Mapping[str, Any]) -> None:
        """Let the group know of a run that waits now."""
        self._note(Change(run, Row(key, document)))

    def drop(self, run: str) -> None:
        """Let the group forget a run."""
        self._note(Change(run, None))

    def fired(
        self, key: str, firing: str, run: Callable[[], object], document: Callable[[], Any]
    ) -> None:
        """Deal with the firing of a trigger if it falls to this worker, else hold it for a while.

        All workers see every firing. It is dealt with by whoever says so first, and that is the
        worker that may; if that one ends before it has said so, its heir does. ``document`` makes
        what is needed to deal with it after a restart.
        """
        if firing in self._member.done or self._is_history():
            self._firings.forget(firing)
        elif not self._firings.is_begun(firing):
            self._firings.keep(firing, document)
            if self._member.may_begin(key, self._clock.monotonic()) and self.may_take_up(key):
                self._firings.begin(firing, key, run)
                self._done.append(firing)
                self._work.set()
                run()
            else:
                self._firings.hold(firing, key, run)

    def firings_left(self) -> Mapping[str, Any]:
        """Return documents of firings that were not dealt with when this worker last ran."""
        left, self._firings.left = self._firings.left, {}
        return left

    def forget_firing(self, firing: str) -> None:
        """Let nobody here deal with a firing."""
        self._firings.forget(firing)

    def take_held(self, key: str) -> None:
        """Deal with the firings of a key that nobody has dealt with."""
        for firing, held in self._firings.of(key):
            self.fired(key, firing, held.run, dict)

    def origin(self, cause: Event | Cause | None) -> str | None:
        """Return what names the cause of something to all workers alike; None: nothing does."""
        if cause is None or cause.offset == 0:
            return None
        if self._arriving is not None:
            return self._arriving.key
        return self._origins.of(cause.offset) or f"{self.log_name} {cause.offset}"

    async def admitted(self, key: str) -> datetime:
        """Return once it is certain that this worker may send a command for a key.

        All that it has said of its runs is stored at the broker then: an heir will know of the
        command. Returns until when no heir acts, at least half a lease ahead. Raises
        `CasitaError` if it may not.
        """
        member = self._member
        name = member.name
        self._flush()
        number = member.number
        while self._is_early(name, number) and self.may_act(key):
            self._progress.clear()
            await self._progress.wait()
        now = self._clock.monotonic()
        if member.name != name or not self.may_act(key):
            raise CasitaError("this worker may not act for it any more; another does")
        left = member.lease_until - now + member.patience_s - member.lease_s
        return self._clock.now() + timedelta(seconds=left)

    def _is_early(self, name: str, number: int) -> bool:
        """Say whether what was said is not stored yet, or the lease is to be renewed first."""
        member = self._member
        left = member.lease_until - self._clock.monotonic()
        is_short = left < member.lease_s / 2
        return member.name == name and (self._published < number or is_short)

    # The broker's side

    def connect(self, publish: Publish) -> None:
        """Begin to speak, through a broker that may not be connected yet."""
        self._publish = publish
        self._tasks.start(self._keep_speaking(), "speaks")
        self._tasks.start(self._keep_ticking(), "ticks")

    async def leave(self) -> None:
        """Act no more, and say so if the broker can be reached."""
        self._flush()
        await self._tasks.stop()
        self._member.leave(self._clock.monotonic())
        self._reviewed()
        try:
            async with asyncio.timeout(1.0):
                while self._member.outbox and self._publish is not None:
                    await self._speak(self._publish)
        except (CasitaError, TimeoutError):
            _logger.debug("left without a word")
        if self._lapse is not None:
            self._lapse.cancel()

    def hear(self, event: CloudEvent) -> None:
        """Take in what a worker of the group says. Raises nothing."""
        if event.key in self._heard:
            return
        self._heard[event.key] = None
        if len(self._heard) > _HEARD:
            self._heard.popitem(last=False)
        try:
            said = from_data(event.data)
        except (msgspec.ValidationError, TypeError) as err:
            _logger.warning("words of a worker could not be read: %s", err)
            return
        self._member.hear(said, self._clock.monotonic())
        if isinstance(said, Note):
            for firing in said.done:
                if firing in self._member.done:
                    self._firings.forget(firing)
        self._reviewed()

    @contextmanager
    def arriving(self, event: CloudEvent) -> Iterator[None]:
        """Let what is caused within the block be known by the message that it came with."""
        head, self._arriving = self._log.head, event
        try:
            yield
        finally:
            self._arriving = None
            for offset in range(head + 1, self._log.head + 1):
                self._origins.add(offset, event.key)

    def status(self) -> GroupStatus:
        """Return how the group fares, as far as this worker knows."""
        now = self._clock.monotonic()
        return status_of(self._member, self.settings.group, self._keys(), now)

    # What happens within

    def _note(self, change: Change) -> None:
        self._changes.append(change)
        self._work.set()

    def _flush(self) -> None:
        """Put into words what has become of runs."""
        changes, self._changes = self._changes, []
        done, self._done = self._done, []
        if (changes or done) and self._member.standing is Standing.MEMBER:
            self._member.note(changes, done, self._clock.monotonic())
        if self._member.outbox:
            self._work.set()

    def _is_history(self) -> bool:
        """Say whether what arrives happened before this worker was ever there."""
        arriving = self._arriving
        return arriving is not None and arriving.time < self._begun - _OLD

    def _reviewed(self) -> None:
        """Have the engine look at what it may do, after something has changed."""
        if self._name != self._member.name:
            self._name = self._member.name
            self._published = self._floor = 0
            self._firings.undo()
        if self._crew is not None:
            self._crew.review()
        self._adopt_when_idle()
        self._watch_lease()
        self._flush()
        self._progress.set()

    def _adopt_when_idle(self) -> None:
        member, now = self._member, self._clock.monotonic()
        if not member.is_to_adopt or member.roll is None:
            self._to_adopt_since = None
            return
        if self._to_adopt_since is None:
            self._to_adopt_since = now
        longest = _ADOPTED_WITHIN * self.settings.lease_s
        if now - self._to_adopt_since < longest and any(map(self._is_kept_busy, self._keys())):
            return
        self._flush()
        member.adopt(now)
        self._to_adopt_since = None
        if self._crew is not None:
            self._crew.review()

    def _is_kept_busy(self, key: str) -> bool:
        roll, crew = self._member.roll, self._crew
        leaving = roll is not None and roll.owner(key) != self._member.name
        return leaving and self.may_act(key) and crew is not None and crew.is_busy(key)

    def _keys(self) -> Sequence[str]:
        return self._crew.keys() if self._crew is not None else ()

    def _watch_lease(self) -> None:
        """Have everything let go of at the moment when the lease ends."""
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None
        left = self._member.lease_until - self._clock.monotonic()
        if left > 0:
            self._lapse = self._clock.call_later(left, self._lapsed)

    def _lapsed(self) -> None:
        self._lapse = None
        _logger.warning("%s: its lease has ended; it does not act", self.settings.worker)
        self._flush()
        self._floor = self._member.number
        self._reviewed()

    async def _keep_ticking(self) -> None:
        while True:
            self._member.tick(self._clock.monotonic())
            self._reviewed()
            await self._clock.sleep(self.settings.lease_s / _TICK)

    async def _keep_speaking(self) -> None:
        assert self._publish is not None
        while True:
            await self._work.wait()
            self._work.clear()
            self._flush()
            try:
                while self._member.outbox:
                    await self._speak(self._publish)
            except CasitaError:
                await self._clock.sleep(_AGAIN_S)
                self._work.set()

    async def _speak(self, publish: Publish) -> None:
        """Publish what is said next; words keep their order, whatever becomes of the link."""
        outbox = self._member.outbox
        words = outbox[:_AT_ONCE]
        name = words[0].by
        answers = await publish([self._message(to_data(one)) for one in words])
        refused = [answer for answer in answers if answer is not None]
        if refused:
            _logger.error("the broker refuses what a worker says: %s", refused[0])
            raise NotReady(refused[0])
        del outbox[: len(words)]
        if name == self._member.name:
            self._published = words[-1].number
        self._progress.set()

    def _message(self, data: Mapping[str, Any]) -> Message:
        group = self.settings.group
        event = CloudEvent(
            id=new_id(), source=f"casita:{group}", type=SAID, subject=group,
            time=self._clock.now(), data=data, extensions={"partitionkey": group},
        )  # fmt: skip
        return Message(channel=Channel(group, Purpose.COMMANDS), event=event)
