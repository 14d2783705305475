"""The connection to the broker: kept up, its subscriptions restored, its messages handed out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from enum import StrEnum
from typing import Final

from casita import Clock, CommandFailed, Event, NotReady
from casita.clock import deadline
from casita.errors import StartError
from casita_mqtt._message import Message
from casita_mqtt._options import Settings, Word
from casita_mqtt._topics import Handler, Subscription, TopicIndex, has_wildcard
from casita_mqtt._transport import NoAnswer, OpenTransport, Transport

CONNECT_WITHIN_S: Final = 15.0
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
_WAIT_FOR_LINK_S: Final = 5.0
"""How long a message waits for a connection that is being restored, before it is given up."""
_WAITING_LIMIT: Final = 1_000
"""Messages on their way to the broker at once; what comes beyond is refused."""
_SAID_LIMIT: Final = 1_000
_ECHO_WITHIN_S: Final = 5.0
"""How long a message like one that we have published is taken for that one coming back."""
_GATHER_S: Final = 0.02
"""How long wishes for topics are gathered into one packet."""
_BATCH: Final = 100
_QUIET_S: Final = 0.2
_QUIET_WITHIN_S: Final = 10.0
_EXACT: Final = 1
"""Subscription identifier of all topics without wildcards; each filter with some has its own."""


class Link(StrEnum):
    """What the connection is doing."""

    CONNECTING = "connecting"
    UP = "up"
    WAITING = "waiting"
    """It failed, and is tried again after a pause."""
    STOPPED = "stopped"


class Connection:
    """Reaches the broker again and again, for as long as it is wanted."""

    def __init__(
        self,
        settings: Settings,
        open_transport: OpenTransport,
        *,
        clock: Clock,
        logger: logging.Logger,
        start: Callable[..., asyncio.Task[object]],
        on_lost: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        """``start`` runs a coroutine as a named task of whoever owns the connection.

        ``on_lost`` is called once with the reason when the connection is gone, ``on_back``
        once it is restored and the broker has repeated what it keeps.
        """
        self.settings = settings
        self.link = Link.STOPPED
        self.recovering = False
        """Whether it was lost, and what the broker keeps has not all come in again."""
        self.failures = 0
        """How many handlers have raised."""
        self._open = open_transport
        self._clock = clock
        self._logger = logger
        self._start_task = start
        self._on_lost = on_lost
        self._on_back = on_back
        self._topics = TopicIndex()
        self._identifiers: dict[str, int] = {}
        self._next_identifier = _EXACT
        self._pending: dict[str, None] = {}
        self._gathering = False
        self._transport: Transport | None = None
        self._connections = 0
        self._up = asyncio.Event()
        self._waiting = 0
        self._last_kept = clock.monotonic()
        self._broken: set[tuple[str, str]] = set()
        self._said: dict[tuple[str, int], tuple[Event, float]] = {}

    async def start(self) -> None:
        """Connect; return once that has succeeded and stay connected from then on.

        Raises `NotReady`, `AuthFailed` or `SetupFailed` if the first try fails.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = self._start_task(self._run(first), "connection")
        try:
            await first
        except BaseException:
            task.cancel()
            raise

    async def stop(self) -> None:
        """Say the last will, if there is one. The task of the connection is its owner's."""
        self.link = Link.STOPPED
        if self.settings.will is not None and self._transport is not None:
            await self._say(self._transport, self.settings.will)

    # Listening

    def subscribe(
        self, filter: str, handler: Handler, *, qos: int = 0, owner: str = ""
    ) -> Subscription:
        """Hear the messages of a valid filter, also after reconnects, until it is cancelled."""
        subscription = Subscription(filter, handler, qos=qos, owner=owner, on_cancel=self._remove)
        self._topics.add(subscription)
        self._want(filter)
        return subscription

    def deliver(self, message: Message) -> None:
        """Hand a message to its handlers. Whatever they raise is logged, once for each place."""
        if message.retain:
            self._last_kept = self._clock.monotonic()
        for subscription in self._topics.match(message.topic):
            if message.via is not None and not self._came_by(subscription, message):
                continue
            if not subscription.active or not subscription.is_news(message, self._connections):
                continue
            try:
                subscription.handler(message)
            except Exception as err:  # noqa: BLE001 - one entity is isolated from another
                self._failed(subscription, message, err)

    async def quiet(self) -> None:
        """Return once the broker has said all that it keeps, as far as one can tell."""
        end = self._clock.monotonic() + _QUIET_WITHIN_S
        self._last_kept = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            rest_s = self._last_kept + _QUIET_S - now
            if (rest_s <= 0 and not self._pending and not self._gathering) or now >= end:
                return
            await self._clock.sleep(max(rest_s, _GATHER_S))

    # Speaking

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        cause: Event | None = None,
    ) -> None:
        """Publish; return once it is written (qos 0) or acknowledged.

        ``cause`` is the command that it carries out. Waits a few seconds for a connection that
        is being restored. Raises `CommandFailed` if it was not sent, `NoAnswer` if nobody
        acknowledged it.
        """
        if self._waiting >= _WAITING_LIMIT:
            raise CommandFailed(
                f"not sent: {_WAITING_LIMIT} messages are on their way to the broker already"
            )
        self._waiting += 1
        try:
            transport = self._transport or await self._restored()
            if cause is not None:
                self._keep_cause(topic, payload, cause)
            await transport.publish(topic, payload, qos=qos, retain=retain)
        finally:
            self._waiting -= 1

    def cause_of(self, message: Message) -> Event | None:
        """Return the command of ours that has published a message, if it was one just now.

        So a chain of causes goes on through the broker, and one that turns in a circle ends.
        """
        cause, until = self._said.get((message.topic, hash(message.payload)), (None, 0.0))
        return cause if self._clock.monotonic() <= until else None

    def _keep_cause(self, topic: str, payload: bytes, cause: Event) -> None:
        if len(self._said) >= _SAID_LIMIT:
            del self._said[next(iter(self._said))]
        until = self._clock.monotonic() + _ECHO_WITHIN_S
        self._said[(topic, hash(payload))] = (cause, until)

    async def _restored(self) -> Transport:
        try:
            async with deadline(self._clock, _WAIT_FOR_LINK_S):
                await self._up.wait()
        except TimeoutError:
            pass
        if self._transport is None:
            raise CommandFailed(
                f"not sent: no connection to {self.settings.address}; is the broker running?"
            )
        return self._transport

    # The state machine

    async def _run(self, first: asyncio.Future[None]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self.link = Link.CONNECTING
            before = self._connections
            try:
                reason = await self._hold(first)
            except StartError as err:
                if not first.done():
                    self.link = Link.STOPPED
                    first.set_exception(err)
                    return
                reason = str(err)
            if self._connections > before:
                pause_s = FIRST_PAUSE_S
            self._lose(reason)
            self.link = Link.WAITING
            await self._clock.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _hold(self, first: asyncio.Future[None]) -> str:
        """Connect, and stay until the connection is gone; return why it is."""
        try:
            async with AsyncExitStack() as stack:
                transport = await self._enter(stack)
                self._connections += 1
                await self._greet(transport)
                self._transport = transport
                self.link = Link.UP
                self._up.set()
                self._begin_flush()
                if not first.done():
                    first.set_result(None)
                if self.recovering:
                    self._start_task(self._recover(self._connections), "recovery")
                return await transport.lost()
        except (CommandFailed, NoAnswer) as err:
            raise NotReady(f"{self.settings.address}: {err}") from err
        finally:
            self._transport = None
            self._up.clear()

    async def _enter(self, stack: AsyncExitStack) -> Transport:
        try:
            async with deadline(self._clock, CONNECT_WITHIN_S):
                opening = self._open(self.settings, self.deliver)
                return await stack.enter_async_context(opening)
        except TimeoutError as err:
            raise NotReady(
                f"{self.settings.address}: no answer in {CONNECT_WITHIN_S:g} s; is the broker "
                f"running?"
            ) from err

    async def _greet(self, transport: Transport) -> None:
        """Subscribe to all that is wanted, then say that we are here."""
        self._pending.clear()
        await self._subscribe(transport, self._topics.filters())
        if self.settings.birth is not None:
            await self._say(transport, self.settings.birth)

    async def _recover(self, connection: int) -> None:
        """Wait until the broker has repeated what it keeps, then report that we are back."""
        await self.quiet()
        if self._connections == connection and self._transport is not None:
            self.recovering = False
            self._on_back()

    def _lose(self, reason: str) -> None:
        if not self.recovering:
            self.recovering = True
            self._on_lost(reason)

    async def _say(self, transport: Transport, word: Word) -> None:
        try:
            async with deadline(self._clock, _WAIT_FOR_LINK_S):
                await transport.publish(
                    word.topic, word.payload.encode(), qos=word.qos, retain=word.retain
                )
        except (CommandFailed, NoAnswer, TimeoutError) as err:
            self._logger.warning("%s: %s was not said: %s", word.topic, word.payload, err)

    # Subscribing

    def _want(self, filter: str) -> None:
        """Bring the broker's view of a filter up to date, together with others."""
        self._pending[filter] = None
        self._begin_flush()

    def _begin_flush(self) -> None:
        if self._pending and not self._gathering and self.link is Link.UP:
            self._gathering = True
            self._start_task(self._flush(), "subscriptions")

    def _remove(self, subscription: Subscription) -> None:
        if self._topics.remove(subscription):
            self._want(subscription.filter)

    async def _flush(self) -> None:
        try:
            while self._pending and (transport := self._transport) is not None:
                await self._clock.sleep(_GATHER_S)
                filters, self._pending = self._pending, {}
                try:
                    await self._bring_up_to_date(transport, filters)
                except (CommandFailed, NoAnswer) as err:
                    self._logger.debug("subscriptions: %s", err)
                    self._pending.update(filters)
                    await self._clock.sleep(FIRST_PAUSE_S)
        finally:
            self._gathering = False

    async def _bring_up_to_date(self, transport: Transport, filters: Iterable[str]) -> None:
        wanted = {one: self._topics.qos(one) for one in filters}
        await self._subscribe(transport, {f: q for f, q in wanted.items() if q is not None})
        unwanted = [filter for filter, qos in wanted.items() if qos is None]
        for start in range(0, len(unwanted), _BATCH):
            await transport.unsubscribe(unwanted[start : start + _BATCH])

    async def _subscribe(self, transport: Transport, wanted: dict[str, int]) -> None:
        exact = [(filter, qos) for filter, qos in wanted.items() if not has_wildcard(filter)]
        packets = [(exact[i : i + _BATCH], _EXACT) for i in range(0, len(exact), _BATCH)]
        packets += [
            ([(filter, qos)], self._identifier(filter))
            for filter, qos in wanted.items()
            if has_wildcard(filter)
        ]
        for filters, identifier in packets:
            for refused in await transport.subscribe(filters, identifier=identifier):
                self._logger.warning(
                    "%s: the broker does not let us listen to it; check its access rules", refused
                )
            self._last_kept = self._clock.monotonic()

    def _identifier(self, filter: str) -> int:
        known = self._identifiers.get(filter)
        if known is None:
            self._next_identifier += 1
            known = self._identifiers[filter] = self._next_identifier
        return known

    def _came_by(self, subscription: Subscription, message: Message) -> bool:
        """Say whether this copy is the one for a subscription: MQTT 5 sends one for each."""
        identifier = self._identifiers.get(subscription.filter, _EXACT)
        return message.via is None or identifier in message.via

    def _failed(self, subscription: Subscription, message: Message, err: Exception) -> None:
        self.failures += 1
        place = (subscription.owner, type(err).__name__)
        if place not in self._broken:
            self._broken.add(place)
            self._logger.error(
                "%s: a message on %s could not be handled: %r",
                subscription.owner or subscription.filter,
                message.topic,
                err,
                exc_info=err,
            )
