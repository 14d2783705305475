"""A change of an automation, from trying it on the past to having it in force, on a real hub."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from peers.hub import HubProcess, running_hub

pytestmark = pytest.mark.system

HOUSE = """\
input_boolean: {{guests: }}
automation:
  - alias: greet
    triggers: [{{trigger: event, event_type: knock}}]
    actions: [{{action: persistent_notification.create, data: {{message: {message}}}}}]
    tests:
      - {{name: greets, do: [{{event: knock}}], expect: [persistent_notification.create]}}
"""
QUIET = """\
alias: greet
triggers: [{trigger: event, event_type: knock}]
conditions: [{condition: state, entity_id: input_boolean.guests, state: "on"}]
actions: [{action: persistent_notification.create, data: {message: hello}}]
"""


async def casita(*words: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "casita", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def write(folder: Path, old: str, new: str) -> None:
    file = folder / "casita.yaml"
    file.write_text(file.read_text().replace(old, new))


async def messages(hub: HubProcess) -> list[Any]:
    await hub.post("/api/events", {"type": "knock"})
    sent = await hub.log(types="command.sent", subjects="persistent_notification.create")
    return [one["data"]["data"]["message"] for one in sent]


async def test_a_change_is_tried_tested_and_put_in_force(tmp_path: Path) -> None:
    async with running_hub(tmp_path, HOUSE.format(message="hello")) as hub:
        assert await messages(hub) == ["hello"]

        tried = await hub.post("/api/backtest", {"yaml": QUIET})
        write(tmp_path, "message: hello", "message: welcome")
        tested = await hub.post("/api/test")
        planned = await casita("reload", "--dry-run", "--config", str(tmp_path))
        in_force = await hub.post("/api/reload")

        assert (tried["same"], tried["added"], tried["missing"]) == (0, 0, 1)
        assert tried["lines"][0]["why"][-1].startswith("here its conditions said no")
        assert [one["verdict"] for one in tested["results"]] == ["passed"]
        assert planned[0] == 0
        assert "Would be in force: 0 added, 1 changed, 0 removed, 0 unchanged." in planned[1]
        assert in_force["active"] is True
        assert (await messages(hub))[-1] == "welcome"


async def test_a_change_that_breaks_a_test_is_refused(tmp_path: Path) -> None:
    async with running_hub(tmp_path, HOUSE.format(message="hello")) as hub:
        write(tmp_path, "event_type: knock", "event_type: ring")

        code, said = await casita("reload", "--config", str(tmp_path))

        assert code == 4, said
        assert "Test: casita.yaml:" in said
        assert "Refused, the old configuration stays in force" in said
        assert await messages(hub) == ["hello"]


async def test_a_watched_folder_is_reloaded_when_a_file_changes(tmp_path: Path) -> None:
    async with running_hub(tmp_path, HOUSE.format(message="hello")) as hub:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-m", "casita", "reload", "--watch", "--config", str(tmp_path),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            await _until(process, "Watching")
            write(tmp_path, "message: hello", "message: welcome")
            await _until(process, "In force: 0 added, 1 changed")
            assert await messages(hub) == ["welcome"]
        finally:
            process.terminate()
            await process.communicate()


async def test_what_the_backtest_refuses_reads_the_same_over_http(tmp_path: Path) -> None:
    async with running_hub(tmp_path, HOUSE.format(message="hello")) as hub:
        with pytest.raises(AssertionError, match="there is no such automation"):
            await hub.post("/api/backtest", {"automation": "gret"})


async def _until(process: asyncio.subprocess.Process, words: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, "it ended"
