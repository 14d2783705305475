"""Conditions and actions that plugins add to the words in which automations are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import voluptuous as vol

from casita import House as Seen
from casita import Plugin, entity
from casita.asking import Doing
from casita.testing import House

ON = ("light.turn_on", "light.hall")
OFF = ("light.turn_off", "light.hall")


def _plugin() -> Plugin:
    plugin = Plugin("words", version="1.0")

    @plugin.condition({vol.Required("sensor"): entity("sensor"), vol.Required("below"): float})
    def chilly(config: Any, house: Seen) -> bool:
        state = house.state(config.sensor)
        if state is None:
            raise LookupError("no such sensor")
        return bool(float(state.state) < config.below)

    @plugin.action({vol.Required("light"): entity("light"), vol.Optional("times", default=1): int})
    async def blink(config: Any, home: Any) -> None:
        for _ in range(config.times):
            await home.call("light.turn_on", config.light)
            await home.sleep("10m")
            await home.call("light.turn_off", config.light)

    @plugin.action({})
    async def breaks(config: Any, home: Any) -> None:
        raise ValueError("it is broken")

    @plugin.action({vol.Required("light"): entity("light")})
    async def reaches_out(config: Any, home: Any) -> None:
        await home.call("light.turn_on", "light.other")

    return plugin


def _runs(house: House, *actions: Mapping[str, Any], **more: Any) -> None:
    """Let an automation do something, and set it off."""
    item = {"alias": "Acts", "triggers": [{"trigger": "event", "event_type": "go"}]}
    house.automation({**item, "actions": list(actions), **more})
    house.sees("light.hall", "off")
    house.sees("light.other", "off")
    house.sees("sensor.hall", "16.5")
    house.fires("go")


def _ends(house: House) -> list[tuple[str, str | None]]:
    finished = [one for one in house.events if one.type == "run.finished"]
    return [(one.data["result"], one.data.get("message")) for one in finished]


@pytest.mark.parametrize(("below", "sent"), [(17.0, [ON]), (16.0, []), ("{{ 10 + 7.5 }}", [ON])])
def test_a_condition_of_a_plugin_is_asked(below: object, sent: list[Any]) -> None:
    condition = {"condition": "chilly", "sensor": "sensor.hall", "below": below}
    with House(plugins=[_plugin()]) as house:
        _runs(house, condition, {"action": "light.turn_on", "entity_id": "light.hall"})

        assert house.sent == sent


def test_a_condition_that_raises_does_not_hold_and_says_why() -> None:
    condition = {"condition": "chilly", "sensor": "sensor.gone", "below": 17.0}
    with House(plugins=[_plugin()]) as house:
        _runs(house, condition, {"action": "light.turn_on", "entity_id": "light.hall"})

        assert house.sent == []
        trace = next(one for one in house.events if one.type == "run.finished").data["trace"]
        assert list(trace) == [("actions/0", False, "chilly: LookupError: no such sensor")]


def test_an_action_goes_on_after_crashes_each_step_done_once() -> None:
    with House(plugins=[_plugin()]) as house:
        then = {"action": "light.toggle", "entity_id": "light.hall"}
        _runs(house, {"blink": {"light": "light.hall", "times": 2}}, then)
        for _ in range(3):
            house.passes("4m")
            house.crash(down="1m")
        house.passes("30m")

        assert house.sent == [ON, OFF, ON, OFF, ("light.toggle", "light.hall")]
        assert _ends(house) == [("done", None)]


def test_actions_of_plugins_run_side_by_side() -> None:
    blink = {"blink": {"light": "light.hall"}}
    with House(plugins=[_plugin()]) as house:
        _runs(house, {"parallel": [blink, {"delay": "5m"}, blink]})
        house.crash()
        house.passes("11m")

        assert house.sent == [ON, ON, OFF, OFF]
        assert _ends(house) == [("done", None)]


def test_a_run_that_is_stopped_stops_its_action() -> None:
    with House(plugins=[_plugin()]) as house:
        _runs(house, {"blink": {"light": "light.hall"}}, mode="restart")
        house.passes("5m")
        house.fires("go")
        house.passes("6m")

        assert house.sent == [ON, ON]
        house.passes("5m")
        assert house.sent == [ON, ON, OFF]
        assert [result for result, _ in _ends(house)] == ["stopped", "done"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"breaks": {}}, "breaks: it is broken"),
        ({"breaks": None}, "breaks: it is broken"),
        (
            {"reaches_out": {"light": "light.hall"}},
            "reaches_out: automation.acts: light.turn_on light.other: its configuration does not "
            "name this entity",
        ),
        (
            {"blink": {"light": "light.hall", "times": "{{ 'many' }}"}},
            "blink: expected int for dictionary value @ data['times']",
        ),
    ],
)
def test_what_an_action_raises_fails_its_run_alone(action: Mapping[str, Any], message: str) -> None:
    with House(plugins=[_plugin()]) as house:
        _runs(house, action, {"event": "never"})

        assert _ends(house) == [("failed", message)]
        assert house.sent == []

    with House(plugins=[_plugin()]) as house:
        _runs(house, {**action, "continue_on_error": True}, {"event": "after_all"})

        assert _ends(house) == [("done", None)]
        assert [one.type for one in house.events if one.type == "after_all"] == ["after_all"]


def test_what_an_action_waits_for_is_told_and_can_be_cancelled() -> None:
    with House(plugins=[_plugin()]) as house:
        _runs(house, {"blink": {"light": "light.hall"}})
        answerer = house.kernel.asking.answerer
        soon = house.kernel.clock.now() + timedelta(hours=2)
        pending = [one for one in house.awaits(answerer.upcoming(soon)) if one.kind == "delay"]

        assert [(one.kind, one.subject) for one in pending] == [("delay", "automation.acts")]
        house.awaits(answerer.act(pending[0].id, Doing.CANCEL, actor="owner"))
        house.passes("20m")
        assert house.sent == [ON]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"actions": [{"blnk": {"light": "light.hall"}}]}, "Did you mean 'blink'?"),
        ({"actions": [{"blink": {"light": "switch.hall"}}]}, "switch.hall"),
        ({"actions": [{"blink": {}}]}, "'light'"),
        ({"actions": [], "conditions": [{"condition": "chily"}]}, "Did you mean 'chilly'?"),
        ({"actions": [], "conditions": [{"condition": "chilly", "below": 3.0}]}, "'sensor'"),
    ],
)
def test_a_fault_in_the_configuration_is_told(item: Mapping[str, Any], message: str) -> None:
    with House(plugins=[_plugin()]) as house:
        trigger = {"trigger": "event", "event_type": "go"}
        house.automation({"alias": "Bad", "triggers": [trigger], **item})
        (problem,) = house.hub.host.problems()

    assert message in str(problem)


def test_a_name_that_is_taken_is_refused() -> None:
    other = Plugin("other", version="1.0")

    @other.action({})
    async def blink(config: Any, home: Any) -> None:
        """Do nothing."""

    with House(plugins=[_plugin(), other]) as house:
        house.sees("light.hall", "off")
        reasons = {one.name: one.reason for one in house.hub.host.ledger()}

    assert reasons["words"] is None
    assert reasons["other"] == "another plugin supplies the action 'blink' already"
