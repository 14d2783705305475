"""MQTT 5 as a broker between homes: one session that outlives its connections.

aiomqtt keeps the connection; publishing and acknowledging go past it to paho, because aiomqtt
neither tells why a broker refuses a message nor lets us say when it may forget one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from casita.clock import Clock
from casita.cloudevents import CONTENT_TYPE, LARGEST_BYTES, NotACloudEvent, from_json, to_json
from casita.errors import AuthFailed, NotReady, SetupFailed
from casita.events import STATE_CHANGED
from casita.tasks import Tasks, is_cancelled
from casita.transport import Delivery, Message, Plan, Promises, Purpose, Transport
from casita_mqtt._bridge_options import PORTS
from casita_mqtt._bridge_topics import filters, is_wanted, purpose_of, topic_of

_REFUSED: Final = frozenset((134, 135, 138))
_CONNECT_WITHIN_S: Final = 5.0
_POLL_S: Final = 5.0
_LEAVE_WITHIN_S: Final = 1.0
_QOS: Final = 1
_ROOM: Final = 64 * 1024
_logger = logging.getLogger(__name__)
_T = TypeVar("_T")

_PROMISES: Final = Promises(
    ordered=True,
    durable=False,
    deduplicated=False,
    replays=False,
    notes=(
        "no MQTT broker tells whether it has synced its disk before it acknowledges",
        "it keeps for a home only what came after its first visit, and only for 'keep:'; who "
        "joins later gets the newest state of each entity, and nothing else",
        "after a lost connection messages may come twice; the second is dropped here",
    ),
)
_WEAKNESS: Final = (
    "no MQTT broker tells whether it has synced its disk before it acknowledges: use NATS, Kafka "
    "or SQS for what must not be lost"
)


class MqttTransport(Transport):
    """A topic for each home, purpose, type and subject."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._answer_s: float = plan.options["timeout"].total_seconds()
        self._client: aiomqtt.Client | None = None
        self._inbox: asyncio.Queue[aiomqtt.Message] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[str | None]] = {}
        self._tasks = Tasks(f"mqtt {plan.name}", _noted)
        self._holds = False
        self._lost = f"{plan.name}: the connection to the MQTT broker is closed"

    async def open(self) -> Promises:
        if self._plan.durable:
            raise SetupFailed(f"{self._plan.name}: 'durable: true', but {_WEAKNESS}")
        client = self._make_client()
        self._client = client
        paho = client._client
        paho.manual_ack_set(True)
        paho.on_publish = self._acknowledged
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S * 2):
                await client.__aenter__()
                await client.subscribe(self._subscriptions())
        except (aiomqtt.MqttError, OSError, ValueError) as err:
            raise self._refusal(err) from err
        self._holds = True
        self._tasks.start(self._watch(client), "watching")
        return _PROMISES

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        return await self._answered(self._sent(messages))

    async def receive(self) -> Sequence[Delivery]:
        first = await self._answered(self._next())
        found = [first] if first is not None else []
        while not self._inbox.empty() and len(found) < self._plan.batch:
            found.append(self._inbox.get_nowait())
        wanted = [one for one in found if is_wanted(self._plan, str(one.topic), _body(one))]
        await self._forget([one for one in found if one not in wanted])
        return [self._delivery(one) for one in wanted]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._forget([one.token for one in deliveries])

    async def close(self) -> None:
        client, self._client = self._client, None
        self._holds = False
        await self._tasks.stop()
        if client is not None:
            client.timeout = _LEAVE_WITHIN_S
            with suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)

    # Connecting

    def _make_client(self) -> aiomqtt.Client:
        plan, options = self._plan, self._plan.options
        parts = urlsplit(plan.url)
        tls = parts.scheme == "mqtts"
        quiet = logging.getLogger("casita.plugin.mqtt.bridge")
        quiet.setLevel(logging.CRITICAL)  # what it says ends as our `NotReady`
        return aiomqtt.Client(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            username=options.get("username"),
            password=options.get("password"),
            identifier=options.get("client_id", f"{options['prefix']}-{plan.home}"),
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=_session(options["keep"], plan.batch),
            keepalive=max(1, int(options["keepalive"].total_seconds())),
            timeout=_CONNECT_WITHIN_S,
            tls_params=aiomqtt.TLSParameters(ca_certs=options.get("certificate")) if tls else None,
            queue_type=_handing_to(self._inbox),
            logger=quiet,
        )

    def _subscriptions(self) -> list[tuple[str, SubscribeOptions]]:
        found = []
        for filter in filters(self._plan):
            shared = filter.startswith("$share/")
            options = SubscribeOptions(
                qos=_QOS, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
            )
            options.noLocal = not shared and f"/{Purpose.EVENTS}/" in filter
            found.append((filter, options))
        return found

    async def _watch(self, client: aiomqtt.Client) -> None:
        """End whatever waits for an answer once the connection is lost."""
        try:
            async for _ in client.messages:
                continue
        except aiomqtt.MqttError as err:
            self._lost = f"{self._plan.name}: {err.__cause__ or err}"
        self._holds = False
        self._tasks.cancel()

    def _refusal(self, err: Exception) -> Exception:
        code = getattr(getattr(err, "rc", None), "value", None)
        if code in _REFUSED:
            return AuthFailed(f"{self._plan.name}: the MQTT broker refuses us; check the password")
        words = str(err) or type(err).__name__
        return NotReady(f"{self._plan.name}: no MQTT 5 broker answers: {words}")

    async def _answered(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what work returns. Raises `NotReady` if the connection is lost meanwhile."""
        if not self._holds:
            work.close()
            raise NotReady(self._lost)
        try:
            async with asyncio.timeout(max(self._answer_s, _POLL_S + 1)):
                answer: _T = await self._tasks.start(work, "asking")
        except TimeoutError as err:
            raise NotReady(f"{self._plan.name}: no answer in {self._answer_s:g} s") from err
        except asyncio.CancelledError as err:
            if is_cancelled():
                raise
            raise NotReady(self._lost) from err
        return answer

    # Messages

    async def _sent(self, messages: Sequence[Message]) -> Sequence[str | None]:
        sent = [self._send(message) for message in messages]
        return [await one if isinstance(one, asyncio.Future) else one for one in sent]

    def _send(self, message: Message) -> asyncio.Future[str | None] | str:
        """Send a message; return what becomes the broker's answer, or why it cannot be sent."""
        body = to_json(message.event)
        if len(body) > LARGEST_BYTES:
            return f"{len(body)} bytes; {LARGEST_BYTES} are taken"
        topic = topic_of(self._plan.options["prefix"], message)
        is_state = message.event.type == STATE_CHANGED
        is_gone = is_state and message.event.data.get("state") is None
        answer = self._hand_over(topic, body, retain=is_state and not is_gone)
        if is_gone:
            answer = self._hand_over(topic, b"", retain=True)
        return answer

    def _hand_over(self, topic: str, body: bytes, *, retain: bool) -> asyncio.Future[str | None]:
        if self._client is None:
            raise NotReady(self._lost)
        sent = self._client._client.publish(topic, body, _QOS, retain, _CONTENT)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotReady(f"{self._plan.name}: not sent: {sent.rc.name}")
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._answers[sent.mid] = answer
        return answer

    def _acknowledged(
        self, _client: object, _data: object, mid: int, reason: ReasonCode, _more: object
    ) -> None:
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(f"the broker refuses it: {reason}" if reason.is_failure else None)

    async def _next(self) -> aiomqtt.Message | None:
        try:
            async with asyncio.timeout(_POLL_S):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _forget(self, messages: Sequence[aiomqtt.Message]) -> None:
        """Let the broker forget messages, in the order of delivery."""
        if self._client is None or not self._holds:
            raise NotReady(self._lost)
        for one in messages:
            if self._client._client.ack(one.mid, one.qos) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise NotReady(self._lost)

    def _delivery(self, message: aiomqtt.Message) -> Delivery:
        purpose, body = purpose_of(str(message.topic)), _body(message)
        try:
            event = from_json(body, now=self._clock.now())
        except NotACloudEvent as err:
            return Delivery(event=None, token=message, purpose=purpose, fault=str(err), raw=body)
        return Delivery(event=event, token=message, purpose=purpose)


def _session(keep: timedelta, batch: int) -> Properties:
    """Return what a session is asked for: how long it is kept, and how much comes at once."""
    found = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
    found.SessionExpiryInterval = int(keep.total_seconds())
    found.ReceiveMaximum = batch  # more comes once we have acknowledged: it waits at the broker
    found.MaximumPacketSize = LARGEST_BYTES + _ROOM
    return found


def _content() -> Properties:
    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
    found.ContentType = CONTENT_TYPE
    return found


_CONTENT: Final = _content()


def _handing_to(inbox: asyncio.Queue[aiomqtt.Message]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return a queue that hands everything on; the broker stops where we do not acknowledge."""

    class Handing(asyncio.Queue["aiomqtt.Message"]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            inbox.put_nowait(item)

    return Handing


def _body(message: aiomqtt.Message) -> bytes:
    payload: object = message.payload
    return payload if isinstance(payload, bytes) else b""


def _noted(name: str, err: Exception) -> None:
    _logger.debug("%s: %r", name, err)  # who asked is told
