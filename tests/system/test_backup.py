"""A backup of a house that is busy, restored on another machine: the house goes on there."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from peers.hub import HubProcess, running_hub

CONFIG = """
input_boolean: {guests: {name: Guests}}
counter: {presses: {}}
automation:
  - alias: count
    trigger: {trigger: event, event_type: pressed}
    action: {action: counter.increment, target: {entity_id: counter.presses}}
  - alias: later
    trigger: {trigger: event, event_type: begun}
    action: [{delay: 3600}, {event: ended}]
"""


async def _casita(folder: Path, *words: str) -> dict[str, Any]:
    """Run a command of ``casita log``; return what it answers in JSON."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "casita", "log", *words, "--json", "--config", str(folder),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(said)
    return answer


async def _press(hub: HubProcess) -> None:
    """Publish until it is cancelled."""
    while True:
        await hub.post("/api/events", {"type": "pressed"})


async def test_a_backup_under_load_is_a_house_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with running_hub(here, CONFIG) as hub:
        await hub.post(
            "/api/services/input_boolean/turn_on",
            {"target": {"entity_id": ["input_boolean.guests"]}},
        )
        await hub.post("/api/events", {"type": "begun"})
        pressing = [asyncio.ensure_future(_press(hub)) for _ in range(4)]
        saved = await _casita(here, "backup", str(tmp_path / "saved.tgz"))
        for one in pressing:
            one.cancel()
        await asyncio.gather(*pressing, return_exceptions=True)
        before = await hub.log()
    shutil.copy(here / "casita.yaml", there)
    shutil.rmtree(here)

    await _casita(there, "restore", str(tmp_path / "saved.tgz"))
    async with running_hub(there, CONFIG) as hub:
        after = await hub.log()
        guests, presses = (
            await hub.state("input_boolean.guests"),
            await hub.state("counter.presses"),
        )
        upcoming = await hub.get("/api/next?for=2h")
    verified = await _casita(there, "verify")

    kept = after[: saved["head"]]
    assert kept == before[: saved["head"]]
    assert guests == "on"
    counted = [one for one in kept if one["subject"] == "counter.presses"]
    shown = [one["data"]["state"] for one in counted if one["type"] == "state.changed"]
    assert presses == shown[-1]
    assert "automation.later" in [one["subject"] for one in upcoming["upcoming"]]
    assert verified["sound"] is True
