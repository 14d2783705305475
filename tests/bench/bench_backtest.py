"""How many events a second a backtest replays through 100 automations."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from casita_automations.backtest._house import PaperHouse
from casita_automations.backtest._rows import Row, Traits
from casita_config import Configuration

START = datetime(2024, 3, 12, 9, tzinfo=UTC)
LIMIT = 150_000
"""Events a second, once they are in memory."""
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


async def replay(count: int) -> tuple[float, int]:
    """Return how many rows a second are replayed, and how many commands came of them."""
    house = PaperHouse(Configuration.from_mapping({"automation": automations()}), START, TRAITS)
    house.build()
    assert not house.faults, house.faults
    house.begin((), set(house.owners))
    record = rows(count)
    began = time.perf_counter()
    for first in range(0, count, 5000):
        await house.feed(record[first : first + 5000])
    took_s = time.perf_counter() - began
    await house.close()
    return count / took_s, len(house.sent)


def main() -> int:
    """Print the figure; return 1 if it is under the limit."""
    logging.disable(logging.CRITICAL)
    rate, sent = asyncio.run(replay(500_000))
    print(
        f"backtest: {rate:.0f} events a second through 100 automations, {sent} commands "
        f"(limit {LIMIT}), ratio {rate / LIMIT:.2f}"
    )
    return int(rate < LIMIT)


if __name__ == "__main__":
    sys.exit(main())
