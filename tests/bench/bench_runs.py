"""How fast automations run, and that the number of automations does not matter."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from casita_automations.conformance.stage import Stage

START = datetime(2024, 3, 12, 9, tzinfo=UTC)
LIMIT_RUNS_S = 5_000
"""Trigger to action, traced and in the log, one after another. 30,000 is aimed at."""
LIMIT_LOAD_S = 10.0
LIMIT_CROWD = 3.0
"""How many times longer a change may take with 10,000 automations on its entity than with 10."""


def automation(number: int, entity_id: str, to: str) -> dict[str, Any]:
    """Return an automation as people write them."""
    return {
        "alias": f"number {number}",
        "trigger": {"trigger": "state", "entity_id": entity_id, "to": to},
        "action": [{"action": "test.record", "data": {"number": number}}],
    }


async def runs_per_s(count: int) -> float:
    """Return how many runs a second 1,000 automations on as many entities make."""
    items = [automation(one, f"binary_sensor.door_{one}", "on") for one in range(1000)]
    async with Stage({"automation": items}, START) as stage:
        states = stage.kernel.states
        for one in range(1000):
            states.set(f"binary_sensor.door_{one}", "off", source="bench")

        def work() -> None:
            for turn in range(count):
                text = "on" if turn // 1000 % 2 == 0 else "off"
                states.set(f"binary_sensor.door_{turn % 1000}", text, source="bench")

        took_s = _timed(work)
        return len(stage.calls) / took_s


async def change_s(crowd: int) -> float:
    """Return how long a change takes of an entity on which so many automations wait."""
    items = [automation(one, "sensor.remote", f"key_{one}") for one in range(crowd)]
    async with Stage({"automation": items}, START) as stage:
        states = stage.kernel.states
        states.set("sensor.remote", "none", source="bench")

        def work() -> None:
            for turn in range(2000):
                states.set("sensor.remote", f"key_{turn % 10}", source="bench")

        return _timed(work) / 2000


async def load_s(count: int) -> float:
    """Return how long a hub with so many automations takes to start."""
    items = [automation(one, f"binary_sensor.door_{one}", "on") for one in range(count)]
    stage = Stage({"automation": items}, START)
    began = time.perf_counter()
    async with stage:
        return time.perf_counter() - began


def _timed(work: Callable[[], None]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    """Print the figures; return 1 if a limit is passed."""
    logging.disable(logging.CRITICAL)
    rate = asyncio.run(runs_per_s(40_000))
    few_s, many_s = asyncio.run(change_s(10)), asyncio.run(change_s(10_000))
    loaded_s = asyncio.run(load_s(10_000))
    crowd = many_s / few_s
    print(f"runs: {rate:.0f} a second (limit {LIMIT_RUNS_S}), ratio {rate / LIMIT_RUNS_S:.2f}")
    print(
        f"a change: {few_s * 1e6:.0f} us with 10 automations on its entity, {many_s * 1e6:.0f} us "
        f"with 10,000 (limit {LIMIT_CROWD:g} times), ratio {crowd / LIMIT_CROWD:.2f}"
    )
    print(
        f"10,000 automations start in {loaded_s:.1f} s (limit {LIMIT_LOAD_S:g}), "
        f"ratio {loaded_s / LIMIT_LOAD_S:.2f}"
    )
    return int(rate < LIMIT_RUNS_S or crowd > LIMIT_CROWD or loaded_s > LIMIT_LOAD_S)


if __name__ == "__main__":
    sys.exit(main())
