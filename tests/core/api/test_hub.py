"""The API of a whole hub over a log on disk, across restarts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import aiohttp

from casita.hub import Hub
from casita_config import Configuration

from .conftest import Caller


def a_hub(folder: Path) -> Hub:
    return Hub(Configuration.from_mapping({"http": {"port": 0}}), folder=folder, plugins=[])


async def first_token(hub: Hub, ask: Caller) -> str:
    assert hub.api is not None
    body = {"code": hub.api.setup_code, "name": "ann"}
    return str((await ask("POST", "/api/setup", body, token=None)).json["token"])


async def test_a_listener_sees_everything_once_across_restarts_of_the_hub(tmp_path: Path) -> None:
    seen: list[int] = []
    token: str | None = None
    last = 0

    for visit in range(5):
        async with a_hub(tmp_path) as hub, aiohttp.ClientSession() as session:
            ask = Caller(session, hub.address)
            ask.token = token = token or await first_token(hub, ask)
            for number in range(50):
                hub.kernel.bus.emit("ticked", "clock", {"n": visit * 50 + number}, source="test")
            async with ask.follow("?types=ticked", last_event_id=last) as stream:
                for _ in range(30 if visit < 4 else 250 - len(seen)):
                    seen.append((await stream.next())["data"]["n"])
                last = stream.last_id

    assert seen == list(range(250))


async def test_what_is_told_as_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub, aiohttp.ClientSession() as session:
        ask = Caller(session, hub.address)
        ask.token = await first_token(hub, ask)
        told = await ask("POST", "/api/events", {"type": "doorbell_rang"})

    async with a_hub(tmp_path) as again:
        event = await again.kernel.log.event(told.json["offset"])

    assert told.json["stored"] is True
    assert event is not None
    assert (event.type, event.actor) == ("doorbell_rang", "token:ann")


def test_a_hub_starts_without_the_server() -> None:
    program = "import sys, casita.hub, casita.api; sys.exit('aiohttp' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
