"""Whatever fails and whenever the power goes: a durable consumer misses nothing, in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from casita.clock import VirtualClock
from casita.errors import NotReady
from casita.events import Event
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_config import Configuration

SUBJECTS = st.sampled_from(["bell", "gong", "horn"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), SUBJECTS),
        st.tuples(st.just("pass"), st.sampled_from([0.0, 0.3, 2.0, 20.0])),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("fail"), st.sampled_from([ValueError, NotReady, None])),
    ),
    max_size=30,
)


class World:
    """A log that survives, kernels that do not, and what one consumer was told."""

    def __init__(self, parallel: int) -> None:
        self.clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
        self.log = MemoryLog(clock=self.clock)
        self.fails: type[Exception] | None = None
        self.told: dict[str, list[int]] = defaultdict(list)
        self.number = 0
        self._parallel = parallel
        self.kernel = self._start()

    async def take(self, event: Event) -> None:
        await self.clock.sleep(0.1)
        if self.fails is not None:
            raise self.fails("no")
        self.told[event.subject].append(event.data["n"])

    async def step(self, what: str, how: object) -> None:
        if what == "happen":
            self.number += 1
            self.kernel.bus.emit("rang", str(how), {"n": self.number}, source="test")
        elif what == "pass":
            assert isinstance(how, float)
            await self.clock.pass_time(how)
        elif what == "fail":
            self.fails = how if isinstance(how, type) else None
        else:
            await self.crash()

    async def crash(self) -> None:
        before, self.log = self.kernel, self.log.copy()
        await before.consumers.stop()
        self.kernel = self._start()

    def _start(self) -> Kernel:
        kernel = Kernel.assemble(Configuration.from_mapping({}), self.clock, self.log)
        kernel.restore()
        kernel.consumers.open("notes", self.take, types=("rang",), parallel=self._parallel)
        return kernel


@settings(deadline=None)
@given(steps=STEPS, parallel=st.sampled_from([1, 3]))
def test_every_event_is_told_in_the_order_of_its_subject_or_is_a_dead_letter(
    steps: list[tuple[str, object]], parallel: int
) -> None:
    async def live() -> World:
        world = World(parallel)
        for what, how in steps:
            await world.step(what, how)
        world.fails = None
        await world.clock.pass_time(300)
        await world.kernel.consumers.stop()
        return world

    world = asyncio.run(live())

    dead = {one.event.data["n"] for one in world.kernel.consumers.shelf.letters()}
    told = {number for numbers in world.told.values() for number in numbers}
    assert told | dead == set(range(1, world.number + 1))
    for numbers in world.told.values():
        assert _first_tellings(numbers) == sorted(set(numbers))


def _first_tellings(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))
