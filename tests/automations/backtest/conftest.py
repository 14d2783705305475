"""Houses with a past: a log on the disk, made by a hub that ran."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casita.cli import main
from casita.clock import VirtualClock, settle
from casita.host import own_plugins
from casita.hub import Hub
from casita.kernel import Kernel
from casita.log import Log
from casita.services import Command
from casita_config import load_config

BEGIN = datetime(2024, 3, 12, 1, tzinfo=UTC)
HALL = """\
automation:
  - alias: hall light
    triggers: [{trigger: state, entity_id: binary_sensor.hall, to: "on"}]
    conditions: []
    actions: [{action: light.turn_on, target: {entity_id: light.hall}}]
  - alias: hall light off
    triggers: [{trigger: state, entity_id: light.hall, to: "on", for: "00:10:00"}]
    actions: [{action: light.turn_off, target: {entity_id: light.hall}}]
"""
Backtest = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on which a hub ran for three nights, with a motion in the hall at 3 in each.

    It is one for all: a backtest changes nothing in it.
    """
    folder = tmp_path_factory.mktemp("lived_in")
    (folder / "casita.yaml").write_text(HALL)
    asyncio.run(_live(folder, nights=3))
    return folder


@pytest.fixture
def backtest(lived_in: Path) -> Backtest:
    """Run ``casita backtest --json`` on that folder; return the report."""

    def run(*arguments: object) -> dict[str, Any]:
        words = ["backtest", "--json", "--config", str(lived_in), *map(str, arguments)]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        report: dict[str, Any] = json.loads(result.stdout)
        return report

    return run


async def _live(folder: Path, nights: int) -> None:
    clock = VirtualClock(BEGIN)
    with Log.open(folder / ".casita", clock=clock) as log:
        hub = Hub(
            load_config(folder), folder=None, log=log, clock=clock, plugins=own_plugins(),
            api=False,
        )  # fmt: skip
        async with hub:
            await hub.host.started()
            _furnish(hub.kernel)
            for _ in range(nights):
                await clock.pass_time(2 * 3600)
                await _motion(hub.kernel, clock)
                await clock.pass_time(22 * 3600 - 60)


def _furnish(kernel: Kernel) -> None:
    kernel.states.set("binary_sensor.hall", "off", {}, source="test")
    kernel.states.set("sun.sun", "below_horizon", {}, source="test")
    kernel.states.set("light.hall", "off", {"supported_color_modes": ["brightness"]}, source="test")

    def take(command: Command) -> None:
        kernel.states.set(
            "light.hall", command.action.removeprefix("turn_"),
            kernel.states.require("light.hall").attributes, source="test", cause=command.event,
        )  # fmt: skip

    kernel.commands.attach("light.hall", take)


async def _motion(kernel: Kernel, clock: VirtualClock) -> None:
    for state in ("on", "off"):
        kernel.states.set("binary_sensor.hall", state, {}, source="test")
        await settle()
        await clock.pass_time(30)
