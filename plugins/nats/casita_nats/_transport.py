"""One connection to NATS: publishes with acknowledgement, and pulls from a durable consumer."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    PubAck,
    StorageType,
    StreamConfig,
)

from casita.clock import Clock
from casita.cloudevents import CONTENT_TYPE, NotACloudEvent, from_json, to_json
from casita.errors import AuthFailed, NotReady, SetupFailed
from casita.tasks import Tasks, is_cancelled
from casita.transport import Delivery, Message, Plan, Promises, Purpose, Transport
from casita_nats._subjects import filters, home_of, purpose_of, subject_of
from casita_nats._syncing import syncs_always, weakness

_CONNECT_WITHIN_S: Final = 5
_ASKED_WITHIN_S: Final = 5.0
_PULL_S: Final = 5
_ACK_WAIT_S: Final = 300
_IN_FLIGHT: Final = 4096
_TOO_LARGE: Final = 10054
_DUPLICATES_WITHIN_S: Final = 120
_logger = logging.getLogger(__name__)
_T = TypeVar("_T")
_LOST: Final = (
    nats.errors.ConnectionClosedError,
    nats.errors.ConnectionReconnectingError,
    nats.errors.NoServersError,
    nats.errors.NoRespondersError,
    nats.errors.StaleConnectionError,
    nats.js.errors.NoStreamResponseError,
    nats.js.errors.ServiceUnavailableError,
    asyncio.TimeoutError,
    OSError,
)


class NatsTransport(Transport):
    """JetStream, with one stream for all homes and a durable consumer for each."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._prefix: str = plan.options["prefix"]
        self._stream = self._prefix.upper()
        self._durable = f"home-{plan.reader}"
        self._answer_s: float = plan.options["timeout"].total_seconds()
        self._asked_s = min(_ASKED_WITHIN_S, self._answer_s)
        self._client = Client()
        self._closed = asyncio.Event()
        self._asking = Tasks(f"nats {plan.name}", _noted)

    async def open(self) -> Promises:
        await self._connect()
        self._jetstream = self._client.jetstream(publish_async_max_pending=_IN_FLIGHT)
        try:
            await self._ensure_stream()
            promises = await self._promises()
            await self._ensure_consumer()
            self._pull: JetStreamContext.PullSubscription
            self._pull = await self._jetstream.pull_subscribe_bind(
                durable=self._durable, stream=self._stream, pending_msgs_limit=_IN_FLIGHT
            )
        except nats.js.errors.ServiceUnavailableError as err:
            raise NotReady(f"{self._plan.name}: JetStream is not there yet: {err}") from err
        except nats.js.errors.APIError as err:
            raise SetupFailed(f"{self._plan.name}: NATS refuses the stream: {err}") from err
        except _LOST as err:
            raise NotReady(f"{self._plan.name}: {_words(err)}") from err
        return promises

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        return await self._answered(self._sent(messages))

    async def receive(self) -> Sequence[Delivery]:
        found = await self._answered(self._pulled())
        return await self._without_ours([self._delivery(message) for message in found])

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._answered(deliveries[-1].token.ack_sync(timeout=self._answer_s))

    async def close(self) -> None:
        await self._was_closed()
        if not self._client.is_closed:
            try:
                async with asyncio.timeout(self._asked_s):
                    await self._client.close()
            except (nats.errors.Error, OSError):
                return  # it is gone already

    async def waiting(self) -> int | None:
        try:
            info = await self._answered(self._info())
        except NotReady:
            return None
        return None if info is None else (info.num_pending or 0) + (info.num_ack_pending or 0)

    # Connecting

    async def _connect(self) -> None:
        try:
            await self._client.connect(
                self._plan.url,
                name=f"casita {self._plan.home}",
                allow_reconnect=False,
                connect_timeout=_CONNECT_WITHIN_S,
                max_reconnect_attempts=1,
                closed_cb=self._was_closed,
                error_cb=_ignored,
                **self._credentials(),
            )
        except nats.errors.AuthorizationError as err:
            raise AuthFailed(f"{self._plan.name}: NATS does not know this user") from err
        except (nats.errors.Error, OSError) as err:
            if "authorization" in str(err).lower():
                raise AuthFailed(f"{self._plan.name}: NATS does not know this user") from err
            raise NotReady(f"{self._plan.name}: no NATS server answers: {_words(err)}") from err

    def _credentials(self) -> dict[str, Any]:
        options = self._plan.options
        names = {
            "username": "user", "password": "password", "token": "token",
            "credentials": "user_credentials",
        }  # fmt: skip
        found = {theirs: options[ours] for ours, theirs in names.items() if ours in options}
        if "certificate" in options:
            found["tls"] = ssl.create_default_context(cafile=options["certificate"])
        return found

    async def _was_closed(self) -> None:
        """End whatever waits for an answer: the client itself lets it wait on."""
        self._closed.set()
        self._asking.cancel()

    async def _answered(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what the server answers. Raises `NotReady`, also if the connection is lost."""
        if self._closed.is_set() or not self._client.is_connected:
            work.close()
            raise NotReady(f"{self._plan.name}: the connection to NATS is lost")
        try:
            answer: _T = await self._asking.start(work, "asking")
        except (nats.errors.Error, OSError) as err:
            raise NotReady(f"{self._plan.name}: {_words(err)}") from err
        except asyncio.CancelledError as err:
            if is_cancelled():
                raise
            raise NotReady(f"{self._plan.name}: the connection to NATS is lost") from err
        return answer

    async def _ensure_stream(self) -> None:
        try:
            await self._jetstream.stream_info(self._stream)
        except nats.js.errors.NotFoundError:
            await self._jetstream.add_stream(
                StreamConfig(
                    name=self._stream,
                    subjects=[f"{self._prefix}.*.{one}.>" for one in Purpose],
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.OLD,
                    num_replicas=self._plan.options["replicas"],
                    max_age=self._plan.options["keep"].total_seconds(),
                    duplicate_window=_DUPLICATES_WITHIN_S,
                )
            )

    async def _promises(self) -> Promises:
        info = await self._jetstream.stream_info(self._stream)
        replicas = info.config.num_replicas or 1
        monitor = self._plan.options.get("monitor")
        durable = replicas > 1 or (monitor is not None and await syncs_always(monitor))
        if info.config.storage is StorageType.MEMORY:
            durable = False
        note = "" if durable else weakness(monitor, replicas)
        if self._plan.durable and not durable:
            raise SetupFailed(f"{self._plan.name}: 'durable: true', but {note}")
        return Promises(
            ordered=True, durable=durable, deduplicated=True, replays=True,
            notes=(note,) if note else (),
        )  # fmt: skip

    # Consuming

    async def _pulled(self) -> Sequence[Msg]:
        try:
            found: Sequence[Msg] = await self._pull.fetch(self._plan.batch, timeout=_PULL_S)
        except TimeoutError:
            await self._client.flush(self._asked_s)  # who stands still keeps the connection
            return []
        return found

    async def _ensure_consumer(self) -> None:
        """Make our consumer anew where it holds unacknowledged messages: these come first then.

        The server would deliver them again only after newer ones of the same subject.
        """
        info = await self._info()
        wanted = filters(self._prefix, self._plan)
        begin = None
        if info is not None:
            config = info.config
            known = config.filter_subjects or [config.filter_subject or ""]
            if not info.num_ack_pending and sorted(known) == sorted(wanted):
                return
            begin = (info.ack_floor.stream_seq if info.ack_floor else 0) + 1
            await self._jetstream.delete_consumer(self._stream, self._durable)
        await self._jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self._durable,
                filter_subject=wanted[0] if len(wanted) == 1 else None,
                filter_subjects=wanted if len(wanted) > 1 else None,
                ack_policy=AckPolicy.ALL,
                ack_wait=_ACK_WAIT_S,
                max_ack_pending=_IN_FLIGHT,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE if begin else DeliverPolicy.ALL,
                opt_start_seq=begin,
            ),
        )

    async def _info(self) -> ConsumerInfo | None:
        try:
            info: ConsumerInfo = await self._jetstream.consumer_info(self._stream, self._durable)
        except nats.js.errors.NotFoundError:
            return None
        return info

    def _delivery(self, message: Msg) -> Delivery:
        purpose = purpose_of(message.subject)
        try:
            event = from_json(message.data, now=self._clock.now())
        except NotACloudEvent as err:
            return Delivery(
                event=None, token=message, purpose=purpose, fault=str(err), raw=message.data
            )
        return Delivery(event=event, token=message, purpose=purpose)

    async def _without_ours(self, found: Sequence[Delivery]) -> Sequence[Delivery]:
        """Drop what this home has told; acknowledge it if nothing else will."""
        others = [one for one in found if not self._is_ours(one)]
        if found and not others:
            await self.acknowledge(found)
        return others

    def _is_ours(self, delivery: Delivery) -> bool:
        told_here = home_of(delivery.token.subject) == self._plan.home
        return told_here and delivery.purpose is Purpose.EVENTS

    # Publishing

    async def _sent(self, messages: Sequence[Message]) -> Sequence[str | None]:
        async with asyncio.timeout(self._answer_s):
            sent = [await self._send(message) for message in messages]
            return [await _answer(one) for one in sent]

    async def _send(self, message: Message) -> asyncio.Future[PubAck] | str:
        """Send a message; return what becomes its acknowledgement, or why it cannot be sent."""
        body = to_json(message.event)
        if len(body) > self._client.max_payload:
            return f"{len(body)} bytes; this server takes {self._client.max_payload}"
        return await self._jetstream.publish_async(
            subject_of(self._prefix, message.channel, message.key),
            body,
            stream=self._stream,
            headers={"Nats-Msg-Id": _msg_id(message), "Content-Type": CONTENT_TYPE},
        )


async def _answer(sent: asyncio.Future[PubAck] | str) -> str | None:
    if isinstance(sent, str):
        return sent
    try:
        await sent
    except nats.js.errors.APIError as err:
        if err.err_code == _TOO_LARGE:
            return str(err.description)
        raise NotReady(f"NATS did not store it: {err.description}") from err
    return None


def _msg_id(message: Message) -> str:
    """Return what the server drops doubles by; it is ASCII without line breaks."""
    key = f"{message.channel.purpose}.{message.channel.home} {message.event.key}"
    return key.encode("ascii", "backslashreplace").decode().replace("\n", " ").replace("\r", " ")


def _noted(name: str, err: Exception) -> None:
    _logger.debug("%s: %r", name, err)  # who asked is told


async def _ignored(_err: Exception) -> None:
    """Take what the client also raises, or tells by closing."""


def _words(err: BaseException) -> str:
    return str(err) or type(err).__name__


def make_transport(plan: Plan, clock: Clock) -> Transport:
    """Make a transport that is not connected yet."""
    return NatsTransport(plan, clock)
