"""A house for a month of its own time: prints what it needed each day as one line of JSON.

``python long_house.py FOLDER DAYS ROUNDS DEVICES KEEP``: so many devices report so many times a
day, in front of automations that wait, timers, retention and snapshots, on a virtual clock with a
log on the disk. KEEP is ``bounded``, or ``everything`` for a house that forgets nothing and has to
be found out.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, Final

from casita.clock import VirtualClock
from casita.host import own_plugins
from casita.hub import Hub
from casita.testing import START
from casita_config import Configuration
from peers.busy_house import resident_mb

_MOST_BACKLOG: Final = 1000


def configuration(devices: int) -> Configuration:
    """Return a house that keeps three days, and in which much waits."""
    followed = [
        {
            "alias": f"follows {one}",
            "trigger": {
                "trigger": "state", "entity_id": f"sensor.s{one}", "to": "0", "for": "00:01:00",
            },
            "action": [{"delay": "00:02:00"}, {"event": "followed", "event_data": {"n": one}}],
            "mode": "restart",
        }
        for one in range(devices)
    ]  # fmt: skip
    return Configuration.from_mapping({"automation": followed, "log": {"days": 3}})


def report(hub: Hub, devices: int, round_: int) -> None:
    """Let every device say something that it has not said before."""
    for one in range(devices):
        value = (round_ + one) % 3
        hub.kernel.states.set(f"sensor.s{one}", str(value), {"round": round_}, source="long house")


async def _not_far_behind(hub: Hub) -> None:
    """Wait for a slow disk: a house's own time goes by much faster here than it can write."""
    if hub.kernel.log.backlog > _MOST_BACKLOG:
        await hub.kernel.log.stored(hub.kernel.log.head)


async def main(folder: Path, day_count: int, rounds: int, devices: int, keep: str) -> None:
    """Run the house and print what it needed."""
    logging.disable(logging.CRITICAL)
    clock = VirtualClock(START)
    days: list[dict[str, Any]] = []
    kept: list[Any] = []
    async with Hub(
        configuration(devices), folder=folder, clock=clock, plugins=own_plugins(), api=False
    ) as hub:
        if keep == "everything":
            hub.kernel.bus.subscribe(
                lambda event: kept.append(f"{event.offset}".ljust(200)), owner="long house"
            )
        await hub.host.started()
        for day in range(day_count):
            for round_ in range(rounds):
                report(hub, devices, day * rounds + round_)
                await clock.pass_time(24 * 3600 / rounds)
                await _not_far_behind(hub)
            await hub.kernel.log.stored(hub.kernel.log.head)
            gc.collect()
            days.append(
                {
                    "mb": resident_mb(),
                    "tasks": len(asyncio.all_tasks()),
                    "files": len(os.listdir("/proc/self/fd")),
                    "events": hub.kernel.log.head,
                }
            )
    sys.stdout.write(json.dumps(days) + "\n")


if __name__ == "__main__":
    folder, day_count, rounds, devices, keep = sys.argv[1:]
    asyncio.run(main(Path(folder), int(day_count), int(rounds), int(devices), keep))
