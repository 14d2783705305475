"""P1: what was acknowledged survives ``kill -9`` of a real hub under load, which is back soon.

In full: 500 kills with a million events in the log; ``poe proofs`` takes them. The control says
"stored" before it is.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import aiohttp

from casita.clock import VirtualClock
from casita.events import Event
from casita.log import Log, LogReader
from peers import hasty_hub
from peers.hub import HubProcess, running_hub
from proofs import FULL

KILLS: Final = 500 if FULL else 10
BEFORE: Final = 1_000_000 if FULL else 20_000
"""So many events are in the log before the first kill."""
CLIENTS: Final = 8
RATE: Final = 200
"""So many events a second at most."""
READY_WITHIN_S: Final = 3.0
CONFIG: Final = """
input_boolean: {guests: {name: Guests}}
counter: {presses: {}}
automation:
  - alias: count
    mode: parallel
    max: 1000
    trigger: {trigger: event, event_type: pressed}
    action: [{action: counter.increment, target: {entity_id: counter.presses}}, {delay: 2}]
"""


class Load:
    """Clients that publish events, and remember what they were told."""

    def __init__(self, hub: HubProcess) -> None:
        self._hub = hub
        self._numbers = count(1)
        self._up = False
        self.acknowledged: dict[int, int] = {}
        """The number in each event that was said to be stored, by its offset."""

    async def until_killed_after(self, seconds: float) -> None:
        """Publish, and kill the hub meanwhile."""
        self._up = True
        clients = [asyncio.ensure_future(self._publish()) for _ in range(CLIENTS)]
        await asyncio.sleep(seconds)
        self._up = False
        await self._hub.kill()
        await asyncio.gather(*clients)

    async def _publish(self) -> None:
        while self._up:
            number = next(self._numbers)
            body = {"type": "pressed", "subject": "button.hall", "data": {"n": number}}
            try:
                told = await self._hub.post("/api/events", body)
            except (aiohttp.ClientError, OSError):
                return
            if told["stored"]:
                self.acknowledged[told["offset"]] = number
            await asyncio.sleep(CLIENTS / RATE)


def _fill(folder: Path, number: int) -> None:
    """Give a house a past."""
    with Log.open(folder / ".casita", clock=VirtualClock(datetime(2024, 3, 12, tzinfo=UTC))) as log:
        for one in range(number):
            log.append("t", f"sensor.s{one % 100}", {"n": one, "text": "x" * 40}, source="test")
            if one % 10_000 == 0:
                log.flush()


def _missing(folder: Path, acknowledged: dict[int, int], after: int) -> list[int]:
    """Return which acknowledged events the log does not hold, or hold otherwise."""
    with LogReader(folder / ".casita") as log:
        events: dict[int, Event] = {one.offset: one for one in log.scan(after=after)}
    offsets = list(events)
    assert offsets == list(range(after + 1, after + 1 + len(offsets)))
    return [
        offset
        for offset, number in acknowledged.items()
        if offset > after and (offset not in events or events[offset].data.get("n") != number)
    ]


async def _lost_by_kills(hub: HubProcess, kills: int) -> tuple[list[int], list[float]]:
    """Kill a hub again and again; return what was lost, and how long each start took."""
    rng = random.Random(4)
    load, lost, ready_s, checked = Load(hub), list[int](), list[float](), BEFORE
    for _ in range(kills):
        await load.until_killed_after(rng.uniform(0.05, 0.8))
        began = time.monotonic()
        await hub.start()
        ready_s.append(time.monotonic() - began)
        lost += await asyncio.to_thread(_missing, hub.folder, load.acknowledged, checked)
        checked = max(load.acknowledged, default=checked)
    assert load.acknowledged
    return lost, ready_s


async def test_nothing_acknowledged_is_lost_by_kills_under_load(tmp_path: Path) -> None:
    await asyncio.to_thread(_fill, tmp_path, BEFORE)
    async with running_hub(tmp_path, CONFIG) as hub:
        lost, ready_s = await _lost_by_kills(hub, KILLS)

    with LogReader(tmp_path / ".casita") as log:
        report = await asyncio.to_thread(log.verify)
    assert lost == []
    assert report.sound
    assert report.lost == ()
    if FULL:
        assert max(ready_s) <= READY_WITHIN_S


async def test_control_a_hub_that_says_stored_before_it_is_loses_events(tmp_path: Path) -> None:
    await asyncio.to_thread(_fill, tmp_path, BEFORE)
    async with running_hub(tmp_path, CONFIG, program=(str(hasty_hub.__file__),)) as hub:
        lost, _ = await _lost_by_kills(hub, 3)

    assert lost
