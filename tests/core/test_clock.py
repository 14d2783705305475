"""Time comes from a clock that can be told to move."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita.clock import SystemClock, VirtualClock, deadline

NOON = datetime(2024, 3, 12, 12, tzinfo=UTC)


def test_alarms_ring_in_the_order_of_their_times_each_at_its_own_time() -> None:
    clock = VirtualClock(NOON)
    rung: list[tuple[str, datetime]] = []
    clock.call_later(20, lambda: rung.append(("later", clock.now())))
    clock.call_at(NOON + timedelta(seconds=10), lambda: rung.append(("earlier", clock.now())))

    clock.advance(30)

    assert rung == [
        ("earlier", NOON + timedelta(seconds=10)),
        ("later", NOON + timedelta(seconds=20)),
    ]
    assert clock.now() == NOON + timedelta(seconds=30)


def test_an_alarm_that_an_alarm_sets_rings_within_the_same_advance() -> None:
    clock = VirtualClock(NOON)
    rung: list[float] = []

    def ring() -> None:
        clock.call_later(1, lambda: rung.append(clock.monotonic()))

    clock.call_later(1, ring)

    clock.advance(5)

    assert rung == [2]


def test_a_cancelled_alarm_does_not_ring() -> None:
    clock = VirtualClock(NOON)
    rung: list[int] = []
    alarm = clock.call_later(1, lambda: rung.append(1))

    alarm.cancel()
    alarm.cancel()
    clock.advance(5)

    assert not rung
    assert not alarm.pending


def test_time_does_not_run_backwards() -> None:
    clock = VirtualClock(NOON)

    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2024, 1, 1))  # noqa: DTZ001 - it is what is refused


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=30))
def test_every_alarm_rings_once_in_order_and_never_early(delays_s: list[float]) -> None:
    clock = VirtualClock(NOON)
    rung: list[tuple[float, float]] = []

    def ring(due: float) -> None:
        rung.append((due, clock.monotonic()))

    for delay_s in delays_s:
        clock.call_later(delay_s, partial(ring, delay_s))

    clock.advance(2e6)

    assert sorted(due for due, _ in rung) == sorted(delays_s)
    assert [at for _, at in rung] == sorted(at for _, at in rung)
    assert all(abs(at - due) <= 1e-6 for due, at in rung)


async def test_sleep_returns_when_its_time_has_passed() -> None:
    clock = VirtualClock(NOON)
    woken: list[float] = []

    async def sleeper() -> None:
        await clock.sleep(60)
        woken.append(clock.monotonic())

    task = asyncio.create_task(sleeper())
    await clock.pass_time(59)
    before = list(woken)
    await clock.pass_time(1)
    await task

    assert (before, woken) == ([], [60])


async def test_a_deadline_of_the_virtual_clock_ends_the_block() -> None:
    clock = VirtualClock(NOON)

    async def waiter() -> None:
        async with deadline(clock, 10):
            await asyncio.Event().wait()

    task = asyncio.create_task(waiter())
    await clock.pass_time(10)

    with pytest.raises(TimeoutError):
        await task


async def test_the_system_clock_rings_both_kinds_of_alarm() -> None:
    clock = SystemClock()
    rung: list[str] = []
    both = asyncio.Event()

    def ring(name: str) -> None:
        rung.append(name)
        if len(rung) == 2:
            both.set()

    clock.call_later(0.001, lambda: ring("elapsed"))
    clock.call_at(clock.now() + timedelta(milliseconds=2), lambda: ring("wall"))
    await asyncio.wait_for(both.wait(), 5)

    assert sorted(rung) == ["elapsed", "wall"]
