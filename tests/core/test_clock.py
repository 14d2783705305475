"""Time comes from a clock that can be told to move."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita.clock import SystemClock, VirtualClock, deadline, settle

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


def test_a_step_of_the_wall_clock_moves_what_is_set_for_a_time_and_nothing_else() -> None:
    clock = VirtualClock(NOON)
    rung: list[tuple[str, float]] = []
    clock.call_later(60, lambda: rung.append(("later", clock.monotonic())))
    clock.call_at(NOON + timedelta(hours=1), lambda: rung.append(("at", clock.monotonic())))

    clock.step(timedelta(minutes=59, seconds=30))
    clock.advance(60)

    assert rung == [("at", 30), ("later", 60)]
    assert clock.now() == NOON + timedelta(hours=1, seconds=30)


def test_a_step_back_is_told() -> None:
    clock = VirtualClock(NOON)
    told: list[datetime] = []
    cancel = clock.on_setback(lambda: told.append(clock.now()))

    clock.step(timedelta(hours=2))
    clock.step(timedelta(hours=-1))
    cancel()
    clock.step(timedelta(hours=-1))

    assert told == [NOON + timedelta(hours=1)]


def test_what_is_set_for_a_time_waits_until_the_clock_is_trusted() -> None:
    clock = VirtualClock(NOON)
    rung: list[float] = []
    clock.call_at(NOON + timedelta(seconds=10), lambda: rung.append(clock.monotonic()))
    clock.call_later(20, lambda: rung.append(-clock.monotonic()))

    clock.distrust()
    clock.advance(30)
    clock.trust()
    clock.advance(0)

    assert rung == [-20, 30]


def test_nothing_rings_of_a_house_that_was_down() -> None:
    clock = VirtualClock(NOON)
    rung: list[int] = []
    clock.call_later(10, lambda: rung.append(1))

    clock.lapse(60)
    clock.advance(60)

    assert rung == []
    assert clock.now() == NOON + timedelta(minutes=2)


class _Machine:
    """A machine whose clocks are put as the test wants."""

    def __init__(self) -> None:
        self.wall_s = NOON.timestamp()
        self.elapsed_s = 1000.0
        self.clock = SystemClock(lambda: self.wall_s, lambda: self.elapsed_s)

    async def looks(self) -> None:
        """Let the clock look, as it does every 10 s."""
        self.clock.call_later(11, lambda: None)
        self.wall_s += 11
        self.elapsed_s += 11
        self.clock.call_later(11, lambda: None)
        await settle()


async def test_a_long_wait_counts_the_time_in_which_the_machine_slept() -> None:
    machine, rung = _Machine(), []
    machine.clock.call_later(3600, lambda: rung.append(1))

    machine.elapsed_s += 3601
    machine.wall_s += 3601
    await machine.looks()

    assert rung == [1]


async def test_the_system_clock_notices_that_it_was_put_back() -> None:
    machine, told = _Machine(), []
    machine.clock.on_setback(lambda: told.append(machine.clock.now()))
    machine.clock.call_at(NOON + timedelta(seconds=5), lambda: told.append(NOON))

    machine.wall_s -= 30
    await machine.looks()
    machine.wall_s += 30
    await machine.looks()

    assert told == [NOON - timedelta(seconds=19), NOON]


async def test_the_system_clock_rings_for_no_time_while_it_is_not_trusted() -> None:
    machine, rung = _Machine(), []
    machine.clock.distrust()
    machine.clock.call_at(NOON, lambda: rung.append(1))
    await machine.looks()
    before = list(rung)

    machine.clock.trust()
    await settle()

    assert (before, rung) == ([], [1])


def test_thousands_of_cancelled_alarms_do_not_pile_up() -> None:
    clock = VirtualClock(NOON)

    for _ in range(20_000):
        clock.call_later(3600, lambda: None).cancel()

    assert len(clock._agenda._heap) < 2_000
