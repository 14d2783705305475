"""What every broker holds to, whichever it is: the measure is the one in this process."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from casita.errors import NotReady, SetupFailed
from casita.transport import Purpose, Transport
from peers.brokers import PEERS, Line, Peer, Server, asked, event, numbers, told

from .conftest import Connect

MANY = 60
ENDS_WITHIN_S = 8.0
STILL_WITHIN_S = 60.0


async def _pair(connect: Connect) -> tuple[Line, Line]:
    """Return a home that tells, and one that hears."""
    return await connect("cabin"), await connect("main")


async def _first_assigned(line: Line) -> None:
    """Give a new subscriber the time to be known, where the broker needs it."""
    async with asyncio.timeout(20):
        while await line.transport.waiting() is None:
            await line.nothing(within_s=0.2)


# A message


async def test_an_event_arrives_with_all_that_it_has(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    sent = event(
        1, subject="sensor.hall", type="state.changed",
        data={"state": "20.5 °C", "attributes": {"list": [1, None, {"a": "ü"}], "on": True}},
        time=datetime(2024, 3, 12, 9, 30, 1, 123456, tzinfo=UTC),
        extensions={"partitionkey": "sensor.hall", "casitahops": 3},
    )  # fmt: skip

    answers = await cabin.transport.publish(told(sent))
    got = (await main.next(1))[0].event

    assert list(answers) == [None]
    assert got is not None
    assert (got.id, got.source, got.type, got.subject) == (
        sent.id, sent.source, sent.type, sent.subject,
    )  # fmt: skip
    assert (got.time, got.data) == (sent.time, sent.data)
    assert {key: str(one) for key, one in got.extensions.items()} == {
        "partitionkey": "sensor.hall", "casitahops": "3",
    }  # fmt: skip


@pytest.mark.parametrize(
    "subject",
    ["light.hall", "Küche außen", "a.b.c.d.e", "with space", "*>", "x" * 200, "..", "日本"],
)
async def test_a_subject_may_be_any_text(connect: Connect, subject: str) -> None:
    cabin, main = await _pair(connect)

    await cabin.transport.publish(told(event(1, subject=subject)))
    got = (await main.next(1))[0].event

    assert got is not None
    assert got.subject == subject


async def test_an_event_may_have_no_data(connect: Connect) -> None:
    cabin, main = await _pair(connect)

    await cabin.transport.publish(told(event(1, data={})))
    got = (await main.next(1))[0].event

    assert got is not None
    assert got.data == {}


async def test_a_large_event_arrives(connect: Connect) -> None:
    cabin, main = await _pair(connect)

    await cabin.transport.publish(told(event(1, data={"n": 1, "picture": "x" * 200_000})))
    got = (await main.next(1))[0].event

    assert got is not None
    assert len(got.data["picture"]) == 200_000


async def test_one_that_is_too_large_is_refused_and_the_others_are_taken(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    too_large = event(2, data={"n": 2, "picture": "x" * 2_000_000})

    answers = await cabin.transport.publish(told(event(1), too_large, event(3)))
    got = await main.next(2)

    assert [answer is None for answer in answers] == [True, False, True]
    assert "bytes" in str(answers[1])
    assert numbers(got) == [1, 3]


async def test_publishing_nothing_is_harmless(connect: Connect) -> None:
    cabin = await connect("cabin")

    assert list(await cabin.transport.publish([])) == []


# Order


async def test_the_order_of_every_subject_is_kept(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    subjects = ["light.hall", "light.attic", "sensor.hall"]
    events = [event(n, subject=subjects[n % 3]) for n in range(MANY)]

    for begin in range(0, MANY, 20):
        await cabin.transport.publish(told(*events[begin : begin + 20]))
    got = await main.next(MANY)

    by_subject: dict[str, list[int]] = defaultdict(list)
    for one in got:
        assert one.event is not None
        by_subject[one.event.subject].append(one.event.data["n"])
    assert sorted(numbers(got)) == list(range(MANY))
    assert all(found == sorted(found) for found in by_subject.values())


async def test_what_comes_again_comes_before_what_is_newer(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(*(event(n) for n in range(6))))
    await main.next(3, acknowledge=False)
    await main.transport.close()
    await cabin.transport.publish(told(*(event(n) for n in range(6, 9))))

    again = await connect("main")
    got = await again.next(9)

    assert numbers(got) == list(range(9))


async def test_no_more_than_a_batch_comes_at_once(connect: Connect) -> None:
    cabin = await connect("cabin")
    main = await connect("main", batch=7)
    await cabin.transport.publish(told(*(event(n) for n in range(30))))

    sizes: list[int] = []
    while sum(sizes) < 30:
        batch = await main.transport.receive()
        sizes.append(len(batch))
        if batch:
            await main.transport.acknowledge(batch)

    assert max(sizes) <= 7


# At least once


async def test_what_was_not_acknowledged_comes_again(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(event(1), event(2)))
    first = await main.next(2, acknowledge=False)
    await main.transport.close()

    again = await (await connect("main")).next(2)

    assert numbers(first) == numbers(again) == [1, 2]


async def test_what_was_acknowledged_does_not_come_again(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(event(1), event(2)))
    await main.next(2)
    await main.transport.close()

    again = await connect("main")
    await cabin.transport.publish(told(event(3)))

    assert numbers(await again.next(1)) == [3]


async def test_what_was_acknowledged_in_part_comes_again_in_part(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(*(event(n) for n in range(1, 5))))
    got = await main.next(4, acknowledge=False)
    await main.transport.acknowledge(got[:2])
    await main.transport.close()

    again = await (await connect("main")).next(2)

    assert numbers(again) == [3, 4]


async def test_who_was_away_gets_what_was_told_meanwhile(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(event(1)))
    await main.next(1)
    await main.transport.close()

    await cabin.transport.publish(told(event(2), event(3)))
    again = await connect("main")

    assert numbers(await again.next(2)) == [2, 3]


async def test_who_joins_later_gets_what_was_told_before_if_that_is_promised(
    connect: Connect, peer: Peer
) -> None:
    cabin = await connect("cabin", to=("main",))
    await cabin.transport.publish(told(event(1)))

    barn = await connect("barn")
    assert barn.promises is not None
    await cabin.transport.publish(told(event(2)))

    if barn.promises.replays:
        assert numbers(await barn.next(2)) == [1, 2]
    elif peer.kind.fans_out:
        assert numbers(await barn.next(1)) == [2]
    else:
        assert await barn.nothing()


async def test_what_is_published_twice_comes_once_if_that_is_promised(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    await cabin.transport.publish(told(event(1)))
    await cabin.transport.publish(told(event(1)))
    await cabin.transport.publish(told(event(2)))

    assert cabin.promises is not None
    wanted = [1, 2] if cabin.promises.deduplicated else [1, 1, 2]
    assert numbers(await main.next(len(wanted))) == wanted


# Who gets what


async def test_two_homes_get_a_copy_each(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    barn = await connect("barn")

    await cabin.transport.publish(told(event(1)))

    assert numbers(await main.next(1)) == numbers(await barn.next(1)) == [1]


async def test_a_home_does_not_hear_itself(connect: Connect) -> None:
    cabin, main = await _pair(connect)

    await cabin.transport.publish(told(event(1)))
    await main.transport.publish(told(event(2, home="main"), home="main"))

    assert numbers(await cabin.next(1)) == [2]
    assert await cabin.nothing()


async def test_who_names_homes_hears_only_those(connect: Connect) -> None:
    barn = await connect("barn")
    cabin = await connect("cabin")
    main = await connect("main", homes=("cabin",))

    await barn.transport.publish(told(event(1, home="barn"), home="barn"))
    await cabin.transport.publish(told(event(2)))

    assert numbers(await main.next(1)) == [2]
    assert await main.nothing()


async def test_who_does_not_subscribe_gets_commands_only(connect: Connect) -> None:
    main = await connect("main", subscribes=False)
    cabin = await connect("cabin")

    await cabin.transport.publish([*told(event(1)), asked(event(2), of="main")])
    got = await main.next(1)

    assert numbers(got) == [2]
    assert await main.nothing()


async def test_a_command_reaches_one_home_only_and_says_what_it_is(connect: Connect) -> None:
    cabin, main = await _pair(connect)
    barn = await connect("barn")

    await cabin.transport.publish([asked(event(1), of="main"), *told(event(2))])
    got = await main.next(2)

    purposes = {one.event.data["n"]: one.purpose for one in got if one.event is not None}
    assert purposes == {1: Purpose.COMMANDS, 2: Purpose.EVENTS}
    assert numbers(await barn.next(1)) == [2]


# Programs that know nothing of Casita


async def test_another_program_reads_what_a_home_tells(
    connect: Connect, peer: Peer, prefix: str
) -> None:
    await connect("barn")
    cabin = await connect("cabin")
    await peer.listen_raw("cabin", prefix)

    await cabin.transport.publish(told(event(1), event(2)))
    read = await peer.take_raw("cabin", 2, prefix)

    assert [one["data"]["n"] for one in read] == [1, 2]
    assert {one["specversion"] for one in read} == {"1.0"}
    assert {(one["source"], one["type"], one["subject"]) for one in read} == {
        ("casita:cabin", "rang", "light.hall")
    }


async def test_another_program_tells_something(connect: Connect, peer: Peer, prefix: str) -> None:
    await connect("cabin")
    main = await connect("main")
    body = {"specversion": "1.0", "id": "7", "source": "/parcels", "type": "parcel.came"}

    await peer.put_raw("cabin", msgspec.json.encode(body), prefix)
    got = (await main.next(1))[0].event

    assert got is not None
    assert (got.source, got.type, got.subject) == ("/parcels", "parcel.came", "parcel.came")


@pytest.mark.parametrize(
    "body", [b"hello", b"{}", b"[1]", b'{"specversion": "0.3", "id": "1"}', b"{" * 5000]
)
async def test_what_is_no_cloud_event_is_delivered_with_its_fault(
    connect: Connect, peer: Peer, prefix: str, body: bytes
) -> None:
    cabin = await connect("cabin")
    main = await connect("main")

    await peer.put_raw("cabin", body, prefix)
    await cabin.transport.publish(told(event(1)))
    got = await main.next(2)

    bad = next(one for one in got if one.event is None)
    assert bad.fault
    assert bad.raw == body
    assert numbers(got) == [1]


# Coming and going


async def test_what_waits_is_counted(connect: Connect, peer: Peer) -> None:
    if not peer.counts_waiting:
        pytest.skip("its protocol has no question for that")
    cabin, main = await _pair(connect)
    await _first_assigned(main)
    await cabin.transport.publish(told(event(1), event(2), event(3)))

    before = await main.transport.waiting()
    await main.next(3)
    after = await main.transport.waiting()

    assert (before, after) == (3, 0)


async def test_closing_twice_is_harmless(connect: Connect) -> None:
    main = await connect("main")

    await main.transport.close()
    await main.transport.close()


async def test_a_closed_connection_says_so(connect: Connect) -> None:
    main = await connect("main")
    await main.transport.close()

    with pytest.raises(NotReady):
        await main.transport.publish(told(event(1)))
    with pytest.raises(NotReady):
        await main.transport.receive()


async def test_two_connect_at_once_where_nothing_is_yet(connect: Connect) -> None:
    lines = await asyncio.gather(connect("main"), connect("cabin"))

    await lines[1].transport.publish(told(event(1)))

    assert numbers(await lines[0].next(1)) == [1]


async def test_each_note_on_a_weaker_promise_is_a_sentence(connect: Connect) -> None:
    main = await connect("main")

    promises = main.promises
    assert promises is not None
    assert promises.ordered
    assert all(len(note.split()) > 5 for note in promises.notes)
    whole = promises.durable and promises.deduplicated and promises.replays
    assert whole or promises.notes


async def test_durable_is_refused_by_who_may_lose_what_it_acknowledged(
    connect: Connect,
) -> None:
    main = await connect("main")
    assert main.promises is not None

    if main.promises.durable:
        await connect("barn", durable=True)
    else:
        with pytest.raises(SetupFailed, match="durable: true"):
            await connect("barn", durable=True)


# A broker of its own, to be stopped


@pytest.fixture(params=PEERS, ids=lambda one: one.name)
async def own(request: pytest.FixtureRequest, tmp_path: Path) -> Peer:
    if request.param.needs:
        pytest.skip(request.param.needs)
    made: Peer = request.param(tmp_path)
    return made


async def test_a_broker_that_is_not_there_is_not_ready(own: Peer) -> None:
    transport = own.transport("away", "main")
    await own.stop()
    if not isinstance(own, Server):
        own.transport("away", "main")
        await own.stop()

    with pytest.raises(NotReady):
        await asyncio.wait_for(transport.open(), 30)
    await transport.close()


async def test_a_lost_broker_is_noticed_by_who_publishes_and_who_receives(own: Peer) -> None:
    transport = own.transport("lost", "main")
    await own.start()
    await transport.open()
    await own.stop()

    with pytest.raises(NotReady):
        await asyncio.wait_for(transport.publish(told(event(1, home="main"), home="main")), 40)
    with pytest.raises(NotReady):
        await asyncio.wait_for(_receive_for_ever(transport), 40)
    await asyncio.wait_for(transport.close(), ENDS_WITHIN_S)


async def test_each_call_ends_while_the_broker_stands_still(own: Peer) -> None:
    if not isinstance(own, Server):
        pytest.skip("what is in this process does not stand still alone")
    await own.start()
    options = {**own.options("still"), "timeout": 2}
    transport = own.transport("still", "main", options=options)
    await transport.open()
    await transport.publish([asked(event(1), of="main")])
    got = await Line(transport).next(1, acknowledge=False)
    late = own.transport("still", "main", options=options)

    own.freeze()
    try:
        async with asyncio.timeout(STILL_WITHIN_S):
            ends = await asyncio.gather(
                transport.publish(told(event(2, home="main"), home="main")),
                _receive_for_ever(transport),
                transport.acknowledge(got),
                transport.waiting(),
                late.open(),
                return_exceptions=True,
            )
        async with asyncio.timeout(ENDS_WITHIN_S):
            await asyncio.gather(transport.close(), late.close())
    finally:
        own.thaw()
        await own.stop()

    published, received, _, _, opened = map(type, ends)
    assert (published, received, opened) == (NotReady,) * 3, ends
    assert all(isinstance(one, NotReady | int | None) for one in ends), ends


async def test_closing_ends_what_is_being_published(own: Peer) -> None:
    if not isinstance(own, Server):
        pytest.skip("what is in this process answers at once")
    transport = own.transport("cut", "main")
    await own.start()
    await transport.open()
    own.freeze()
    messages = told(*(event(n, home="main") for n in range(20)), home="main")
    publishing = asyncio.create_task(_ended(transport.publish(messages)))
    await asyncio.sleep(0.2)

    begun = time.monotonic()
    await asyncio.wait_for(transport.close(), ENDS_WITHIN_S)
    ended = await asyncio.wait_for(publishing, ENDS_WITHIN_S)
    took_s = time.monotonic() - begun
    own.thaw()
    await own.stop()

    assert isinstance(ended, NotReady)
    assert took_s < ENDS_WITHIN_S


async def _ended(work: Awaitable[object]) -> BaseException | None:
    try:
        await work
    except NotReady as err:
        return err
    return None


async def _receive_for_ever(transport: Transport) -> None:
    while True:
        await transport.receive()


async def test_what_was_acknowledged_is_there_after_a_restart(own: Peer) -> None:
    if not own.keeps:
        pytest.skip("this server keeps all in memory: it has nothing left after a restart")
    cabin, before = own.transport("back", "cabin"), own.transport("back", "main")
    await own.start()
    await before.open()
    await before.close()
    await cabin.open()
    await cabin.publish(told(event(1), event(2)))
    await cabin.close()
    await own.stop()
    await own.start()

    main = Line(own.transport("back", "main"))
    await main.transport.open()
    got = await main.next(2)
    await main.transport.close()
    await own.stop()

    assert numbers(got) == [1, 2]
