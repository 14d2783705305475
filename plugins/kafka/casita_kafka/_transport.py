"""One connection to Kafka: an idempotent producer, and a member of the home's consumer group."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from aiokafka import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.admin import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaAdminClient,
    NewTopic,
)
from aiokafka.errors import (  # type: ignore[import-untyped]  # it ships no types
    AuthenticationFailedError,
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
)

from casita.clock import Clock
from casita.cloudevents import LARGEST_BYTES, NotACloudEvent
from casita.errors import AuthFailed, NotReady, SetupFailed
from casita.tasks import Tasks, is_cancelled
from casita.transport import Channel, Delivery, Message, Plan, Promises, Purpose, Transport
from casita_kafka._options import connection
from casita_kafka._records import from_record, to_record
from casita_kafka._stopping import stop_consumer, stop_producer, within

_OPEN_WITHIN_S: Final = 25
_ASKED_WITHIN_S: Final = 5.0
_SILENT_S: Final = 2.0
"""After so long without an answer we ask whether the broker is still there."""
_POLL_MS: Final = 1000
_SILENT_POLLS: Final = 3
"""After so many polls without anything we ask whether the broker is still there."""
_LINGER_MS: Final = 2
_HEADERS_ROOM: Final = 16 * 1024

_logger = logging.getLogger(__name__)


class KafkaTransport(Transport):
    """Topics by home and purpose, the subject as the key."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._prefix: str = plan.options["prefix"]
        self._connection = connection(plan.url, plan.options)
        self._producer: AIOKafkaProducer | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._answer_s: float = plan.options["timeout"].total_seconds()
        self._asked_s = min(_ASKED_WITHIN_S, self._answer_s)
        self._silent = 0
        self._asking = Tasks(f"kafka {plan.name}", _noted)

    async def open(self) -> Promises:
        try:
            return await within(_OPEN_WITHIN_S, self._opened())
        except AuthenticationFailedError as err:
            raise AuthFailed(f"{self._plan.name}: Kafka does not know this user") from err
        except (KafkaError, TimeoutError, OSError) as err:
            raise NotReady(f"{self._plan.name}: no Kafka answers: {_words(err)}") from err

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        producer = self._running(self._producer)
        try:
            sending = self._asking.start(self._sent(producer, messages), "publishing")
            return await within(self._answer_s, sending)
        except asyncio.CancelledError as err:
            if is_cancelled():
                raise
            raise NotReady(f"{self._plan.name}: the connection to Kafka is closed") from err
        except (KafkaError, TimeoutError, OSError) as err:
            raise NotReady(f"{self._plan.name}: {_words(err)}") from err

    async def receive(self) -> Sequence[Delivery]:
        consumer = self._running(self._consumer)
        try:
            found: dict[TopicPartition, list[ConsumerRecord]]
            polling = consumer.getmany(timeout_ms=_POLL_MS, max_records=self._plan.batch)
            found = await within(self._answer_s, polling)
            self._silent = 0 if found else self._silent + 1
            if self._silent >= _SILENT_POLLS:
                await self._ask_whether_it_is_there(consumer)
        except (KafkaError, TimeoutError, OSError) as err:
            raise NotReady(f"{self._plan.name}: {_words(err)}") from err
        return [self._delivery(record) for records in found.values() for record in records]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        consumer = self._running(self._consumer)
        offsets: dict[TopicPartition, int] = {}
        for one in deliveries:
            place = TopicPartition(one.token.topic, one.token.partition)
            offsets[place] = max(offsets.get(place, 0), one.token.offset + 1)
        try:
            await within(self._answer_s, consumer.commit(offsets))
        except (CommitFailedError, IllegalStateError) as err:
            raise NotReady(f"{self._plan.name}: another took over: {_words(err)}") from err
        except (KafkaError, TimeoutError, OSError) as err:
            raise NotReady(f"{self._plan.name}: {_words(err)}") from err

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        producer, self._producer = self._producer, None
        ending = [
            *([stop_consumer(consumer)] if consumer is not None else ()),
            *([stop_producer(producer)] if producer is not None else ()),
        ]
        self._asking.cancel()
        await asyncio.gather(*ending)

    async def waiting(self) -> int | None:
        consumer = self._consumer
        if consumer is None:
            return None
        try:
            return await within(self._asked_s, _behind(consumer))
        except (KafkaError, TimeoutError, OSError):
            return None

    # Connecting

    async def _opened(self) -> Promises:
        replicas = await self._ensure_topics()
        promises = self._promises(replicas)
        self._producer = AIOKafkaProducer(
            enable_idempotence=self._plan.options["idempotent"],
            acks="all",
            linger_ms=_LINGER_MS,
            max_request_size=LARGEST_BYTES + _HEADERS_ROOM,
            request_timeout_ms=_milliseconds(self._plan.options["timeout"]),
            **self._connection,
        )
        await self._producer.start()
        self._consumer = AIOKafkaConsumer(
            group_id=f"{self._prefix}-{self._plan.reader}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=_milliseconds(self._plan.options["discover"]),
            session_timeout_ms=_milliseconds(self._plan.options["session"]),
            **self._connection,
        )
        self._subscribe(self._consumer)
        await self._consumer.start()
        return promises

    async def _ensure_topics(self) -> int:
        """Make the topics that are missing; return how many copies our own has."""
        options = self._plan.options
        homes = {self._plan.home, *self._plan.homes}
        wanted = {self._topic(Channel(home, one)) for home in homes for one in Purpose}
        admin = AIOKafkaAdminClient(
            request_timeout_ms=int(self._asked_s * 1000), **self._connection
        )
        try:
            await admin.start()
            missing = wanted.difference(await admin.list_topics())
            new = [NewTopic(one, options["partitions"], options["replicas"]) for one in missing]
            if new:
                await self._create(admin, new)
            told = await admin.describe_topics([self._topic(self._own(Purpose.EVENTS))])
            partitions: list[dict[str, Any]] = told[0].get("partitions", []) if told else []
            return min((len(one["replicas"]) for one in partitions), default=1)
        finally:
            await admin.close()

    async def _create(self, admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
        try:
            await admin.create_topics(topics)
        except TopicAlreadyExistsError:
            return  # another home was quicker

    def _promises(self, replicas: int) -> Promises:
        note = (
            "its topics have one copy: what it has acknowledged can be lost with one server; "
            "make them with 'replicas: 3'"
        )
        if self._plan.durable and replicas < 2:
            raise SetupFailed(f"{self._plan.name}: 'durable: true', but {note}")
        return Promises(
            ordered=True,
            durable=replicas > 1,
            deduplicated=False,
            replays=True,
            notes=(
                *((note,) if replicas < 2 else ()),
                "after a lost connection messages may come twice; the second is dropped here",
            ),
        )

    def _subscribe(self, consumer: AIOKafkaConsumer) -> None:
        commands = self._topic(self._own(Purpose.COMMANDS))
        plan = self._plan
        if not plan.subscribes:
            consumer.subscribe([commands])
        elif plan.homes:
            events = [self._topic(Channel(home, Purpose.EVENTS)) for home in plan.homes]
            consumer.subscribe([commands, *events])
        else:
            mine = re.escape(plan.home)
            others = rf"{re.escape(self._prefix)}\.(?!{mine}\.)[a-z0-9_]+\.{Purpose.EVENTS}"
            consumer.subscribe(pattern=f"^(?:{others}|{re.escape(commands)})$")

    def _own(self, purpose: Purpose) -> Channel:
        return Channel(self._plan.home, purpose)

    def _topic(self, channel: Channel) -> str:
        return f"{self._prefix}.{channel.home}.{channel.purpose}"

    def _running(self, one: Any) -> Any:
        if one is None:
            raise NotReady(f"{self._plan.name}: the connection to Kafka is closed")
        return one

    async def _ask_whether_it_is_there(self, consumer: AIOKafkaConsumer) -> None:
        """Raise `KafkaError` or `TimeoutError` if the broker is gone: the client does not tell."""
        self._silent = 0
        await within(self._asked_s, consumer.topics())

    # Messages

    def _delivery(self, record: ConsumerRecord) -> Delivery:
        purpose = Purpose(record.topic.rpartition(".")[2])
        try:
            event = from_record(record.headers, record.value, self._clock)
        except NotACloudEvent as err:
            raw = record.value or b""
            return Delivery(event=None, token=record, purpose=purpose, fault=str(err), raw=raw)
        return Delivery(event=event, token=record, purpose=purpose)

    async def _sent(
        self, producer: AIOKafkaProducer, messages: Sequence[Message]
    ) -> Sequence[str | None]:
        """Publish messages; return the answer to each once all have one."""
        sent = [await self._send(producer, message) for message in messages]
        waiting = [one for one in sent if not isinstance(one, str)]
        try:
            for one in waiting:
                while not one.done():
                    _, pending = await asyncio.wait({one}, timeout=_SILENT_S)
                    if pending:
                        await self._ask_whether_it_is_there(self._running(self._consumer))
            return [_answer(one) for one in sent]
        finally:
            for one in waiting:
                _forget(one)

    async def _send(
        self, producer: AIOKafkaProducer, message: Message
    ) -> asyncio.Future[Any] | str:
        """Hand a message to the producer; return what becomes its answer, or why it is refused."""
        headers, body = to_record(message.event)
        if len(body) > LARGEST_BYTES:
            return f"{len(body)} bytes; {LARGEST_BYTES} are taken"
        try:
            sent: asyncio.Future[Any] = await producer.send(
                self._topic(message.channel), body, key=message.key.encode(), headers=headers
            )
        except MessageSizeTooLargeError as err:
            return str(err)
        return sent


def _answer(sent: asyncio.Future[Any] | str) -> str | None:
    """Return why a message was refused. Raises `KafkaError` if it is not known to be stored."""
    if isinstance(sent, str):
        return sent
    err = sent.exception()
    if err is None:
        return None
    if isinstance(err, MessageSizeTooLargeError):
        return str(err)
    raise err


def _forget(sent: asyncio.Future[Any]) -> None:
    """Let nobody complain of an answer that nobody has waited for."""
    if not sent.done():
        sent.add_done_callback(_forget)
    elif not sent.cancelled():
        sent.exception()


async def _behind(consumer: AIOKafkaConsumer) -> int | None:
    """Return how many records of its partitions a consumer has not committed."""
    places = list(consumer.assignment())
    if not places:
        return None
    ends = await consumer.end_offsets(places)
    reached = {place: await consumer.committed(place) or 0 for place in places}
    return sum(max(0, int(ends[place] - reached[place])) for place in places)


def _milliseconds(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)


def _noted(name: str, err: Exception) -> None:
    _logger.debug("%s: %r", name, err)  # who asked is told


def _words(err: BaseException) -> str:
    return str(err) or type(err).__name__


def make_transport(plan: Plan, clock: Clock) -> Transport:
    """Make a transport that is not connected yet."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says ends as our `NotReady`
    return KafkaTransport(plan, clock)
