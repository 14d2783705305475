"""P3, with a disk that is really full: nobody is told otherwise, and the house goes on.

The data folder of a real hub is a file system of its own. Disks that break in other ways are
simulated in ``tests/properties/test_disk_faults.py``, where the control is, too.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from casita.log import LogReader
from peers.small_disk import SmallDiskHub, small_disk_hub, why_not
from proofs import FULL, share

CYCLES: Final = share(50)
BACK_WITHIN_S: Final = 5.0
PATIENCE_S: Final = 30.0
LAMP: Final = "input_boolean.lamp"
CONFIG: Final = """
input_boolean: {lamp: {name: Lamp}, follower: {name: Follower}}
automation:
  - alias: follow
    trigger: {trigger: state, entity_id: input_boolean.lamp}
    action:
      - action: "input_boolean.turn_{{ trigger.to_state.state }}"
        target: {entity_id: input_boolean.follower}
"""


@pytest.fixture
async def hub() -> AsyncIterator[SmallDiskHub]:
    """A hub on a disk of 16 MB."""
    reason = await why_not()
    if reason is not None:
        pytest.skip(reason)
    with TemporaryDirectory(prefix="disk") as folder:
        async with small_disk_hub(Path(folder), CONFIG, megabytes=16) as one:
            yield one


async def publish(hub: SmallDiskHub) -> dict[str, Any]:
    """Publish an event that needs room; return what the API says."""
    body = {"type": "rang", "subject": "button.hall", "data": {"text": "x" * 5000}}
    told: dict[str, Any] = await hub.post("/api/events", body)
    return told


async def until_refused(hub: SmallDiskHub, acknowledged: list[int]) -> None:
    """Publish until the disk takes no more; what it took before that counts."""
    async with asyncio.timeout(PATIENCE_S):
        while (told := await publish(hub))["stored"]:
            acknowledged.append(told["offset"])


async def until_stored(hub: SmallDiskHub, acknowledged: list[int]) -> float:
    """Publish until it is stored again; return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while not (told := await publish(hub))["stored"]:
            await asyncio.sleep(0.05)
    acknowledged.append(told["offset"])
    return time.monotonic() - began


async def switch(hub: SmallDiskHub, to: str) -> dict[str, Any]:
    body = {"target": {"entity_id": [LAMP]}}
    told: dict[str, Any] = await hub.post(f"/api/services/input_boolean/turn_{to}", body)
    return told


def lost(hub: SmallDiskHub, acknowledged: list[int]) -> list[int]:
    """Return what was acknowledged and is not in the log."""
    copy = hub.folder / "copy"
    copy.mkdir()
    for name in ("casita.db", "casita.db-wal", "casita.mark"):
        if (hub.disk / name).exists():
            shutil.copy(hub.disk / name, copy)
    with LogReader(copy) as log:
        assert log.verify().sound
        there = {int(event.offset) for event in log.scan()}
    return [offset for offset in acknowledged if offset not in there]


async def test_a_full_disk_stops_nothing_and_nobody_is_told_otherwise(hub: SmallDiskHub) -> None:
    acknowledged: list[int] = []
    for cycle in range(CYCLES):
        to = "off" if cycle % 2 else "on"
        hub.fill()
        await until_refused(hub, acknowledged)

        switched = await switch(hub, to)
        await hub.becomes("input_boolean.follower", to)
        hub.free()
        back_s = await until_stored(hub, acknowledged)

        assert switched["stored"] is False
        assert switched["outcomes"][LAMP]["status"] == "done"
        assert not FULL or back_s <= BACK_WITHIN_S
    await hub.stop()
    assert lost(hub, acknowledged) == []


async def test_a_hub_that_is_killed_on_a_full_disk_starts_on_it(hub: SmallDiskHub) -> None:
    acknowledged: list[int] = []
    await switch(hub, "on")
    hub.fill()
    await until_refused(hub, acknowledged)

    await hub.kill()
    await hub.start()
    refused = await switch(hub, "off")
    hub.free()
    await until_stored(hub, acknowledged)

    assert refused["outcomes"][LAMP]["status"] == "done"
    assert await hub.state(LAMP) == "off"
    await hub.stop()
    assert lost(hub, acknowledged) == []
