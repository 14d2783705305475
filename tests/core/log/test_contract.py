"""What every log does, whether it keeps its events on the disk or in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from casita.clock import VirtualClock
from casita.events import Event
from casita.log import EventLog


def _append(log: EventLog, number: int = 1, type_: str = "test", subject: str = "s") -> Event:
    for index in range(number):
        event = log.append(type_, subject, {"n": index}, source="test")
    return event


def test_offsets_begin_at_one_and_have_no_gap(log: EventLog) -> None:
    offsets = [_append(log).offset for _ in range(5)]

    assert offsets == [1, 2, 3, 4, 5]
    assert log.head == 5


async def test_what_was_appended_is_read_as_it_was(log: EventLog, clock: VirtualClock) -> None:
    first = log.append("a", "x", {"deep": [1, {"k": None}], "ü": "é"}, source="p", actor="ann")
    clock.advance(1.000001)
    second = log.append("b", "y", {}, source="q", cause=first, hop=True)
    await log.stored(second)

    assert await log.read() == [first, second]
    assert list(log.scan()) == [first, second]
    assert await log.event(2) == second
    assert await log.event(3) is None


async def test_reading_selects_by_offset_type_subject_and_pattern(log: EventLog) -> None:
    for type_, subject in [("a.x", "light.1"), ("a.y", "light.2"), ("b", "sensor.1")] * 3:
        _append(log, 1, type_, subject)
    await log.stored(9)

    async def offsets(**query: object) -> list[int]:
        return [event.offset for event in await log.read(**query)]  # type: ignore[arg-type]  # varied

    assert await offsets(after=7) == [8, 9]
    assert await offsets(before=3) == [1, 2]
    assert await offsets(types=["a.*"]) == [1, 2, 4, 5, 7, 8]
    assert await offsets(types=["a.x", "b"], subjects=["light.*"]) == [1, 4, 7]
    assert await offsets(subjects=["sensor.1"], limit=2) == [3, 6]
    assert await offsets(subjects=["sensor.1"], limit=2, newest_first=True) == [9, 6]
    assert [e.offset for e in log.scan(types=["b"], after=3)] == [6, 9]


async def test_what_left_memory_is_read_all_the_same(log: EventLog) -> None:
    for number in range(20_000):
        log.append("t", f"s{number % 3}", {"n": number}, source="test")
    await log.stored(20_000)

    page = await log.read(after=5, limit=3)
    third = await log.read(subjects=["s2"], limit=20_000)
    newest = await log.read(subjects=["s0"], newest_first=True, limit=6_600)
    early = await log.event(17)

    assert [event.offset for event in page] == [6, 7, 8]
    assert [event.offset for event in third] == list(range(3, 20_001, 3))
    assert [event.offset for event in newest] == list(range(19_999, 0, -3))[:6_600]
    assert early is not None
    assert early.data == {"n": 16}


async def test_following_gives_every_event_once_in_order(log: EventLog) -> None:
    _append(log, 10)
    got: list[int] = []

    async def consume() -> None:
        async for events in log.follow(4):
            got.extend(event.offset for event in events)
            if got[-1] == 30:
                return

    task = asyncio.create_task(consume())
    for _ in range(20):
        _append(log)
        await asyncio.sleep(0)
    await asyncio.wait_for(task, 10)

    assert got == list(range(5, 31))


async def test_following_ends_when_the_log_closes(log: EventLog) -> None:
    async def consume() -> list[int]:
        return [event.offset async for events in log.follow(0) for event in events]

    task = asyncio.create_task(consume())
    event = _append(log, 3)
    await log.stored(event)
    await asyncio.sleep(0)
    log.close()

    assert await asyncio.wait_for(task, 10) == [1, 2, 3]


async def test_a_follower_of_rare_events_goes_on_from_where_it_has_looked(log: EventLog) -> None:
    _append(log, 1000, "often")
    got: list[int] = []

    async def consume() -> None:
        async for events in log.follow(0, types=["rare"]):
            got.extend(event.offset for event in events)
            return

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    _append(log, 1, "rare")
    await asyncio.wait_for(task, 10)

    assert got == [1001]


def test_documents_are_kept_replaced_and_dropped(log: EventLog) -> None:
    log.put("c", "a", {"n": 1})
    log.put("c", "a", {"n": 2})
    log.put("c", "b", [1])
    log.put("other", "a", None)
    log.remove("c", "b")
    log.remove("c", "never")

    assert log.items("c") == {"a": {"n": 2}}
    assert log.items("other") == {"a": None}
    assert log.items("nothing") == {}


def test_cursors_are_kept_by_name(log: EventLog) -> None:
    log.move_cursor("api", 3)
    log.move_cursor("api", 7)

    assert (log.cursor("api"), log.cursor("new"), log.cursors()) == (7, 0, {"api": 7})


async def test_old_events_are_dropped_and_the_rest_stays(
    log: EventLog, clock: VirtualClock
) -> None:
    last_old = _append(log, 10)
    await log.stored(last_old)
    clock.advance(timedelta(days=2))
    last = _append(log, 10)
    await log.stored(last)

    dropped = await log.retain(timedelta(days=1))

    assert dropped == 10
    assert [event.offset for event in log.scan()] == list(range(11, 21))


async def test_nothing_is_dropped_that_a_consumer_has_not_had(
    log: EventLog, clock: VirtualClock
) -> None:
    await log.stored(_append(log, 10))
    clock.advance(timedelta(days=2))
    await log.stored(_append(log, 10))

    dropped = await log.retain(timedelta(days=1), keep_from=1)

    assert dropped == 0
