"""One contract for the real transport, on real brokers, and for the fake that tests use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from casita import AuthFailed, CommandFailed, NotReady
from casita_mqtt._message import Message
from casita_mqtt._options import Settings, Word
from casita_mqtt._transport import Deliver, OpenTransport, Transport, open_transport
from peers.hub import free_port
from peers.mqtt import RealBroker, mosquitto
from peers.mqtt_fake import FakeBroker, not_answering

_WITHIN_S = 10.0


class Inbox:
    """Takes what is delivered, and waits for it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._changed = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._changed.set()

    async def topics(self, count: int) -> list[str]:
        """Return the topics of so many messages, once they are there."""
        async with asyncio.timeout(_WITHIN_S):
            while len(self.messages) < count:
                self._changed.clear()
                await self._changed.wait()
        return [one.topic for one in self.messages]


class Bench:
    """A broker and how to connect to it."""

    def __init__(
        self, open: OpenTransport, settings: Settings, stop: Callable[[], object] | None
    ) -> None:
        self.open = open
        self.settings = settings
        self.stop = stop

    def connect(
        self, deliver: Deliver, *, client_id: str = "one", will: Word | None = None
    ) -> AbstractAsyncContextManager[Transport]:
        """Connect a client."""
        settings = Settings(
            host=self.settings.host,
            port=self.settings.port,
            protocol=self.settings.protocol,
            client_id=client_id,
            will=will,
        )
        return self.open(settings, deliver)


