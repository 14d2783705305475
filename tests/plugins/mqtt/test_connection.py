"""The connection: tried again, restored, bounded."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any

import pytest

from casita import AuthFailed, CommandFailed, NotReady, VirtualClock
from casita.clock import settle
from casita.tasks import Tasks
from casita.testing import START
from casita_mqtt._connection import Connection, Link
from casita_mqtt._message import Message
from casita_mqtt._options import Settings, Word
from casita_mqtt._transport import NoAnswer
from peers.mqtt_fake import FakeBroker, MqttHouse, Said, not_answering


class Bench:
    """A connection to a fake broker, on a virtual clock."""

    def __init__(self, broker: FakeBroker, settings: Settings) -> None:
        self.broker = broker
        self.clock = VirtualClock(START)
        self.tasks = Tasks("test")
        self.told: list[str] = []
        self.heard: list[Message] = []
        self.connection = Connection(
            settings,
            broker.open,
            clock=self.clock,
            logger=logging.getLogger("casita.plugin.mqtt"),
            start=self._start,
            on_lost=self.told.append,
            on_back=lambda: self.told.append("back"),
        )

    def _start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        return self.tasks.start(coroutine, name)

    async def passes(self, time_s: float) -> None:
        await self.clock.pass_time(time_s)

    async def publishing(self, *args: Any, **kwargs: Any) -> asyncio.Task[None]:
        """Begin to publish."""
        task = asyncio.ensure_future(self.connection.publish(*args, **kwargs))
        await settle()
        return task


SETTINGS = Settings(
    host="broker",
    client_id="one",
    birth=Word(topic="hub", payload="on"),
    will=Word(topic="hub", payload="off", retain=True),
)


@pytest.fixture
async def bench(broker: FakeBroker) -> AsyncIterator[Bench]:
    """A connection that is not started."""
    one = Bench(broker, SETTINGS)
    yield one
    await one.tasks.stop()


async def test_subscriptions_made_before_the_start_are_there_before_the_birth(
    bench: Bench,
) -> None:
    bench.connection.subscribe("hub", bench.heard.append)

    await bench.connection.start()

    assert bench.connection.link is Link.UP
    assert [one.payload for one in bench.heard] == [b"on"]


@pytest.mark.parametrize("reason", [not_answering(), AuthFailed("who are you?")])
async def test_the_first_try_tells_why_it_failed(bench: Bench, reason: Exception) -> None:
    bench.broker.down = reason

    with pytest.raises(type(reason)):
        await bench.connection.start()
    await settle()

    assert bench.connection.link is Link.STOPPED
    assert len(bench.tasks) == 0


async def test_a_broker_that_never_answers_ends_the_first_try_in_time(bench: Bench) -> None:
    connection = Connection(
        SETTINGS,
        _never,
        clock=bench.clock,
        logger=logging.getLogger("x"),
        start=bench.tasks.start,
        on_lost=bench.told.append,
        on_back=lambda: None,
    )
    starting = asyncio.ensure_future(connection.start())

    await bench.passes(16)

    with pytest.raises(NotReady, match="no answer in 15 s"):
        await starting


def _note(heard: list[str], filter: str, message: Message) -> None:
    heard.append(filter)


def _never(*_: Any) -> Any:
    class Hangs:
        async def __aenter__(self) -> None:
            await asyncio.Event().wait()

        async def __aexit__(self, *_: object) -> None:
            return None

    return Hangs()


async def test_tries_become_rarer_and_never_rarer_than_a_minute(bench: Bench) -> None:
    await bench.connection.start()
    tries: list[float] = []
    bench.broker.down = not_answering()
    original = bench.broker.open

    def counted(*args: Any) -> Any:
        tries.append(bench.clock.monotonic())
        return original(*args)

    bench.connection._open = counted
    bench.broker.cut()
    await bench.passes(600)

    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert 0.5 <= tries[0] <= 1
    assert all(0.5 <= pause <= 60 for pause in pauses)
    assert pauses[-1] >= 30
    assert 15 <= len(tries) <= 30
    assert bench.told == ["connection reset"]
    assert bench.connection.link is Link.WAITING


async def test_after_a_return_pauses_begin_short_again(bench: Bench) -> None:
    await bench.connection.start()
    for _ in range(5):
        bench.broker.cut()
        await bench.passes(1.5)

    assert bench.connection.link is Link.UP


async def test_subscriptions_are_restored_and_the_return_is_told_once(bench: Bench) -> None:
    await bench.connection.start()
    bench.connection.subscribe("a/+", bench.heard.append)
    gone = bench.connection.subscribe("b", bench.heard.append)
    await bench.passes(1)
    gone.cancel()
    bench.broker.cut()
    bench.connection.subscribe("c", bench.heard.append, qos=1)

    await bench.passes(10)

    assert bench.broker.listening == {"a/+", "c"}
    assert bench.told == ["connection reset", "back"]


async def test_a_return_is_told_when_the_broker_has_said_all_that_it_keeps(bench: Bench) -> None:
    await bench.connection.start()
    bench.connection.subscribe("k/#", lambda message: bench.told.append(message.topic))
    await bench.passes(1)
    bench.broker.kept = {f"k/{number}": b"x" for number in range(3)}
    bench.broker.cut()

    await bench.passes(10)

    assert bench.told == ["connection reset", "k/0", "k/1", "k/2", "back"]


async def test_a_flapping_broker_is_lost_once(bench: Bench) -> None:
    await bench.connection.start()
    bench.connection.subscribe("a", bench.heard.append)
    for _ in range(10):
        bench.broker.cut()
        while not bench.broker.clients:
            await bench.passes(0.05)

    assert bench.told == ["connection reset"]
    await bench.passes(10)
    assert bench.told == ["connection reset", "back"]


async def test_wishes_are_gathered_into_few_packets(bench: Bench) -> None:
    await bench.connection.start()
    packets: list[int] = []
    (client,) = bench.broker.clients
    original = client.subscribe

    async def counted(filters: Any, *, identifier: int) -> list[str]:
        packets.append(len(filters))
        return await original(filters, identifier=identifier)

    client.subscribe = counted  # type: ignore[method-assign]  # to count the packets
    for number in range(250):
        bench.connection.subscribe(f"t/{number}", bench.heard.append)
    await bench.passes(1)

    assert packets == [100, 100, 50]
    assert len(bench.broker.listening) == 250


async def test_the_last_handler_of_a_topic_takes_the_subscription_along(bench: Bench) -> None:
    await bench.connection.start()
    one = bench.connection.subscribe("a", bench.heard.append)
    two = bench.connection.subscribe("a", bench.heard.append)
    await bench.passes(1)

    one.cancel()
    await bench.passes(1)
    with_two = set(bench.broker.listening)
    two.cancel()
    two.cancel()
    await bench.passes(1)

    assert with_two == {"a"}
    assert bench.broker.listening == set()


async def test_who_comes_later_hears_what_is_kept_and_nobody_hears_it_twice(bench: Bench) -> None:
    await bench.connection.start()
    bench.broker.kept["a"] = b"kept"
    first: list[Message] = []
    second: list[Message] = []
    bench.connection.subscribe("a", first.append)
    await bench.passes(1)

    bench.connection.subscribe("a", second.append)
    await bench.passes(1)

    assert [len(first), len(second)] == [1, 1]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_overlapping_filters_hear_a_message_once_each(
    broker: FakeBroker, protocol: str
) -> None:
    bench = Bench(broker, Settings(host="broker", client_id="one", protocol=protocol))
    await bench.connection.start()
    heard: list[str] = []
    for filter in ("a/b", "a/+", "a/#", "#"):
        bench.connection.subscribe(filter, partial(_note, heard, filter))
    await bench.passes(1)

    broker.say("a/b", "x")
    await bench.tasks.stop()

    assert sorted(heard) == ["#", "a/#", "a/+", "a/b"]


async def test_a_refused_subscription_is_told_and_disturbs_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.broker.refuses = {"secret/#"}
    await bench.connection.start()
    bench.connection.subscribe("secret/#", bench.heard.append)
    bench.connection.subscribe("open", bench.heard.append)
    await bench.passes(1)

    bench.broker.say("open", "x")

    assert "secret/#: the broker does not let us listen to it" in caplog.text
    assert len(bench.heard) == 1


async def test_a_handler_that_raises_is_told_once_and_hears_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.connection.start()
    calls: list[str] = []

    def broken(message: Message) -> None:
        calls.append(message.topic)
        raise RuntimeError("oops")

    bench.connection.subscribe("a", broken, owner="light.broken")
    bench.connection.subscribe("a", bench.heard.append)
    await bench.passes(1)
    for _ in range(5):
        bench.broker.say("a", "x")

    assert (len(calls), len(bench.heard), bench.connection.failures) == (5, 5, 5)
    assert caplog.text.count("light.broken: a message on a could not be handled") == 1


async def test_a_message_is_published_with_its_quality_and_flag(bench: Bench) -> None:
    await bench.connection.start()

    await bench.connection.publish("a", b"x", qos=2, retain=True)

    assert bench.broker.said[-1] == Said("a", "x", 2, True)


async def test_a_message_waits_a_moment_for_a_broker_that_comes_back(bench: Bench) -> None:
    await bench.connection.start()
    bench.broker.cut()
    await settle()
    sending = await bench.publishing("a", b"x")

    await bench.passes(2)

    await sending
    assert bench.broker.payloads("a") == ["x"]


async def test_messages_that_waited_leave_in_order(bench: Bench) -> None:
    await bench.connection.start()
    bench.broker.cut()
    await settle()
    sending = [await bench.publishing("a", str(number).encode()) for number in range(5)]

    await bench.passes(2)
    await asyncio.gather(*sending)

    assert bench.broker.payloads("a") == ["0", "1", "2", "3", "4"]


async def test_a_message_is_never_sent_late(bench: Bench) -> None:
    await bench.connection.start()
    bench.broker.cut()
    bench.broker.down = not_answering()
    await settle()
    sending = await bench.publishing("a", b"x")

    await bench.passes(6)
    bench.broker.down = None
    await bench.passes(120)

    with pytest.raises(CommandFailed, match="not sent: no connection to mqtt://broker:1883"):
        await sending
    assert bench.broker.payloads("a") == []


async def test_too_many_messages_on_their_way_are_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casita_mqtt._connection._WAITING_LIMIT", 3)
    await bench.connection.start()
    bench.broker.cut()
    bench.broker.down = not_answering()
    await settle()
    waiting = [await bench.publishing("a", b"x") for _ in range(3)]

    with pytest.raises(CommandFailed, match="on their way"):
        await bench.connection.publish("a", b"y")

    await bench.passes(6)
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_message_that_nobody_acknowledged_is_neither_sent_nor_not(bench: Bench) -> None:
    await bench.connection.start()
    bench.broker.answers = False

    with pytest.raises(NoAnswer):
        await bench.connection.publish("a", b"x", qos=1)


async def test_a_clean_goodbye_says_the_last_will(bench: Bench) -> None:
    await bench.connection.start()

    await bench.connection.stop()
    await bench.tasks.stop()

    assert bench.broker.said[-1] == Said("hub", "off", 0, True)
    assert bench.broker.clients == []


def test_a_house_says_when_it_comes_and_when_it_goes(broker: FakeBroker) -> None:
    with MqttHouse(broker) as house:
        house.begin()

    assert broker.said == [
        Said("homeassistant/status", "online", 0, False),
        Said("homeassistant/status", "offline", 0, False),
    ]


def test_birth_and_will_can_be_other_words_or_none(broker: FakeBroker) -> None:
    with MqttHouse(broker, birth={"topic": "hub", "payload": "hi", "qos": 1}, will=None) as house:
        house.begin()

    assert broker.said == [Said("hub", "hi", 1, False)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"broker": "http://x"}, "mqtt://host:port"),
        ({"broker": "mqtt://me:secret@x"}, "options of their own"),
        ({"broker": "me:secret@x"}, "options of their own"),
        ({"broker": "mqtt://x:99999"}, "mqtt://host:port"),
        ({"broker": "mqtt://x", "protocol": "4"}, "protocol"),
        ({"broker": "mqtt://x", "keepalive": 1}, "keepalive"),
        ({"broker": "mqtt://x", "birth": {"topic": "a/#"}}, "wildcards"),
        ({"broker": "mqtt://x", "user": "me"}, "username"),
    ],
)
def test_options_that_are_wrong_are_told(
    broker: FakeBroker, options: dict[str, Any], complaint: str
) -> None:
    with MqttHouse(broker, **options) as house:
        (status,) = [one for one in house.hub.host.ledger() if one.name == "mqtt"]

    assert status.reason is not None
    assert complaint in status.reason
    assert "secret" not in status.reason
