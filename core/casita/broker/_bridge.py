"""One broker: connected, lost and connected again; what goes out, and what comes in."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

import msgspec

from casita.broker._commanding import Commanding
from casita.broker._inbox import REJECTED, Inbox
from casita.broker._outbox import Outbox
from casita.broker._outgoing import Outgoing
from casita.broker._settings import Settings
from casita.clock import deadline
from casita.consumers import Consumer, Retries
from casita.errors import AuthFailed, CasitaError, NotReady, NotStored, SetupFailed
from casita.home import Home
from casita.ids import home_of
from casita.kernel import Kernel
from casita.tasks import is_cancelled
from casita.transport import BrokerKind, Delivery, Message, Promises, Purpose, Transport
from casita.workers import SAID

_CONNECT_WITHIN_S: Final = 30.0
_ANSWER_WITHIN_S: Final = 20.0
_ASKED_WITHIN_S: Final = 2.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_AUTH_PAUSE_S: Final = 300.0
_DISK_PAUSE_S: Final = 1.0
_SNAPSHOT_BATCH: Final = 200
_AGAIN: Final = Retries(tries=1)
"""What was rejected is not better for waiting: a person looks at it, and has it tried again."""
_CLOSED_WITHIN_S: Final = 10.0
_T = TypeVar("_T")


class LinkState(StrEnum):
    """How the connection to a broker fares."""

    CONNECTING = "connecting"
    UP = "up"
    WAITING = "waiting"
    """It was lost, or refused us for now; it is tried again."""
    NEEDS_ATTENTION = "needs attention"
    """It refuses our credentials; a person has to give others."""
    FAILED = "failed"
    """Trying again cannot help."""


class BrokerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A broker as people see it."""

    name: str
    url: str
    """Without what may be secret."""
    home: str
    """How this home is called there."""
    state: LinkState
    reason: str | None
    since: datetime
    promises: Promises | None
    """What it holds to; null while it was never reached."""
    published: int
    """How many messages it has acknowledged since the start."""
    received: int
    duplicates: int
    stale: int
    rejected: int
    behind: int | None
    """How many events of the log are not published yet; null: nothing is to be."""
    waiting: int | None
    """How many messages wait for us there; null: it does not say."""
    losses: int
    """How often the connection was lost."""