@pytest.fixture(params=["fake 3.1.1", "fake 5", "mosquitto 3.1.1", "mosquitto 5", "amqtt 3.1.1"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """Each kind of broker, with each protocol that it speaks."""
    kind, protocol = request.param.split()
    if kind == "fake":
        broker = FakeBroker()
        settings = Settings(host="fake", client_id="one", protocol=protocol)
        yield Bench(broker.open, settings, broker.cut)
        return
    program = mosquitto() if kind == "mosquitto" else None
    if kind == "mosquitto" and program is None:
        pytest.skip("no mosquitto: install it with apt-get install mosquitto")
    real = RealBroker(tmp_path, program=program)
    await real.start()
    settings = Settings(host="127.0.0.1", port=real.port, client_id="one", protocol=protocol)
    try:
        yield Bench(open_transport, settings, real.kill)
    finally:
        await real.kill()


async def test_a_message_arrives_where_it_is_wanted(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        refused = await one.subscribe([("a/b", 0), ("c", 1)], identifier=1)
        for qos in (0, 1, 2):
            await one.publish("a/b", b"x", qos=qos, retain=False)
        await one.publish("elsewhere", b"y", qos=0, retain=False)
        await one.publish("c", b"\x00\xff", qos=1, retain=False)

        topics = await inbox.topics(4)

    assert refused == []
    assert topics == ["a/b", "a/b", "a/b", "c"]
    assert inbox.messages[-1].payload == b"\x00\xff"
    assert not any(one.retain for one in inbox.messages)


async def test_wildcards_match_levels_and_leave_the_brokers_own_topics_out(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        await one.subscribe([("a/+/c", 0)], identifier=2)
        await one.subscribe([("z/#", 0)], identifier=3)
        for topic in ("a/b/c", "a/b/d", "z", "z/y/x", "end"):
            await one.publish(topic, b"1", qos=1, retain=False)
        await one.subscribe([("end", 0)], identifier=1)
        await one.publish("end", b"1", qos=1, retain=False)

        topics = await inbox.topics(4)

    assert topics == ["a/b/c", "z", "z/y/x", "end"]


async def test_what_is_kept_comes_with_each_subscription_and_says_so(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        await one.publish("k", b"kept", qos=1, retain=True)
        await one.subscribe([("k", 0)], identifier=1)
        await inbox.topics(1)
        await one.subscribe([("k", 0)], identifier=1)
        await inbox.topics(2)
        await one.publish("k", b"news", qos=1, retain=True)
        await inbox.topics(3)
        await one.publish("k", b"", qos=1, retain=True)

    assert [one.retain for one in inbox.messages[:3]] == [True, True, False]


async def test_nothing_comes_after_unsubscribing(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        await one.subscribe([("a", 0), ("end", 0)], identifier=1)
        await one.unsubscribe(["a"])
        await one.publish("a", b"1", qos=1, retain=False)
        await one.publish("end", b"1", qos=1, retain=False)

        topics = await inbox.topics(1)

    assert topics == ["end"]


async def test_each_copy_says_through_which_subscription_it_came(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        await one.subscribe([("a/b", 0)], identifier=1)
        await one.subscribe([("a/#", 0)], identifier=2)
        await one.publish("a/b", b"1", qos=0, retain=False)
        await one.publish("a/end", b"1", qos=0, retain=False)

        async with asyncio.timeout(_WITHIN_S):
            while "a/end" not in await inbox.topics(1):
                await inbox.topics(len(inbox.messages) + 1)

    copies = [one.via for one in inbox.messages if one.topic == "a/b"]
    if bench.settings.protocol == "5":
        assert sorted(copies, key=str) == [[1], [2]]
    else:
        assert set(copies) == {None}  # one or several: MQTT 3.1.1 leaves that to the broker


async def test_a_lost_connection_is_told_and_sends_no_more(bench: Bench) -> None:
    async with bench.connect(Inbox()) as one:
        if bench.stop is not None and asyncio.iscoroutine(stopping := bench.stop()):
            await stopping
        async with asyncio.timeout(_WITHIN_S):
            reason = await one.lost()

        with pytest.raises(CommandFailed, match="not sent"):
            await one.publish("a", b"1", qos=0, retain=False)

    assert reason


async def test_a_goodbye_is_no_reason_for_the_last_will(bench: Bench) -> None:
    inbox = Inbox()
    async with bench.connect(inbox) as one:
        await one.subscribe([("will", 0), ("end", 0)], identifier=1)
        async with bench.connect(Inbox(), client_id="two", will=Word(topic="will", payload="x")):
            pass
        await one.publish("end", b"1", qos=1, retain=False)

        topics = await inbox.topics(1)

    assert topics == ["end"]


async def test_no_broker_means_not_ready() -> None:
    fake = FakeBroker()
    fake.down = not_answering()
    nobody = Settings(host="127.0.0.1", port=free_port(), client_id="one")

    for open in (fake.open, open_transport):
        with pytest.raises(NotReady, match="is the broker running"):
            async with open(nobody, Inbox()):
                pass


async def test_a_server_that_never_answers_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("casita_mqtt._transport._ANSWER_WITHIN_S", 0.3)
    before = asyncio.all_tasks()
    async with _silent_server() as (port, closed):
        settings = Settings(host="127.0.0.1", port=port, client_id="one")

        with pytest.raises(NotReady):
            async with open_transport(settings, Inbox()):
                pass

        async with asyncio.timeout(_WITHIN_S):
            await closed.wait()
    assert _named(asyncio.all_tasks() - before) == []


async def test_a_connection_that_is_given_up_leaves_nothing_open() -> None:
    before = asyncio.all_tasks()
    async with _silent_server() as (port, closed):
        settings = Settings(host="127.0.0.1", port=port, client_id="one")

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), open_transport(settings, Inbox()):
                pass

        async with asyncio.timeout(_WITHIN_S):
            await closed.wait()
    assert _named(asyncio.all_tasks() - before) == []


@pytest.mark.skipif(
    mosquitto() is None, reason="no mosquitto: install it with apt-get install mosquitto"
)
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_a_broker_that_refuses_us_asks_for_a_person(tmp_path: Path, protocol: str) -> None:
    broker = RealBroker(tmp_path, program=mosquitto(), extra="allow_anonymous false")
    await broker.start()
    settings = Settings(
        host="127.0.0.1",
        port=broker.port,
        client_id="one",
        username="me",
        password="canary",
        protocol=protocol,
    )
    try:
        with pytest.raises(AuthFailed, match="check username and password") as caught:
            async with open_transport(settings, Inbox()):
                pass
    finally:
        await broker.kill()

    assert "canary" not in str(caught.value)


@asynccontextmanager
async def _silent_server() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Take connections and never say a word; tell when a client has closed its own."""
    closed = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], closed


def _named(tasks: set[asyncio.Task[object]]) -> list[str]:
    """Return the names of tasks that are not the silent server's."""
    return [
        task.get_name()
        for task in tasks
        if not task.done() and "listen" not in repr(task.get_coro())
    ]


async def test_a_flood_is_read_a_little_in_each_turn_of_the_loop(tmp_path: Path) -> None:
    broker = RealBroker(tmp_path, program=mosquitto())
    await broker.start()
    turn = 0
    turns: list[int] = []

    def next_turn() -> None:
        nonlocal turn
        turn += 1
        if len(turns) < 500:
            asyncio.get_running_loop().call_soon(next_turn)

    settings = Settings(host="127.0.0.1", port=broker.port, client_id="one")
    async with open_transport(settings, lambda _: turns.append(turn)) as one:
        await one.subscribe([("a", 0)], identifier=1)
        next_turn()
        for _ in range(500):
            await one.publish("a", b"x" * 100, qos=0, retain=False)
        async with asyncio.timeout(_WITHIN_S):
            while len(turns) < 500:
                await one.publish("b", b"x", qos=1, retain=False)
    await broker.kill()

    assert max(turns.count(one) for one in set(turns)) <= 25
