"""The story of the docs, followed command by command."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from casita.cli import main
from casita.clock import VirtualClock, settle
from casita.host import own_plugins
from casita.hub import Hub
from casita.log import Log
from casita.services import Command
from casita.states import States
from casita_config import load_config

STORY = Path(__file__).parents[2] / "core/docs/story.md"


def test_the_story_of_the_hall_light_can_be_followed(tmp_path: Path) -> None:
    before, changed, tested = re.findall(r"^```yaml\n(.*?)^```", STORY.read_text(), re.M | re.S)
    main_file = tmp_path / "casita.yaml"
    main_file.write_text(before)
    asyncio.run(_a_night_and_an_evening(tmp_path))
    (tmp_path / "hall.yaml").write_text(changed)

    why = _casita("why", "light.hall", "--config", str(tmp_path))
    backtest = _casita(
        "backtest", str(tmp_path / "hall.yaml"), "--days", "7", "--config", str(tmp_path)
    )
    main_file.write_text(tested)
    test = _casita("test", str(tmp_path))

    assert "hall light" in why
    assert "- 2026-03-12 03:00:00  light.turn_on light.hall" in backtest
    assert "here its conditions said no" in backtest
    assert "1 commands as before, 0 more, 1 less" in backtest
    assert "passed  hall light: dark at three" in test
    assert "2 tests, all passed" in test


def _casita(*words: str) -> str:
    result = CliRunner().invoke(main, list(words), env={"TZ": "UTC"})
    assert result.exit_code == 0, result.output
    return result.output


def _turned_on(states: States, command: Command) -> None:
    states.set("light.hall", "on", {}, source="test", cause=command.event)


async def _a_night_and_an_evening(folder: Path) -> None:
    clock = VirtualClock(datetime(2026, 3, 12, 2, 59, tzinfo=UTC))
    with Log.open(folder / ".casita", clock=clock) as log:
        config = load_config(folder)
        async with Hub(
            config, folder=None, log=log, clock=clock, plugins=own_plugins(), api=False
        ) as hub:
            await hub.host.started()
            states = hub.kernel.states
            hub.kernel.commands.attach("light.hall", partial(_turned_on, states))
            states.set("light.hall", "off", {}, source="test")
            states.set("binary_sensor.hall", "off", {}, source="test")
            for pause_s in (60, 17 * 3600):
                await clock.pass_time(pause_s)
                states.set("binary_sensor.hall", "on", {}, source="test")
                await settle()
                states.set("binary_sensor.hall", "off", {}, source="test")
