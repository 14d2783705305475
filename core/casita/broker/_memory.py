"""A broker in this process: for tests, for trying things out, and as the measure of the others."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from casita.clock import Clock
from casita.cloudevents import LARGEST_BYTES, NotACloudEvent, from_json, to_json
from casita.errors import NotReady, SetupFailed
from casita.transport import (
    BrokerKind,
    Channel,
    Delivery,
    Message,
    Plan,
    Promises,
    Purpose,
    Transport,
)

_PROMISES: Final = Promises(
    ordered=True,
    durable=False,
    deduplicated=True,
    replays=True,
    notes=("it is in memory, and ends with this process",),
)


class Kept(NamedTuple):
    """A message as the broker keeps it."""

    channel: Channel
    body: bytes
    """In structured mode, unless somebody has published something else."""


class MemoryBroker:
    """Everything that was published, and how far each subscriber has got."""

    def __init__(self) -> None:
        self.up = True
        """False: it refuses connections, and has dropped those that there were."""
        self.cut_off: set[str] = set()
        """Readers that cannot reach it."""
        self.messages: list[Kept] = []
        self._ids: set[tuple[Channel, str]] = set()
        self._read: dict[str, int] = defaultdict(int)
        self._news: set[asyncio.Event] = set()

    def publish(self, channel: Channel, identity: str, body: bytes) -> None:
        """Keep a message, unless one of this identity is here already."""
        if (channel, identity) in self._ids:
            return
        self._ids.add((channel, identity))
        self.messages.append(Kept(channel, body))
        self._wake()

    def stop(self) -> None:
        """Drop all connections, until `up` is set again."""
        self.up = False
        self._wake()

    def cut(self, reader: str) -> None:
        """Drop the connections of one reader, until it is let in again."""
        self.cut_off.add(reader)
        self._wake()

    def let_in(self, reader: str) -> None:
        """Let a reader connect again."""
        self.cut_off.discard(reader)

    def reached(self, group: str) -> int:
        """Return how many messages a group has dealt with."""
        return self._read[group]

    def move(self, group: str, position: int) -> None:
        """Note how many messages a group has dealt with."""
        self._read[group] = max(self._read[group], position)

    async def beyond(self, position: int, reader: str) -> None:
        """Return when there is something beyond a position, or the reader has lost us."""
        news = asyncio.Event()
        self._news.add(news)
        try:
            while self.reaches(reader) and len(self.messages) <= position:
                news.clear()
                await news.wait()
        finally:
            self._news.discard(news)

    def reaches(self, reader: str) -> bool:
        """Say whether a reader can be connected."""
        return self.up and reader not in self.cut_off

    def _wake(self) -> None:
        for news in self._news:
            news.set()


class MemoryTransport(Transport):
    """A connection to a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker, plan: Plan, clock: Clock) -> None:
        self._broker = broker
        self._plan = plan
        self._clock = clock
        self._position = broker.reached(plan.reader)
        self._open = False

    async def open(self) -> Promises:
        self._open = True
        self._check()
        if self._plan.durable:
            raise SetupFailed(f"{self._plan.name}: 'durable: true', but {_PROMISES.notes[0]}")
        return _PROMISES

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        self._check()
        return [self._take(message) for message in messages]

    async def receive(self) -> Sequence[Delivery]:
        self._check()
        await self._broker.beyond(self._position, self._plan.reader)
        self._check()
        found: list[Delivery] = []
        while self._position < len(self._broker.messages) and len(found) < self._plan.batch:
            kept = self._broker.messages[self._position]
            self._position += 1
            if self._is_ours(kept.channel):
                found.append(self._delivery(kept))
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        self._broker.move(self._plan.reader, max(one.token for one in deliveries))

    async def close(self) -> None:
        self._open = False

    async def waiting(self) -> int | None:
        reached = self._broker.reached(self._plan.reader)
        return sum(self._is_ours(one.channel) for one in self._broker.messages[reached:])

    def _take(self, message: Message) -> str | None:
        body = to_json(message.event)
        if len(body) > LARGEST_BYTES:
            return f"{len(body)} bytes; {LARGEST_BYTES} are taken"
        self._broker.publish(message.channel, message.event.key, body)
        return None

    def _delivery(self, kept: Kept) -> Delivery:
        purpose = kept.channel.purpose
        try:
            event = from_json(kept.body, now=self._clock.now())
        except NotACloudEvent as err:
            return Delivery(
                event=None, token=self._position, purpose=purpose, fault=str(err), raw=kept.body
            )
        return Delivery(event=event, token=self._position, purpose=purpose)

    def _is_ours(self, channel: Channel) -> bool:
        if channel.purpose is Purpose.COMMANDS:
            return channel.home == self._plan.home
        if not self._plan.subscribes or channel.home == self._plan.home:
            return False
        return not self._plan.homes or channel.home in self._plan.homes

    def _check(self) -> None:
        if not (self._open and self._broker.reaches(self._plan.reader)):
            raise NotReady(f"{self._plan.url}: the broker is away")


_BROKERS: Final[dict[str, MemoryBroker]] = defaultdict(MemoryBroker)


def memory_broker(url: str) -> MemoryBroker:
    """Return the broker of an URL ``memory://name``; it is the same for all of this process."""
    return _BROKERS[url]


def _make(plan: Plan, clock: Clock) -> Transport:
    return MemoryTransport(memory_broker(plan.url), plan, clock)


KIND: Final = BrokerKind(
    schemes=("memory",), make=_make, description="A broker in this process, to try things out."
)