class Bridge:
    """Everything between this house and one broker."""

    def __init__(self, settings: Settings, kind: BrokerKind, home: Home, kernel: Kernel) -> None:
        self.settings = settings
        self._kind = kind
        self._home = home
        self._kernel = kernel
        self._transport: Transport | None = None
        self._lost = asyncio.Event()
        self._told_states = False
        self._publisher: Consumer | None = None
        self._state = LinkState.CONNECTING
        self._reason: str | None = None
        self._since = kernel.clock.now()
        self._promises: Promises | None = None
        self._losses = 0
        self._remote: set[str] = set()
        self._homes: set[str] = set(home.recall().get(self._homes_key, ()))
        self._commanding = Commanding(
            kernel, settings.name, settings.home, settings.commands, self.send, home.start
        )
        publish, subscribe = settings.publish, settings.subscribe
        self._outgoing = Outgoing(kernel, settings.home, publish) if publish else None
        self._outbox = (
            Outbox(self._outgoing, self._publish, kernel.clock) if self._outgoing else None
        )
        self._inbox = (
            Inbox(kernel, settings.name, settings.home, subscribe, self._attach)
            if subscribe
            else None
        )

    def start(self) -> None:
        """Begin to connect, and to keep what is to be published."""
        name, publish = self.settings.name, self.settings.publish
        if publish is not None and self._outbox is not None:
            self._publisher = self._home.consume_batches(
                f"{name}.out", self._outbox.publish, types=publish.types, subjects=publish.subjects
            )
        if self._inbox is not None:
            self._home.consume(
                f"{name}.in", self._inbox.again, types=(REJECTED,), subjects=(name,), retries=_AGAIN
            )
            for state in self._kernel.states:
                if home_of(state.entity_id) in self._homes:
                    self._attach(state.entity_id)
        self._home.start(self._run(), name)
        if self._kernel.group is not None:
            self._kernel.group.connect(self._publish_now)

    def stop(self) -> None:
        """Let nobody carry out commands for the other homes' entities."""
        for entity_id in self._remote:
            self._kernel.commands.detach(entity_id)

    async def status(self) -> BrokerStatus:
        """Return how it fares; the broker is asked how much waits there."""
        inbox = self._inbox
        return BrokerStatus(
            name=self.settings.name,
            url=self.settings.shown_url,
            home=self.settings.home,
            state=self._state,
            reason=self._reason,
            since=self._since,
            promises=self._promises,
            published=self._outbox.published if self._outbox else 0,
            received=inbox.received if inbox else 0,
            duplicates=inbox.duplicates if inbox else 0,
            stale=inbox.stale if inbox else 0,
            rejected=inbox.rejected if inbox else 0,
            behind=self._publisher.lag if self._publisher else None,
            waiting=await self._waiting(),
            losses=self._losses,
        )

    async def send(self, message: Message) -> None:
        """Publish one message now. Raises `NotReady` if the link is down, else `CasitaError`."""
        refused = (await self._publish_now([message]))[0]
        if refused is not None:
            raise CasitaError(refused)

    async def _publish_now(self, messages: Sequence[Message]) -> Sequence[str | None]:
        return await self._ask(lambda one: one.publish(messages))

    # Connecting

    async def _run(self) -> None:
        failures = 0
        while True:
            self._enter(LinkState.CONNECTING if failures == 0 else self._state, self._reason)
            transport = self._kind.make(self.settings.plan(), self._kernel.clock)
            pause_s = min(_FIRST_PAUSE_S * 2.0 ** min(failures, 30), _LONGEST_PAUSE_S)
            try:
                await self._connect(transport)
                failures = 0
                pause_s = _FIRST_PAUSE_S
                await self._serve(transport)
            except SetupFailed as err:
                self._down(LinkState.FAILED, err)
                return
            except AuthFailed as err:
                self._down(LinkState.NEEDS_ATTENTION, err)
                pause_s = _AUTH_PAUSE_S
            except (Exception, asyncio.CancelledError) as err:
                if is_cancelled():
                    raise
                self._down(LinkState.WAITING, err)
            finally:
                self._transport = None
                await self._close(transport)
            failures += 1
            await self._kernel.clock.sleep(pause_s * random.uniform(0.8, 1.2))

    async def _connect(self, transport: Transport) -> None:
        async with deadline(self._kernel.clock, _CONNECT_WITHIN_S):
            self._promises = await transport.open()
        self._lost.clear()
        await self._tell_states(transport)
        self._transport = transport
        self._enter(LinkState.UP, None)
        data = {"home": self.settings.home, "notes": list(self._promises.notes)}
        self._home.emit("broker.connected", self.settings.name, data)
        self._home.logger.info("%s: connected to %s", self.settings.name, self.settings.shown_url)
        if self._publisher is not None:
            self._publisher.wake()

    async def _serve(self, transport: Transport) -> None:
        """Receive until the connection is lost, whoever notices it; raise what it was."""
        receiving = self._home.start(self._received(transport), f"{self.settings.name} in")
        lost = self._home.start(self._lost.wait(), f"{self.settings.name} lost")
        try:
            await asyncio.wait({receiving, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            receiving.cancel()
            ended = (await asyncio.gather(receiving, return_exceptions=True))[0]
        if isinstance(ended, Exception):
            raise ended
        raise NotReady(self._reason or "lost")

    async def _tell_states(self, transport: Transport) -> None:
        """Publish the states that there are, once: who joins later starts with them."""
        if self._told_states or self._outgoing is None or self._publisher is None:
            return
        messages = list(self._outgoing.snapshot(self._publisher.cursor))
        for begin in range(0, len(messages), _SNAPSHOT_BATCH):
            async with deadline(self._kernel.clock, _ANSWER_WITHIN_S):
                await transport.publish(messages[begin : begin + _SNAPSHOT_BATCH])
        self._told_states = True

    def _down(self, state: LinkState, err: BaseException) -> None:
        reason = _words(err)
        if (state, reason) != (self._state, self._reason):
            if self._state is LinkState.UP or self._state is LinkState.CONNECTING:
                self._home.emit("broker.lost", self.settings.name, {"reason": reason})
                self._home.logger.warning("%s: %s: %s", self.settings.name, state, reason)
            self._losses += self._state is LinkState.UP
            self._enter(state, reason)

    def _enter(self, state: LinkState, reason: str | None) -> None:
        if state is not self._state:
            self._since = self._kernel.clock.now()
        self._state, self._reason = state, reason

    async def _close(self, transport: Transport) -> None:
        try:
            async with deadline(self._kernel.clock, _CLOSED_WITHIN_S):
                await transport.close()
        except (Exception, asyncio.CancelledError) as err:
            if is_cancelled():
                raise
            self._home.logger.debug("%s: closing: %r", self.settings.name, err)

    # Out

    async def _publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        return await self._ask(lambda transport: transport.publish(messages))

    async def _ask(
        self, what: Callable[[Transport], Awaitable[Sequence[str | None]]]
    ) -> Sequence[str | None]:
        """Have the transport do something; a connection that does not answer counts as lost."""
        transport = self._transport
        if transport is None:
            raise NotReady(f"{self.settings.name}: {self._reason or 'not connected yet'}")
        try:
            async with deadline(self._kernel.clock, _ANSWER_WITHIN_S):
                answers = await what(transport)
        except TimeoutError as err:
            self._notice(f"no answer in {_ANSWER_WITHIN_S:g} s")
            raise NotReady(f"{self.settings.name}: no answer") from err
        except NotReady as err:
            self._notice(str(err))
            raise
        return answers

    def _notice(self, reason: str) -> None:
        self._reason = reason
        self._lost.set()

    # In

    async def _received(self, transport: Transport) -> Exception:
        """Receive for ever; return why no more can be received."""
        try:
            await self._receive(transport)
        except Exception as err:  # noqa: BLE001 - a transport is isolated from the hub
            return err

    async def _receive(self, transport: Transport) -> NoReturn:
        while True:
            if is_cancelled():  # a client may swallow that when a message comes just then
                raise asyncio.CancelledError
            deliveries = await transport.receive()
            if not deliveries:
                await asyncio.sleep(0)
                continue
            for delivery in deliveries:
                self._take(delivery)
            await self._stored()
            await transport.acknowledge(deliveries)

    def _take(self, delivery: Delivery) -> None:
        event, group = delivery.event, self._kernel.group
        if delivery.purpose is Purpose.COMMANDS and event is not None:
            if group is not None and event.type == SAID:
                group.hear(event)
            else:
                self._commanding.take(event)
        elif self._inbox is not None:
            with group.arriving(event) if group is not None and event else nullcontext():
                self._inbox.take(delivery)

    async def _stored(self) -> None:
        """Return once all is stored: the broker keeps what the disk refuses."""
        log = self._kernel.log
        offset = log.head
        while True:
            try:
                await log.stored(offset)
            except NotStored:
                await self._kernel.clock.sleep(_DISK_PAUSE_S)
            else:
                return

    def _attach(self, entity_id: str) -> None:
        """Have commands for an entity of another home go there."""
        if entity_id in self._remote:
            return
        self._remote.add(entity_id)
        self._kernel.commands.attach(entity_id, self._commanding.carry_out)
        home = home_of(entity_id)
        if home is not None and home not in self._homes:
            self._homes.add(home)
            self._home.remember(self._homes_key, sorted(self._homes))

    @property
    def _homes_key(self) -> str:
        return f"{self.settings.name}.homes"

    async def _waiting(self) -> int | None:
        transport = self._transport
        if transport is None or self._inbox is None:
            return None
        return await self._within(transport.waiting())

    async def _within(self, question: Awaitable[_T]) -> _T | None:
        try:
            async with deadline(self._kernel.clock, _ASKED_WITHIN_S):
                return await question
        except Exception:  # noqa: BLE001 - a transport is isolated from the hub
            return None


def _words(err: BaseException) -> str:
    if isinstance(err, TimeoutError):
        return f"no answer in {_CONNECT_WITHIN_S:g} s"
    return str(err) if isinstance(err, CasitaError) else f"{type(err).__name__}: {err}"
