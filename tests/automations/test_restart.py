"""What waits survives a crash of the hub, and ends once and at its time."""

from __future__ import annotations

from typing import Any

import pytest

from automations.conftest import Declare

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}


def light(state: str) -> dict[str, Any]:
    return {"action": f"light.turn_{state}", "target": {"entity_id": "light.hall"}}


def test_a_delay_goes_on_where_it_was(home: Declare) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [{"delay": "00:05:00"}, light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("2m")

    house.crash()
    house.passes("2m59s")
    before = list(house.sent)
    house.passes("2s")

    assert before == []
    assert house.sent == [("light.turn_on", "light.hall")]


def test_a_delay_that_ran_out_while_the_hub_was_down_ends_at_the_start(home: Declare) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [{"delay": 60}, light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")

    house.clock.advance(0)
    house.crash()
    house.passes("61s")

    assert house.sent == [("light.turn_on", "light.hall")]


def test_the_variables_and_the_trigger_are_kept(home: Declare) -> None:
    event = {
        "event": "told",
        "event_data": {
            "x": "{{ x }}",
            "from": "{{ trigger.from_state.state }}",
            "changed": "{{ trigger.to_state.last_changed.year }}",
        },
    }
    house = home(
        {
            "alias": "a",
            "trigger": DOOR,
            "action": [{"variables": {"x": "{{ [1, 2] }}"}}, {"delay": 60}, event],
        }
    )
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")

    house.crash()
    house.passes("1m")

    told = [one for one in house.events if one.type == "told"]
    assert [one.data for one in told] == [{"x": [1, 2], "from": "off", "changed": 2024}]


def test_a_held_state_goes_on_counting(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {**DOOR, "for": "00:10:00"}, "action": [light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("4m")

    house.crash()
    house.passes("5m59s")
    before = list(house.sent)
    house.passes("2s")

    assert before == []
    assert house.sent == [("light.turn_on", "light.hall")]


def test_a_held_state_that_ended_does_not_fire_after_a_restart(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {**DOOR, "for": "00:10:00"}, "action": [light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.sees("binary_sensor.door", "off")

    house.crash()
    house.passes("20m")

    assert house.sent == []


def test_a_wait_for_a_trigger_goes_on(home: Declare) -> None:
    wait = {
        "wait_for_trigger": [{"trigger": "event", "event_type": "go"}],
        "timeout": "00:10:00",
        "continue_on_timeout": False,
    }
    house = home({"alias": "a", "trigger": DOOR, "action": [wait, light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")

    house.crash()
    house.fires("go")

    assert house.sent == [("light.turn_on", "light.hall")]


def test_the_time_limit_of_a_wait_counts_across_a_restart(home: Declare) -> None:
    wait = {"wait_template": "{{ is_state('light.hall', 'on') }}", "timeout": "00:10:00"}
    told = {"event": "told", "event_data": {"completed": "{{ wait.completed }}"}}
    house = home({"alias": "a", "trigger": DOOR, "action": [wait, told]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("4m")

    house.crash()
    house.passes("6m")

    events = [one.data for one in house.events if one.type == "told"]
    assert events == [{"completed": False}]


def test_each_strand_of_a_parallel_goes_on(home: Declare) -> None:
    branches = [
        {"sequence": [{"delay": seconds}, {"event": "told", "event_data": {"after": seconds}}]}
        for seconds in (60, 120)
    ]
    house = home({"alias": "a", "trigger": DOOR, "action": [{"parallel": branches}, light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("90s")

    house.crash()
    house.passes("2m")

    told = [one.data["after"] for one in house.events if one.type == "told"]
    assert told == [60, 120]
    assert house.sent == [("light.turn_on", "light.hall")]


def test_a_loop_goes_on_with_its_pass(home: Declare) -> None:
    body = [{"event": "told", "event_data": {"pass": "{{ repeat.index }}"}}, {"delay": 60}]
    house = home(
        {"alias": "a", "trigger": DOOR, "action": [{"repeat": {"count": 3, "sequence": body}}]}
    )
    house.sees("binary_sensor.door", "on")
    house.passes("90s")

    house.crash()
    house.passes("10m")

    assert [one.data["pass"] for one in house.events if one.type == "told"] == [1, 2, 3]


def test_a_run_that_queues_gets_its_turn(home: Declare) -> None:
    house = home(
        {
            "alias": "a",
            "mode": "queued",
            "trigger": {"trigger": "event", "event_type": "go"},
            "action": [
                {"delay": 60},
                {"event": "told", "event_data": {"n": "{{ trigger.event.data.n }}"}},
            ],
        }
    )
    house.fires("go", n=1)
    house.fires("go", n=2)

    house.crash()
    house.passes("5m")

    assert [one.data["n"] for one in house.events if one.type == "told"] == [1, 2]


def test_a_run_goes_on_when_the_script_that_it_waits_for_has_ended(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": DOOR, "action": [{"action": "script.slow"}, light("on")]},
        script={"slow": {"sequence": [{"delay": 120}, {"event": "told"}]}},
    )
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("1m")

    house.crash()
    house.passes("2m")

    assert "told" in [one.type for one in house.events]
    assert house.sent[-1] == ("light.turn_on", "light.hall")


def test_a_run_ends_once_however_often_the_hub_crashes(home: Declare) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [{"delay": 600}, light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")

    for _ in range(5):
        house.passes("1m")
        house.crash()
    house.passes("1h")

    assert house.sent == [("light.turn_on", "light.hall")]
    assert [one.data["result"] for one in house.events if one.type == "run.finished"] == ["done"]


def test_an_automation_that_was_turned_off_stays_off(home: Declare) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [light("on")]})
    house.sees("light.hall", "off")
    house.calls("automation.turn_off", "automation.a")

    house.crash()
    house.sees("binary_sensor.door", "on")

    state = house.state("automation.a")
    assert state is not None
    assert state.state == "off"
    assert house.sent == []


def test_a_restart_alone_triggers_nothing(home: Declare) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [light("on")]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")

    house.crash()
    house.crash()
    house.passes("1h")

    assert len(house.sent) == 1


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_the_clock_of_a_run_does_not_depend_on_when_the_crash_was(
    home: Declare, seconds: int
) -> None:
    house = home({"alias": "a", "trigger": DOOR, "action": [{"delay": 60}, {"event": "told"}]})
    house.sees("binary_sensor.door", "on")
    began = house.clock.now()
    house.passes(seconds)

    house.crash()
    house.passes("2m")

    told = next(one for one in house.events if one.type == "told")
    assert (told.time - began).total_seconds() == 60
