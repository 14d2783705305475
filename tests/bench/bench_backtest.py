"""How many events a second a backtest replays through 100 automations.

Once with what happened in memory, once from a log on the disk, whose batches hold one event each,
as in a house that writes down each report as it comes. Others use the machine at the same time:
beside the time on the wall stands that of the processor, and what reading all events of the log
takes that time without replaying them.
"""

from __future__ import annotations

import asyncio
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from casita.backtests import BacktestReport, BacktestRequest, RunBacktest
from casita.host import tool
from casita.log import LogReader
from casita_automations.backtest._house import PaperHouse
from casita_automations.backtest._rows import Row, Traits
from casita_config import Configuration

START = datetime(2024, 3, 12, 9, tzinfo=UTC)
LIMIT = 150_000
"""Events a second."""
IN_MEMORY = 500_000
ON_DISK_DAYS = 15
LIVED_IN = Path(__file__).with_name("lived_in.py")
ROOMS = 50
TRAITS = Traits(
    attributes=False, all_entities=False, events=False, commands=False, effects=False,
    repeats_are_changes=False, calls_as_made=False,
)  # fmt: skip


def automations() -> list[dict[str, Any]]:
    """Return 100 automations of the usual kinds: light by motion, and comfort by numbers."""
    lights = [
        {
            "alias": f"light {room}",
            "mode": "restart",
            "trigger": {
                "trigger": "state", "entity_id": f"binary_sensor.motion_{room}", "to": "on",
            },
            "condition": {
                "condition": "numeric_state", "entity_id": f"sensor.lux_{room}", "below": 20,
            },
            "action": [
                {"action": "light.turn_on", "target": {"entity_id": f"light.room_{room}"}},
                {"delay": "00:05:00"},
                {"action": "light.turn_off", "target": {"entity_id": f"light.room_{room}"}},
            ],
        }
        for room in range(ROOMS)
    ]  # fmt: skip
    comfort = [
        {
            "alias": f"fan {room}",
            "trigger": {
                "trigger": "numeric_state", "entity_id": f"sensor.temperature_{room}",
                "above": 26, "for": "00:10:00",
            },
            "condition": "{{ is_state('binary_sensor.window_" + str(room) + "', 'off') }}",
            "action": {"action": "fan.turn_on", "target": {"entity_id": f"fan.room_{room}"}},
        }
        for room in range(ROOMS)
    ]  # fmt: skip
    return lights + comfort


def rows(count: int) -> list[Row]:
    """Return what 300 entities report: mostly numbers, as in any house that is wired up."""
    chance = random.Random(7)
    found: list[Row] = []
    moment = START
    motion = [False] * ROOMS
    for _ in range(count):
        moment += timedelta(seconds=chance.expovariate(0.5))
        room, kind = chance.randrange(ROOMS), chance.random()
        if kind < 0.05:
            motion[room] = not motion[room]
            found.append((moment, f"binary_sensor.motion_{room}", _on_off(motion[room]), {}))
        elif kind < 0.15:
            value = f"{21 + chance.gauss(0, 2):.1f}"
            found.append((moment, f"sensor.temperature_{room}", value, {}))
        elif kind < 0.30:
            found.append((moment, f"sensor.lux_{room}", str(chance.randrange(200)), {}))
        elif kind < 0.95:
            value = f"{chance.uniform(0, 2000):.1f}"
            found.append((moment, f"sensor.power_{room}", value, {}))
        else:
            found.append((moment, f"sensor.humidity_{room}", str(chance.randrange(30, 70)), {}))
    return found


def _on_off(is_on: bool) -> str:
    return "on" if is_on else "off"


class Rate(NamedTuple):
    """How many events were dealt with, and how long that took."""

    events: int
    took_s: float
    cpu_s: float

    def __str__(self) -> str:
        return (
            f"{self.events / self.took_s:.0f} events a second "
            f"({self.events / self.cpu_s:.0f} a second of the processor)"
        )

    @property
    def ratio(self) -> float:
        """Below 1 is too slow. The processor's time counts: the wall's is also that of others."""
        return self.events / self.cpu_s / LIMIT


def timed(work: Callable[[], int]) -> Rate:
    """Do something that returns how many events it dealt with."""
    began, cpu = time.perf_counter(), time.process_time()
    events = work()
    return Rate(events, time.perf_counter() - began, time.process_time() - cpu)


def in_memory() -> Rate:
    """Replay what is in memory."""
    house = PaperHouse(Configuration.from_mapping({"automation": automations()}), START, TRAITS)
    house.build()
    assert not house.faults, house.faults
    house.begin((), set(house.owners))
    record = rows(IN_MEMORY)

    async def replay() -> None:
        for first in range(0, IN_MEMORY, 5000):
            await house.feed(record[first : first + 5000])
        await house.close()

    def work() -> int:
        asyncio.run(replay())
        return IN_MEMORY

    rate = timed(work)
    assert house.sent
    return rate


def on_disk(folder: Path) -> tuple[Rate, BacktestReport]:
    """Replay what the log of a folder has, through its automations."""
    run: RunBacktest = tool("backtest")
    reports: list[BacktestReport] = []

    def work() -> int:
        reports.append(run(BacktestRequest(folder=folder), lambda _share: None))
        return reports[0].rows

    return timed(work), reports[0]


def bare(folder: Path) -> Rate:
    """Read what the log of a folder has, and do nothing with it."""
    with LogReader(folder / ".casita") as log:
        return timed(lambda: sum(1 for _ in log.scan()))


def main() -> int:
    """Print the figures; return how many are under the limit."""
    logging.disable(logging.CRITICAL)
    memory = in_memory()
    print(f"in memory, 100 automations: {memory}; limit {LIMIT}, ratio {memory.ratio:.2f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "house"
        words = [folder, "--days", ON_DISK_DAYS, "--rooms", ROOMS]
        subprocess.run([sys.executable, LIVED_IN, *map(str, words)], check=True)
        disk, report = on_disk(folder)
        reading = bare(folder)
    assert report.same
    assert report.missing == 0
    print(
        f"from the log, 100 automations: {disk}; limit {LIMIT}, ratio {disk.ratio:.2f}; "
        f"{report.same} commands as recorded; reading alone: {reading}"
    )
    return sum(one.ratio < 1 for one in (memory, disk))


if __name__ == "__main__":
    sys.exit(main())
