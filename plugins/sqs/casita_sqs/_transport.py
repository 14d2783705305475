"""One connection to SQS: batches out to the queues of others, long polls of our own."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]  # it ships no types
from aiobotocore.session import get_session  # type: ignore[import-untyped]  # it ships no types
from botocore.exceptions import (  # type: ignore[import-untyped]  # it ships no types
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)

from casita.clock import Clock
from casita.cloudevents import NotACloudEvent, from_json, to_json
from casita.errors import AuthFailed, NotReady
from casita.tasks import Tasks, is_cancelled
from casita.transport import Delivery, Message, Plan, Promises, Purpose, Transport
from casita_sqs._options import connection

_BATCH: Final = 10
"""SQS takes and gives so many messages at once."""
_LARGEST_BYTES: Final = 256 * 1024
"""Of a message, and of a batch."""
_TRIES: Final = 10
_KEEP_S: Final = 14 * 24 * 3600
_CLOSE_WITHIN_S: Final = 3
_CONNECT_WITHIN_S: Final = 5
_PURPOSE: Final = "purpose"
_MISSING: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_REFUSES: Final = (
    "AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)  # fmt: skip
_CONNECTIONS: Final = 32
_FAULTS: Final = (BotoCoreError, ClientError, HTTPClientError, OSError)
_T = TypeVar("_T")
_PROMISES: Final = Promises(
    ordered=True,
    durable=True,
    deduplicated=True,
    replays=False,
    notes=("it does not replay: who is not named in 'to:' when something happens never gets it",),
)


_logger = logging.getLogger(__name__)


class _Copy(NamedTuple):
    """A message on its way to one queue."""

    queue: str
    body: str
    group: str
    identity: str
    purpose: Purpose


class SqsTransport(Transport):
    """A FIFO queue for each home."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._prefix: str = plan.options["prefix"]
        self._visible_s = int(plan.options["visibility"].total_seconds())
        self._wait_s = int(plan.options["wait"].total_seconds())
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._urls: dict[str, str] = {}
        self._held: set[str] = set()
        self._tasks = Tasks(f"sqs {plan.name}", _noted)
        self._closed = False

    async def open(self) -> Promises:
        config = AioConfig(
            connect_timeout=_CONNECT_WITHIN_S,
            read_timeout=self._wait_s + self._plan.options["timeout"].total_seconds(),
            retries={"total_max_attempts": 1},
            max_pool_connections=_CONNECTIONS,
        )
        client = get_session().create_client(
            "sqs", config=config, **connection(self._plan.url, self._plan.options)
        )
        self._client = await self._stack.enter_async_context(client)
        await self._answered(self._ensure_queues())
        self._tasks.start(self._keep_hidden(), "extending")
        return _PROMISES

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        answers: list[str | None] = [None] * len(messages)
        by_queue: dict[str, list[_Copy]] = defaultdict(list)
        for place, message in enumerate(messages):
            body = to_json(message.event).decode()
            if len(body.encode()) > _LARGEST_BYTES:
                answers[place] = f"{len(body.encode())} bytes; SQS takes {_LARGEST_BYTES}"
                continue
            for receiver in self._receivers(message):
                by_queue[receiver].append(_copy(receiver, body, message))
        sending = [self._answered(self._send_all(copies)) for copies in by_queue.values()]
        await asyncio.gather(*sending)
        return answers

    async def receive(self) -> Sequence[Delivery]:
        answer = await self._answered(self._polled())
        found = [self._delivery(one) for one in answer.get("Messages", ())]
        self._held.update(one.token for one in found)
        return await self._of_wanted_homes(found)

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        tokens = [one.token for one in deliveries]
        await self._answered(self._delete(tokens))
        self._held.difference_update(tokens)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._tasks.stop()
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._change_visibility(0)  # whoever comes next need not wait
        except (*_FAULTS, NotReady):
            pass  # then it does
        self._client = None
        await self._stack.aclose()

    async def waiting(self) -> int | None:
        try:
            return await self._answered(self._counted())
        except (NotReady, AuthFailed):
            return None

    # Queues

    def _name(self, receiver: str, *, dead: bool = False) -> str:
        return f"{self._prefix}-{receiver}{'-dead' if dead else ''}.fifo"

    async def _ensure_queues(self) -> None:
        for receiver in (self._plan.home, *self._plan.to):
            await self._ensure_queue(receiver)

    async def _ensure_queue(self, receiver: str) -> None:
        if await self._find(self._name(receiver)) is not None:
            return
        client = self._running()
        common = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "MessageRetentionPeriod": str(_KEEP_S),
        }
        dead = await client.create_queue(
            QueueName=self._name(receiver, dead=True), Attributes=common
        )
        told = await client.get_queue_attributes(
            QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"]
        )
        redrive = {
            "deadLetterTargetArn": told["Attributes"]["QueueArn"],
            "maxReceiveCount": str(_TRIES),
        }
        await client.create_queue(
            QueueName=self._name(receiver),
            Attributes={**common, "RedrivePolicy": msgspec.json.encode(redrive).decode()},
        )

    async def _find(self, name: str) -> str | None:
        try:
            answer = await self._running().get_queue_url(QueueName=name)
        except ClientError as err:
            if _code(err) in _MISSING:
                return None
            raise
        return str(answer["QueueUrl"])

    async def _url(self, receiver: str) -> str:
        if receiver not in self._urls:
            url = await self._find(self._name(receiver))
            if url is None:
                await self._ensure_queue(receiver)
                url = await self._find(self._name(receiver))
            self._urls[receiver] = str(url)
        return self._urls[receiver]

    async def _keep_hidden(self) -> None:
        """Hide what is being worked on for longer, until it is acknowledged."""
        while True:
            await asyncio.sleep(self._visible_s / 3)
            try:
                await self._change_visibility(self._visible_s)
            except (*_FAULTS, NotReady):
                continue  # whoever polls tells that it is lost

    async def _polled(self) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await self._running().receive_message(
            QueueUrl=await self._url(self._plan.home),
            MaxNumberOfMessages=min(_BATCH, self._plan.batch),
            WaitTimeSeconds=self._wait_s,
            VisibilityTimeout=self._visible_s,
            MessageAttributeNames=["All"],
        )
        return answer

    async def _delete(self, tokens: Sequence[str]) -> None:
        url = await self._url(self._plan.home)
        for part in _parts(tokens, _BATCH):
            entries = [{"Id": str(n), "ReceiptHandle": one} for n, one in enumerate(part)]
            await self._running().delete_message_batch(QueueUrl=url, Entries=entries)

    async def _counted(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self._running().get_queue_attributes(
            QueueUrl=await self._url(self._plan.home), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    async def _change_visibility(self, seconds: int) -> None:
        url = self._urls.get(self._plan.home)
        for part in _parts(sorted(self._held), _BATCH) if url else ():
            entries = [
                {"Id": str(n), "ReceiptHandle": one, "VisibilityTimeout": seconds}
                for n, one in enumerate(part)
            ]
            await self._running().change_message_visibility_batch(QueueUrl=url, Entries=entries)

    # Messages

    def _receivers(self, message: Message) -> Iterable[str]:
        if message.channel.purpose is Purpose.COMMANDS:
            return (message.channel.home,)
        return (one for one in self._plan.to if one != self._plan.home)

    async def _send_all(self, copies: Sequence[_Copy]) -> None:
        """Send to one queue in batches, one after another: their order is that of the groups."""
        url = await self._url(copies[0].queue)
        for part in _batches(copies):
            entries = [
                {
                    "Id": str(n),
                    "MessageBody": one.body,
                    "MessageGroupId": one.group,
                    "MessageDeduplicationId": one.identity,
                    "MessageAttributes": {
                        _PURPOSE: {"DataType": "String", "StringValue": one.purpose.value}
                    },
                }
                for n, one in enumerate(part)
            ]
            answer = await self._running().send_message_batch(QueueUrl=url, Entries=entries)
            if failed := answer.get("Failed"):
                raise NotReady(f"{self._plan.name}: SQS did not take all: {failed[0]['Code']}")

    def _delivery(self, message: dict[str, Any]) -> Delivery:
        attributes = message.get("MessageAttributes", {})
        told = attributes.get(_PURPOSE, {}).get("StringValue")
        purpose = Purpose.COMMANDS if told == Purpose.COMMANDS else Purpose.EVENTS
        token, body = message["ReceiptHandle"], message["Body"].encode()
        try:
            event = from_json(body, now=self._clock.now())
        except NotACloudEvent as err:
            return Delivery(event=None, token=token, purpose=purpose, fault=str(err), raw=body)
        return Delivery(event=event, token=token, purpose=purpose)

    async def _of_wanted_homes(self, found: Sequence[Delivery]) -> Sequence[Delivery]:
        """Drop what is of homes that nobody here listens to; acknowledge it."""
        if not self._plan.homes and self._plan.subscribes:
            return found
        sources = {f"casita:{home}" for home in self._plan.homes}
        dropped = [
            one
            for one in found
            if one.purpose is Purpose.EVENTS
            and one.event is not None
            and one.event.source.startswith("casita:")
            and one.event.source not in sources
        ]
        if dropped:
            await self.acknowledge(dropped)
        return [one for one in found if one not in dropped]

    def _running(self) -> Any:
        if self._client is None:
            raise NotReady(f"{self._plan.name}: the connection to SQS is closed")
        return self._client

    async def _answered(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what SQS answers. Raises `NotReady` or `AuthFailed`, also if we are closed."""
        if self._closed or self._client is None:
            work.close()
            raise NotReady(f"{self._plan.name}: the connection to SQS is closed")
        try:
            answer: _T = await self._tasks.start(work, "asking")
        except _FAULTS as err:
            raise self._translated(err) from err
        except asyncio.CancelledError as err:
            if is_cancelled():
                raise
            raise NotReady(f"{self._plan.name}: the connection to SQS is closed") from err
        return answer

    def _translated(self, err: Exception) -> Exception:
        if isinstance(err, NoCredentialsError) or _code(err) in _REFUSES:
            return AuthFailed(f"{self._plan.name}: SQS does not let us in: {err}")
        self._urls.clear()
        return NotReady(f"{self._plan.name}: {str(err) or type(err).__name__}")


def _noted(name: str, err: Exception) -> None:
    _logger.debug("%s: %r", name, err)  # who asked is told


def _copy(receiver: str, body: str, message: Message) -> _Copy:
    event = message.event
    return _Copy(
        receiver, body, _digest(f"{event.source} {event.subject}"), _digest(event.key),
        message.channel.purpose,
    )  # fmt: skip


def _batches(copies: Sequence[_Copy]) -> Iterator[list[_Copy]]:
    """Yield copies in batches that SQS takes: ten at most, and not too large together."""
    part: list[_Copy] = []
    size = 0
    for one in copies:
        length = len(one.body.encode()) + len(_PURPOSE) + 64
        if part and (len(part) == _BATCH or size + length > _LARGEST_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    if part:
        yield part


def _parts(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _code(err: Exception) -> str:
    response = getattr(err, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def make_transport(plan: Plan, clock: Clock) -> Transport:
    """Make a transport that is not connected yet."""
    return SqsTransport(plan, clock)
