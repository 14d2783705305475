"""What people see of a broker: on the command line, and over the API."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from peers.brokers import Line, NatsPeer, event, told
from peers.hub import HubProcess, running_hub

CONFIG = """
home: {{name: Main}}
plugins: [nats]
input_boolean: {{guests: {{name: Guests}}}}
brokers:
  village:
    url: nats://user:secret@127.0.0.1:{port}
    publish:
    subscribe:
"""


async def _casita(hub: HubProcess, *words: str) -> str:
    """Return what a command prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "casita", *words, "--config", str(hub.folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    return said.decode()


async def _turned(hub: HubProcess, to: str) -> None:
    await hub.post(
        f"/api/services/input_boolean/turn_{to}",
        {"target": {"entity_id": ["input_boolean.guests"]}},
    )


async def _is(hub: HubProcess, **wanted: Any) -> dict[str, Any]:
    """Return the broker as the API has it, once it is so."""
    async with asyncio.timeout(30):
        while True:
            one: dict[str, Any] = (await hub.get("/api/brokers"))[0]
            if all(one[key] == value for key, value in wanted.items()):
                return one
            await asyncio.sleep(0.05)


@pytest.mark.timeout(120)
async def test_how_far_behind_a_broker_is_is_told_by_the_api_and_the_command_line(
    tmp_path: Path,
) -> None:
    peer = NatsPeer(tmp_path / "nats")
    await peer.start()
    async with running_hub(tmp_path, CONFIG.format(port=peer.port)) as hub:
        up = await _is(hub, state="up", behind=0)
        await peer.stop()
        down = await _is(hub, state="waiting")
        await _turned(hub, "on")
        await _turned(hub, "off")
        behind = (await hub.get("/api/brokers"))[0]["behind"]
        table = await _casita(hub, "brokers")
        await peer.start()
        caught_up = await _is(hub, state="up", behind=0)

    assert "secret" not in json.dumps([up, down]) + table
    assert up["promises"]["durable"] is False
    assert down["reason"]
    assert behind > 0
    assert "village" in table
    assert "waiting" in table
    assert str(behind) in table
    assert "it may acknowledge before its disk is synced" in table
    assert caught_up["losses"] == 1
    await peer.stop()


@pytest.mark.timeout(120)
async def test_what_could_not_be_taken_in_is_on_the_shelf_and_can_be_tried_again(
    tmp_path: Path,
) -> None:
    peer = NatsPeer(tmp_path / "nats")
    await peer.start()
    cabin = Line(peer.transport("casita", "cabin"))
    async with running_hub(tmp_path, CONFIG.format(port=peer.port)) as hub:
        await _is(hub, state="up")
        await cabin.transport.open()
        bad = event(1, type="state.changed", subject="nonsense", data={"state": "on"})
        await cabin.transport.publish(told(bad))
        await _is(hub, rejected=1)
        letters = await _shelf(hub, 1)
        said = await _casita(hub, "dead", "redrive", letters[0]["id"])
        still = await _shelf(hub, 1)
    await cabin.transport.close()
    await peer.stop()

    assert "'nonsense' is no entity of cabin" in letters[0]["error"]
    assert "failed again" in said
    assert still[0]["tries"] > letters[0]["tries"]


async def _shelf(hub: HubProcess, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while True:
            found: list[dict[str, Any]] = await hub.get("/api/dead")
            if len(found) == count:
                return found
            await asyncio.sleep(0.05)
