"""How fast events go through each bridge, and as a ratio to the bare client's at the same broker.

Out: from the log on the disk through the outbox until the broker has acknowledged. In: from the
broker until the log on the disk has stored it. The bare client sends and takes the same bytes
in batches, and keeps nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import aiomqtt
import nats
from aiokafka import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
)
from aiokafka.admin import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaAdminClient,
    NewTopic,
)
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from casita.broker import BrokerStatus, LinkState
from casita.cloudevents import to_json
from casita.ids import new_id
from casita_kafka._records import to_record
from peers.brokers import KafkaPeer, MqttPeer, NatsPeer, Peer, Server, SqsPeer, event
from peers.homes import Home, broker_of

_T = TypeVar("_T")
LIMIT_OUT: Final = 0.5
TURNS: Final = 3
"""Both are measured so often, in turn: the best of each counts."""
BATCH: Final = 1024
_PULLED: Final = 256
"""nats-py waits for a whole batch: this is what goes fastest."""
SUBJECTS: Final = 50
WITHIN_S: Final = 120.0
HOMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "cabin": {"publish": {"types": ["rang"]}, "subscribe": None},
    "main": {"publish": None},
}


class Figure(NamedTuple):
    """Events a second, out and in."""

    out: float
    into: float


class Bare(ABC):
    """The client of a broker, used as its documentation does."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer

    @abstractmethod
    async def send(self, bodies: Sequence[bytes]) -> float:
        """Publish; return the seconds until all is acknowledged."""

    @abstractmethod
    async def take(self, count: int) -> float:
        """Take and acknowledge; return the seconds that it took."""


class BareNats(Bare):
    """nats-py with JetStream."""

    async def send(self, bodies: Sequence[bytes]) -> float:
        client = await nats.connect(self.peer.url)
        stream = client.jetstream()
        await stream.add_stream(name="BARE", subjects=["bare.>"])
        await stream.purge_stream("BARE")
        began = time.perf_counter()
        for part in _parts(bodies):
            sent = [
                await stream.publish_async(
                    f"bare.{n % SUBJECTS}", body, headers={"Nats-Msg-Id": new_id()}
                )
                for n, body in enumerate(part)
            ]
            await asyncio.gather(*sent)
        took = time.perf_counter() - began
        await client.close()
        return took

    async def take(self, count: int) -> float:
        client = await nats.connect(self.peer.url)
        pull = await client.jetstream().pull_subscribe("bare.>", durable="bare", stream="BARE")
        began, found = time.perf_counter(), 0
        while found < count:
            batch = await pull.fetch(_PULLED, timeout=5)
            for message in batch:
                await message.ack()
            found += len(batch)
        await client.flush()
        took = time.perf_counter() - began
        await client.close()
        return took


class BareKafka(Bare):
    """aiokafka with an idempotent producer."""

    @property
    def _servers(self) -> str:
        return f"127.0.0.1:{self.peer.port}"

    async def send(self, bodies: Sequence[bytes]) -> float:
        records = [to_record(event(n)) for n in range(len(bodies))]
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        if "bare" not in await admin.list_topics():
            await admin.create_topics([NewTopic("bare", 2, 1)])
        await admin.close()
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers, enable_idempotence=True, acks="all", linger_ms=2
        )
        await producer.start()
        began = time.perf_counter()
        for part in _parts(records):
            sent = [
                await producer.send("bare", body, key=str(n % SUBJECTS).encode(), headers=headers)
                for n, (headers, body) in enumerate(part)
            ]
            await asyncio.gather(*sent)
        took = time.perf_counter() - began
        await producer.stop()
        return took

    async def take(self, count: int) -> float:
        consumer = AIOKafkaConsumer(
            "bare", bootstrap_servers=self._servers, group_id="bare", enable_auto_commit=False,
            auto_offset_reset="earliest",
        )  # fmt: skip
        await consumer.start()
        began, found = time.perf_counter(), 0
        while found < count:
            batch = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            if batch:
                await consumer.commit()
            found += sum(map(len, batch.values()))
        took = time.perf_counter() - began
        await consumer.stop()
        return took


class BareMqtt(Bare):
    """aiomqtt with MQTT 5 and quality of service 1."""

    def _client(self) -> aiomqtt.Client:
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        kept.SessionExpiryInterval = 60
        return aiomqtt.Client(
            "127.0.0.1", self.peer.port, identifier="bare", clean_start=False, logger=_quiet(),
            protocol=aiomqtt.ProtocolVersion.V5, properties=kept,
        )  # fmt: skip

    async def send(self, bodies: Sequence[bytes]) -> float:
        async with self._client() as client:
            await client.subscribe("bare/#", qos=1)
        async with aiomqtt.Client("127.0.0.1", self.peer.port, logger=_quiet()) as client:
            began = time.perf_counter()
            for part in _parts(bodies):
                sending = [
                    client.publish(f"bare/{n % SUBJECTS}", body, qos=1)
                    for n, body in enumerate(part)
                ]
                await asyncio.gather(*sending)
            return time.perf_counter() - began

    async def take(self, count: int) -> float:
        async with self._client() as client:
            began, found = time.perf_counter(), 0
            async for _ in client.messages:
                found += 1
                if found == count:
                    break
            return time.perf_counter() - began


