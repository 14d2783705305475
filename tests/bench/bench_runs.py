"""How fast automations run, traced and in a log on the disk, and that their number is no matter.

Each figure is also given as a ratio to the bare dispatch of the same number of changes: the bus
with one subscriber for each entity, and a log in memory.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import voluptuous as vol

from casita.bus import Bus
from casita.clock import SystemClock
from casita.host import own_plugins
from casita.hub import Hub, calm_collector
from casita.log import MemoryLog
from casita.services import Command, Service
from casita.states import States
from casita_config import Configuration

ENTITIES: Final = 1_000
RUNS: Final = 60_000
LIMIT_RUNS_S: Final = 30_000
LIMIT_P99_US: Final = 150
LIMIT_CROWD: Final = 1.5
"""How many times longer a change may take with 10,000 automations on its entity than with 10."""
LIMIT_ALL_MS: Final = 20
LIMIT_HELD_MS: Final = 5
LIMIT_LOAD_S: Final = 3
LIMIT_LOAD_MB: Final = 200


class Figure(NamedTuple):
    """One thing measured, and what it must not be above."""

    name: str
    value: float
    unit: str
    limit: float

    @property
    def ratio(self) -> float:
        """Above 1 is too much."""
        return self.value / self.limit


def automation(number: int, entity_id: str, to: Any) -> dict[str, Any]:
    """Return an automation as people write them."""
    return {
        "alias": f"number {number}",
        "trigger": {"trigger": "state", "entity_id": entity_id, "to": to},
        "action": [{"action": "bench.act", "data": {"number": number}}],
    }


@asynccontextmanager
async def house(automations: list[dict[str, Any]]) -> AsyncIterator[tuple[Hub, list[int]]]:
    """Run a hub with its log on the disk, and the list of what it was told to do."""
    acted: list[int] = []

    def act(command: Command) -> None:
        acted.append(command.data["number"])

    config = Configuration.from_mapping({"automation": automations})
    with tempfile.TemporaryDirectory() as folder:
        async with Hub(config, folder=Path(folder), plugins=own_plugins(), api=False) as hub:
            schema = vol.Schema({"number": int})
            service = Service(domain="bench", name="act", schema=schema, handler=act)
            hub.kernel.commands.register(service)
            await hub.host.started()
            calm_collector()
            yield hub, acted
    gc.unfreeze()


def changes(states: States, count: int) -> Callable[[int], None]:
    """Return what makes one of many entities change, and give each its first state."""
    names = [f"binary_sensor.door_{one}" for one in range(count)]
    for name in names:
        states.set(name, "off", source="bench")

    def change(turn: int) -> None:
        round_, place = divmod(turn, count)
        states.set(names[place], "off" if round_ % 2 else "on", source="bench")

    return change


def bare_s() -> float:
    """Return the seconds that the bare dispatch of a change takes."""
    clock = SystemClock()
    bus = Bus(MemoryLog(clock=clock))
    heard: list[Any] = []
    for one in range(ENTITIES):
        bus.subscribe(heard.append, owner="bench", subject=f"binary_sensor.door_{one}")
    change = changes(States(bus, clock), ENTITIES)
    return _timed(lambda: [change(turn) for turn in range(RUNS)]) / RUNS


async def in_a_row() -> tuple[float, float]:
    """Return the runs a second with the loop given back after each, and the 99th percentile."""
    items = [automation(n, f"binary_sensor.door_{n}", ["on", "off"]) for n in range(ENTITIES)]
    async with house(items) as (hub, acted):
        change = changes(hub.kernel.states, ENTITIES)
        acted.clear()
        took = []
        for turn in range(RUNS):
            began = time.perf_counter()
            change(turn)
            took.append(time.perf_counter() - began)
            if turn % 100 == 99:
                await asyncio.sleep(0)
        assert len(acted) == RUNS, len(acted)
        return RUNS / sum(took), statistics.quantiles(took, n=100)[98]


async def burst() -> float:
    """Return the runs a second when all changes come at once, until the last is on the disk."""
    items = [automation(n, f"binary_sensor.door_{n}", ["on", "off"]) for n in range(ENTITIES)]
    async with house(items) as (hub, acted):
        change = changes(hub.kernel.states, ENTITIES)
        acted.clear()
        took_s = _timed(lambda: [change(turn) for turn in range(RUNS)])
        assert len(acted) == RUNS, len(acted)
        return RUNS / took_s


async def change_s(crowd: int) -> float:
    """Return how long a change takes of an entity on which so many automations wait."""
    items = [automation(one, "sensor.remote", f"key_{one}") for one in range(crowd)]
    async with house(items) as (hub, acted):
        states = hub.kernel.states
        states.set("sensor.remote", "none", source="bench")
        took_s = _timed(
            lambda: [
                states.set("sensor.remote", f"key_{turn % 10}", source="bench")
                for turn in range(10_000)
            ]
        )
        assert len(acted) == 10_000, len(acted)
        return took_s / 10_000


async def all_at_once() -> tuple[float, float]:
    """Return the seconds from one event to the last of 1,000 runs, and the longest hold.

    The first event after a start finds everything cold, and is left out; of the others the
    median counts.
    """
    items = [automation(one, "sensor.remote", ["a", "b"]) for one in range(1_000)]
    async with house(items) as (hub, acted):
        hub.kernel.states.set("sensor.remote", "none", source="bench")
        await _all(hub, acted, "a")
        rounds = [await _all(hub, acted, "ba"[turn % 2]) for turn in range(9)]
        return statistics.median(all_s for all_s, _ in rounds), max(held for _, held in rounds)


async def _all(hub: Hub, acted: list[int], state: str) -> tuple[float, float]:
    acted.clear()
    held = 0.0
    began = last = time.perf_counter()
    hub.kernel.states.set("sensor.remote", state, source="bench")
    while len(acted) < 1_000:
        await asyncio.sleep(0)
        now = time.perf_counter()
        held, last = max(held, now - last), now
    return time.perf_counter() - began, held


async def load(count: int) -> tuple[float, float]:
    """Return the seconds in which a hub with so many automations starts, and its megabytes."""
    items = [automation(one, f"binary_sensor.door_{one}", "on") for one in range(count)]
    before = _resident_mb()
    began = time.perf_counter()
    async with house(items):
        return time.perf_counter() - began, _resident_mb() - before


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _timed(work: Callable[[], Any]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def figures() -> list[Figure]:
    """Measure everything; loading comes first, for its memory."""
    load_s, load_mb = asyncio.run(load(10_000))
    in_turn, p99_s = asyncio.run(in_a_row())
    at_once = asyncio.run(burst())
    few_s, many_s = asyncio.run(change_s(10)), asyncio.run(change_s(10_000))
    all_s, held_s = asyncio.run(all_at_once())
    bare = bare_s()
    print(f"bare dispatch: {bare * 1e6:.1f} us a change")
    for name, rate in (("one after another", in_turn), ("in a burst", at_once)):
        print(f"{name}: {rate:.0f} runs/s, {1 / rate / bare:.1f} times the bare dispatch")
    print(f"with 10 automations {few_s * 1e6:.1f} us, with 10,000 {many_s * 1e6:.1f} us")
    return [
        Figure("a run, one after another", 1e6 / in_turn, "us", 1e6 / LIMIT_RUNS_S),
        Figure("a run, in a burst", 1e6 / at_once, "us", 1e6 / LIMIT_RUNS_S),
        Figure("99th percentile of a run", p99_s * 1e6, "us", LIMIT_P99_US),
        Figure("10,000 on one entity against 10", many_s / few_s, "times", LIMIT_CROWD),
        Figure("one event to 1,000 automations", all_s * 1e3, "ms", LIMIT_ALL_MS),
        Figure("the loop held meanwhile", held_s * 1e3, "ms", LIMIT_HELD_MS),
        Figure("loading 10,000 automations", load_s, "s", LIMIT_LOAD_S),
        Figure("memory of 10,000 automations", load_mb, "MB", LIMIT_LOAD_MB),
    ]


def main() -> int:
    """Print the figures; return how many limits are passed."""
    logging.disable(logging.CRITICAL)
    over = 0
    for each in figures():
        print(
            f"{each.name}: {each.value:.1f} {each.unit} "
            f"(limit {each.limit:.1f}), ratio {each.ratio:.2f}"
        )
        over += each.ratio > 1
    return over


if __name__ == "__main__":
    sys.exit(main())
