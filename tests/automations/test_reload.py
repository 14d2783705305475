"""Reading the configuration anew, while the hub runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from casita.clock import VirtualClock, settle
from casita.host import own_plugins
from casita.hub import Hub
from casita.testing import START
from casita_config import load_config

BEFORE = """
automation:
  - alias: same
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: same}]
  - alias: other
    trigger: {platform: event, event_type: go}
    action: [{event: before}]
script:
  gone: {sequence: []}
"""
AFTER = """
automation:
  - alias: same
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: same}]
  - alias: other
    trigger: {platform: event, event_type: go}
    action: [{event: after}]
  - alias: broken
    trigger: {platform: nonsense}
    action: []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "casita.yaml").write_text(BEFORE)
    return tmp_path


def make(folder: Path, clock: VirtualClock) -> Hub:
    config = load_config(folder)
    return Hub(config, folder=None, clock=clock, plugins=own_plugins(), api=False)


async def reload(hub: Hub, folder: Path, text: str) -> None:
    (folder / "casita.yaml").write_text(text)
    call = hub.kernel.commands.call("automation.reload", source="test")
    await call.finished()
    call.raise_for_failure()


async def test_what_changed_is_replaced_and_what_did_not_goes_on(folder: Path) -> None:
    clock = VirtualClock(START)
    async with make(folder, clock) as hub:
        hub.kernel.bus.emit("go", "go", {}, source="test")

        await reload(hub, folder, AFTER)
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(60)

        types = [one.type for one in hub.kernel.log.scan()]
        assert types.count("before") == 1
        assert types.count("after") == 1
        assert types.count("same") == 1


async def test_what_is_gone_has_no_entity_and_no_service(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        await reload(hub, folder, AFTER)
        await settle()

        assert "script.gone" not in hub.kernel.states
        assert hub.kernel.commands.service("script.gone") is None


async def test_a_fault_in_the_new_configuration_is_told(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        await reload(hub, folder, AFTER)

        problems = list(hub.kernel.log.scan(types=("config.problem",)))
        assert ["nonsense" in one.data["message"] for one in problems] == [True]
        assert problems[0].data["line"] == 10
