"""A hub that is killed comes back as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

from peers.hub import running_hub

CONFIG = """
input_boolean: {guests: {name: Guests}}
counter: {presses: {}}
automations:
  - alias: Count
    triggers: {trigger: state, entity_id: input_boolean.guests}
    actions: {action: counter.increment, target: {entity_id: counter.presses}}
"""


async def test_a_killed_hub_comes_back_with_its_states_and_a_whole_log(tmp_path: Path) -> None:
    async with running_hub(tmp_path, CONFIG) as hub:
        told: list[int] = []
        for number in range(30):
            service = "turn_on" if number % 2 == 0 else "turn_off"
            answer = await hub.post(
                f"/api/services/input_boolean/{service}",
                {"target": {"entity_id": ["input_boolean.guests"]}},
            )
            told.append(answer["outcomes"]["input_boolean.guests"]["offset"])

        await hub.kill()
        await hub.start()

        events = await hub.log()
        assert [event["offset"] for event in events] == list(range(1, len(events) + 1))
        assert max(told) <= len(events)
        assert await hub.state("input_boolean.guests") == "off"
        assert await hub.state("counter.presses") == "30"


async def test_a_restart_is_no_storm_of_states(tmp_path: Path) -> None:
    async with running_hub(tmp_path, CONFIG) as hub:
        await hub.post(
            "/api/services/input_boolean/turn_on",
            {"target": {"entity_id": ["input_boolean.guests"]}},
        )
        await hub.stop()
        await hub.start()

        events = await hub.log(types="state.changed", subjects="input_boolean.guests")

        assert [event["data"]["state"] for event in events] == ["off", "on"]


async def test_a_second_hub_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    import sys

    async with running_hub(tmp_path, CONFIG):
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "casita", "run", "--quiet", str(tmp_path),
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        _, said = await asyncio.wait_for(second.communicate(), 20)

    assert second.returncode not in (0, None)
    assert "Traceback" not in said.decode()
    assert str(tmp_path) in said.decode()
