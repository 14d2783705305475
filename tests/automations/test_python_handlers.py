"""Automations in Python go on after a restart, and say so when they cannot."""

from __future__ import annotations

from typing import Any

import pytest
import voluptuous as vol

from casita import Changed, Plugin, entity
from casita.testing import House

CONFIG = {vol.Required("sensor"): entity("sensor"), vol.Required("light"): entity("light")}


def _plugin(steps: list[str]) -> Plugin:
    """Return a plugin whose handler does what the steps say at the time."""
    plugin = Plugin("steps", version="1.0")

    @plugin.automation(config=CONFIG, on=Changed("{sensor}", to="on"))
    async def goes(event: Changed, config: Any, home: Any) -> None:
        """Do the steps."""
        for step in steps:
            if step == "on":
                await home.call("light.turn_on", config.light)
            elif step == "toggle":
                await home.call("light.toggle", config.light)
            else:
                await home.sleep(step)

    return plugin


@pytest.mark.parametrize("crashes", [0, 1, 5])
def test_each_step_is_done_once_however_often_the_hub_crashes(crashes: int) -> None:
    with House(plugins=[_plugin(["toggle", "10m", "on", "10m", "toggle"])]) as house:
        house.use("steps.goes", sensor="sensor.a", light="light.hall")
        house.sees("light.hall", "off")
        house.sees("sensor.a", "on")

        for _ in range(crashes):
            house.passes("3m")
            house.crash(down="1m")
        house.passes("1h")

        assert [service for service, _ in house.sent] == [
            "light.toggle",
            "light.turn_on",
            "light.toggle",
        ]
        assert _results(house) == ["done"]


@pytest.mark.parametrize("changed", [["on", "toggle"], ["10m", "on"], ["toggle", "10m"]])
def test_code_that_has_changed_ends_visibly(changed: list[str]) -> None:
    steps = ["on", "10m", "toggle"]
    with House(plugins=[_plugin(steps)]) as house:
        house.use("steps.goes", sensor="sensor.a", light="light.hall")
        house.sees("light.hall", "off")
        house.sees("sensor.a", "on")

        steps[:] = changed
        house.crash()
        house.passes("1h")

        end = next(one for one in house.events if one.type == "run.finished")
        assert end.data["result"] == "failed"
        assert "its code has changed while the run waited" in end.data["message"]
        assert [service for service, _ in house.sent] == ["light.turn_on"]


def test_a_changed_configuration_drops_the_run_and_says_so() -> None:
    with House(plugins=[_plugin(["10m", "on"])]) as house:
        house.use("steps.goes", sensor="sensor.a", light="light.hall")
        house.sees("light.hall", "off")
        house.sees("sensor.a", "on")
        house._config["automations"][0]["with"]["light"] = "light.other"

        house.crash()
        house.passes("1h")

        assert _results(house) == ["dropped"]
        assert house.sent == []


def _results(house: House) -> list[str]:
    return [str(one.data["result"]) for one in house.events if one.type == "run.finished"]