class BareSqs(Bare):
    """aiobotocore with a FIFO queue."""

    async def send(self, bodies: Sequence[bytes]) -> float:
        async with self.peer.client() as client:
            made = await client.create_queue(
                QueueName="bare.fifo", Attributes={"FifoQueue": "true"}
            )
            began = time.perf_counter()
            for begin in range(0, len(bodies), 10):
                entries = [
                    {
                        "Id": str(n), "MessageBody": body.decode(),
                        "MessageGroupId": str(n), "MessageDeduplicationId": new_id(),
                    }
                    for n, body in enumerate(bodies[begin : begin + 10])
                ]  # fmt: skip
                await client.send_message_batch(QueueUrl=made["QueueUrl"], Entries=entries)
            return time.perf_counter() - began

    async def take(self, count: int) -> float:
        async with self.peer.client() as client:
            url = (await client.get_queue_url(QueueName="bare.fifo"))["QueueUrl"]
            began, found = time.perf_counter(), 0
            while found < count:
                answer = await client.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
                )
                got = answer.get("Messages", ())
                entries = [
                    {"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]}
                    for n, one in enumerate(got)
                ]
                if entries:
                    await client.delete_message_batch(QueueUrl=url, Entries=entries)
                found += len(entries)
            return time.perf_counter() - began


KINDS: Final[tuple[tuple[type[Server], type[Bare], int], ...]] = (
    (NatsPeer, BareNats, 20_000),
    (KafkaPeer, BareKafka, 20_000),
    (MqttPeer, BareMqtt, 10_000),
    (SqsPeer, BareSqs, 100),
)


def _quiet() -> logging.Logger:
    """Return a logger that does not tell how many messages are on their way."""
    found = logging.getLogger("bare.mqtt")
    found.setLevel(logging.ERROR)
    return found


async def bare(client: Bare, count: int) -> Figure:
    """Return what the client does by itself."""
    bodies = [to_json(event(n)) for n in range(count)]
    sent = await client.send(bodies)
    return Figure(count / sent, count / await client.take(count))


async def bridged(peer: Peer, folder: Path, count: int) -> Figure:
    """Return what two homes do, one after the other."""
    prefix = f"b{new_id()}"
    cabin, main = (
        Home(name, folder, peer, broker_of(peer, prefix, HOMES, given))
        for name, given in HOMES.items()
    )
    await _meet(cabin, main)
    for number in range(count):
        cabin.emits("rang", f"bell.{number % SUBJECTS}", n=number)
    await cabin.stop()
    out = await _rate(cabin, lambda status: not status.behind, lambda status: status.published)
    into = await _rate(
        main, lambda status: status.received == count, lambda status: status.received
    )
    return Figure(out, into)


async def _rate(
    home: Home, all_is_done: Callable[[BrokerStatus], bool], count: Callable[[BrokerStatus], int]
) -> float:
    """Return how many messages a second a home deals with, from when it is connected."""
    await home.start()
    async with asyncio.timeout(WITHIN_S):
        while (status := await home.status()).state is not LinkState.UP:
            await asyncio.sleep(0.001)
        began, before = time.perf_counter(), count(status)
        while not all_is_done(status := await home.status()):
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
    await home.stop()
    return (count(status) - before) / took


async def _meet(cabin: Home, main: Home) -> None:
    """Let the one that hears be known, and be away; the one that tells stays."""
    await main.start()
    await main.connected()
    await main.stop()
    await cabin.start()
    await cabin.connected()


def _parts(items: Sequence[_T]) -> Sequence[Sequence[_T]]:
    return [items[begin : begin + BATCH] for begin in range(0, len(items), BATCH)]


async def compare(peer: Server, client: Bare, folder: Path, count: int) -> bool:
    """Print the figures of one broker; say whether they are within the limit."""
    await peer.start()
    try:
        turns = [
            (await bare(client, count), await bridged(peer, folder / str(turn), count))
            for turn in range(TURNS)
        ]
    finally:
        await peer.stop()
    by_itself, through = (
        Figure(max(one.out for one in found), max(one.into for one in found))
        for found in zip(*turns, strict=True)
    )
    out, into = through.out / by_itself.out, through.into / by_itself.into
    print(
        f"{peer.name}: out {through.out:,.0f} events/s, {out:.2f} of the bare client's "
        f"{by_itself.out:,.0f} (limit {LIMIT_OUT}); in {through.into:,.0f} events/s, "
        f"{into:.2f} of {by_itself.into:,.0f}",
        flush=True,
    )
    return out >= LIMIT_OUT


def main() -> int:
    """Print the figures of every broker; return how many are over the limit."""
    over = 0
    for kind, client, count in KINDS:
        if kind.needs:
            print(f"{kind.name}: left out: {kind.needs}")
            continue
        with tempfile.TemporaryDirectory() as name:
            peer = kind(Path(name) / "broker")
            over += not asyncio.run(compare(peer, client(peer), Path(name), count))
    return over


if __name__ == "__main__":
    sys.exit(main())
