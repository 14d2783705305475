"""A house under load, in a process of its own: prints what it measured as one line of JSON.

``python busy_house.py FOLDER RATE COUNT BURST KEEP``: so many events a second until there were so
many, then a burst, all in front of 100 automations with a log on the disk. KEEP is ``bounded``, or
``everything`` for a house that forgets nothing and must be found out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita.host import own_plugins
from casita.hub import Hub, calm_collector
from casita.services import Command, Service
from casita_config import Configuration

SENSORS: Final = 100
_WARM: Final = 10_000
"""Events until what is kept of the newest is full, and memory is measured from."""
_TICK_S: Final = 0.01
_MOST_S: Final = 0.1
"""Events of so much time happen at once after a pause of the machine."""
_MOST_BACKLOG: Final = 10_000
"""A disk that is slower than the rate is waited for."""
_FILLING: Final = "x" * 1000
_HAPPENED_AT: Final = "{{ trigger.to_state.attributes.at }}"


class Load:
    """Makes events, and measures how long they take to the command that follows."""

    def __init__(self, hub: Hub, keep_everything: bool) -> None:
        self._states = hub.kernel.states
        self._log = hub.kernel.log
        self._number = 0
        self._began = 0.0
        self._waited_s: list[float] = []
        self.kept: list[Any] = []
        self.acknowledged = 0
        self.behind = 0
        """So many events at most came between a change and the command that followed."""
        if keep_everything:
            hub.kernel.bus.subscribe(self._keep, owner="bench")

    def acted(self, command: Command) -> None:
        """Be told of a command, which an automation sent."""
        self._waited_s.append(time.perf_counter() - command.data["at"])
        self.behind = max(self.behind, command.event.offset - command.event.root)

    def happen(self, count: int) -> None:
        """Let so many events happen at once."""
        for _ in range(count):
            self._number += 1
            sensor = f"sensor.s{self._number % SENSORS}"
            attributes = {"at": time.perf_counter()}
            self._states.set(sensor, str(self._number), attributes, source="bench")

    async def acknowledge(self) -> None:
        """Wait until what there is is stored."""
        head = self._log.head
        await self._log.stored(head)
        self.acknowledged = head

    @property
    def backlog(self) -> int:
        """How many events wait for the disk."""
        return self._log.backlog

    @property
    def p99_s(self) -> float:
        """Within which time 99 of 100 commands followed."""
        return statistics.quantiles(self._waited_s, n=100)[98]

    @property
    def runs(self) -> int:
        """How many commands there were."""
        return len(self._waited_s)

    def _keep(self, event: Event) -> None:
        self.kept.append((event, f"{event.offset}{_FILLING}"))


async def steadily(load: Load, rate: int, count: int) -> None:
    """Let events happen at a rate; on a machine that cannot keep up, as many as it can."""
    began, done = time.perf_counter(), 0
    while done < count:
        due = min(count, int((time.perf_counter() - began) * rate) + 1)
        due = min(due, done + int(rate * _MOST_S) + 1)
        load.happen(due - done)
        done = due
        await asyncio.sleep(_TICK_S)
        if load.backlog > _MOST_BACKLOG:
            await load.acknowledge()


def resident_mb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def automations() -> list[dict[str, Any]]:
    """Return one automation for each tenth sensor's every change, and others that wait."""
    return [
        {
            "alias": f"follows {one}",
            "trigger": {"trigger": "state", "entity_id": f"sensor.s{one}"},
            "mode": "parallel",
            "action": [{"action": "bench.act", "data": {"at": _HAPPENED_AT}}],
        }
        for one in range(0, SENSORS, 10)
    ] + [
        {
            "alias": f"waits for {one}",
            "trigger": {"trigger": "state", "entity_id": f"sensor.s{one}", "to": "never"},
            "action": [{"action": "bench.act", "data": {"at": 0}}],
        }
        for one in range(90)
    ]  # fmt: skip


async def main(folder: Path, rate: int, count: int, burst: int, keep: str) -> None:
    """Run the house, load it, print the figures."""
    logging.disable(logging.CRITICAL)
    config = Configuration.from_mapping({"automation": automations()})
    async with Hub(config, folder=folder, plugins=own_plugins(), api=False) as hub:
        load = Load(hub, keep_everything=keep == "everything")
        hub.kernel.commands.register(
            Service(
                domain="bench", name="act", schema=vol.Schema({"at": vol.Coerce(float)}),
                handler=load.acted,
            )
        )  # fmt: skip
        await hub.host.started()
        calm_collector()
        await steadily(load, rate, _WARM)
        before_mb = resident_mb()
        began = time.perf_counter()
        await steadily(load, rate, count)
        taken_s, p99_s = time.perf_counter() - began, load.p99_s
        load.happen(burst)
        await load.acknowledge()
        after_mb = resident_mb()
    figures = {
        "acknowledged": load.acknowledged,
        "runs": load.runs,
        "changes": _WARM + count + burst,
        "growth_mb": after_mb - before_mb,
        "taken_s": taken_s,
        "p99_s": p99_s,
        "behind": load.behind,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    folder, rate, count, burst, keep = sys.argv[1:]
    asyncio.run(main(Path(folder), int(rate), int(count), int(burst), keep))
