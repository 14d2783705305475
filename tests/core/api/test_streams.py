"""Following the log: no gap, no double, no listener that should not be one any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from casita.api import Api
from casita.clock import VirtualClock, settle
from casita.kernel import Kernel

from .conftest import Caller


def happen(kernel: Kernel, count: int) -> None:
    for number in range(count):
        kernel.bus.emit("doorbell_rang", f"bell.{number % 3}", {"number": number}, source="test")


async def test_a_stream_begins_with_what_happens_next(ask: Caller, kernel: Kernel) -> None:
    happen(kernel, 5)

    async with ask.follow() as stream:
        happen(kernel, 1)
        event = await stream.next()

    assert event["offset"] == kernel.log.head
    assert event["data"] == {"number": 0}


async def test_a_listener_that_comes_and_goes_sees_everything_once(
    ask: Caller, kernel: Kernel
) -> None:
    begin = kernel.log.head
    seen: list[int] = []

    last = begin
    for visit in range(20):
        happen(kernel, 7)
        async with ask.follow(last_event_id=last) as stream:
            for _ in range(visit % 5 + 1):
                seen.append((await stream.next())["offset"])
            happen(kernel, 3)
            last = stream.last_id
    async with ask.follow(last_event_id=last) as stream:
        while seen[-1] < kernel.log.head:
            seen.append((await stream.next())["offset"])

    assert seen == list(range(begin + 1, kernel.log.head + 1))


async def test_a_listener_without_an_event_can_still_resume(ask: Caller, kernel: Kernel) -> None:
    async with ask.follow() as stream:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await stream.next()
        last = stream.last_id
    happen(kernel, 2)

    async with ask.follow(last_event_id=last) as stream:
        event = await stream.next()

    assert event["data"] == {"number": 0}


async def test_a_listener_is_told_what_the_log_has_forgotten(
    api: Api, ask: Caller, kernel: Kernel, clock: VirtualClock
) -> None:
    happen(kernel, 50)
    clock.advance(timedelta(days=3))
    last = kernel.log.head
    await kernel.log.retain(max_age=timedelta(days=1))
    happen(kernel, 1)

    async with ask.follow(last_event_id=last - 20) as stream:
        told, event = await stream.next(), await stream.next()
    async with ask.follow(last_event_id=last) as stream:
        untold = await stream.next()

    assert told == {"after": last - 20, "next": event["offset"]}
    assert event["offset"] > last - 19
    assert untold["offset"] == last + 1


async def test_a_listener_of_another_log_is_told(ask: Caller, kernel: Kernel) -> None:
    async with ask.follow(last_event_id=5000) as stream:
        told = await stream.next()
        happen(kernel, 1)
        event = await stream.next()

    assert told == {"after": 5000, "next": kernel.log.head}
    assert event["offset"] == kernel.log.head


async def test_a_stream_can_be_of_some_types_and_subjects(ask: Caller, kernel: Kernel) -> None:
    async with ask.follow("?types=doorbell_*,run.started&subjects=bell.1") as stream:
        kernel.bus.emit("other", "bell.1", {}, source="test")
        happen(kernel, 6)
        numbers = [(await stream.next())["data"]["number"] for _ in range(2)]

    assert numbers == [1, 4]


async def test_a_stream_can_tell_in_words(ask: Caller, kernel: Kernel) -> None:
    async with ask.follow("?sentences=true") as stream:
        kernel.states.set("light.hall", "on", {"friendly_name": "Hall lamp"}, source="test")
        event = await stream.next()

    assert event["sentence"] == "Hall lamp turned on"
    assert set(event) >= {"offset", "time", "type", "subject", "source", "cause", "root", "actor"}
    assert "new" not in event


async def test_revoking_a_token_ends_its_streams_and_no_others(ask: Caller, kernel: Kernel) -> None:
    token = await ask.make_token("tablet", "read")

    async with ask.follow(token=token) as doomed, ask.follow() as other:
        await ask("DELETE", f"/api/tokens/{token.split('_')[1]}")
        async with asyncio.timeout(1):
            told, ended = await doomed.next(), await doomed.next()
        happen(kernel, 1)
        events = [await other.next() for _ in range(2)]

    assert (told["type"], ended) == ("token.revoked", None)
    assert [one["type"] for one in events] == ["token.revoked", "doorbell_rang"]


async def test_revoking_ends_streams_within_a_second_every_time(ask: Caller) -> None:
    for number in range(20):
        token = await ask.make_token(f"tablet {number}", "read")
        async with ask.follow("?types=never", token=token) as stream:
            await ask("DELETE", f"/api/tokens/{token.split('_')[1]}")
            async with asyncio.timeout(1):
                assert await stream.next() is None


async def test_a_stream_ends_with_the_time_of_its_token(ask: Caller, clock: VirtualClock) -> None:
    token = await ask.make_token("tablet", "read", days=1)

    async with ask.follow(token=token) as stream:
        clock.advance(timedelta(days=1))
        ended = await stream.next()

    assert ended is None


async def test_stopping_the_api_ends_streams(api: Api, ask: Caller) -> None:
    async with ask.follow() as stream:
        async with asyncio.timeout(1.5):
            await api.stop()
        ended = await stream.next()

    assert ended is None


async def test_a_quiet_stream_has_a_heartbeat(ask: Caller, clock: VirtualClock) -> None:
    async with ask.follow() as stream:
        first = await stream.response.content.readuntil(b"\n\n")
        await settle()
        clock.advance(15)
        second = await stream.response.content.readuntil(b"\n\n")

    assert first.startswith(b"retry: 1000\nid: ")
    assert second == b":\n\n"


async def test_a_listener_that_takes_nothing_holds_up_nobody_and_is_let_go(
    ask: Caller, kernel: Kernel, clock: VirtualClock
) -> None:
    big = {"text": "x" * 20_000}
    host, port = ask.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ask.token}\r\n"
    )
    writer.write(f"{request}\r\n".encode())
    await reader.readuntil(b"id: ")

    async with ask.follow() as other:
        for _ in range(1000):
            kernel.bus.emit("big", "big", big, source="test")
        for _ in range(1000):
            await other.next()
    for _ in range(6):
        clock.advance(15)
        await settle()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(100_000_000)
    writer.close()


async def test_streams_are_bounded_for_each_token(ask: Caller) -> None:
    other = await ask.make_token("tablet", "read")
    responses = [
        await ask.session.get(f"{ask.address}/api/events", headers=ask.bearer()) for _ in range(17)
    ]

    async with ask.follow(token=other):
        statuses = [response.status for response in responses]
        for response in responses:
            response.close()

    assert statuses == [200] * 16 + [503]


async def test_an_id_that_is_none_is_refused(ask: Caller) -> None:
    reply = await ask("GET", "/api/events", headers={"Last-Event-ID": "yesterday"})

    assert (reply.status, reply.code) == (400, "invalid_header")
