"""What runs do, and what the log holds of it afterwards."""

from __future__ import annotations

from typing import Any

from automations.conftest import Declare
from casita.services import Kind, Service
from casita.testing import House

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
GO = {"trigger": "event", "event_type": "go"}


def told(house: House) -> list[Any]:
    return [one.data.get("n") for one in house.events if one.type == "told"]


def tell(n: Any) -> dict[str, Any]:
    return {"event": "told", "event_data": {"n": n}}


def results(house: House) -> list[str]:
    return [one.data["result"] for one in house.events if one.type == "run.finished"]


def test_a_command_leads_back_to_what_triggered_it(home: Declare) -> None:
    action = {"action": "light.turn_on", "target": {"entity_id": "light.hall"}}
    house = home({"alias": "a", "trigger": DOOR, "action": [action]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "on")

    why = house.why(("light.turn_on", "light.hall"))

    assert [one.type for one in why.events] == ["command.sent", "run.started", "state.changed"]
    assert why.root.subject == "binary_sensor.door"


def test_the_end_of_a_run_tells_each_step_that_it_took(home: Declare) -> None:
    choose = {
        "choose": [
            {
                "conditions": {"condition": "state", "entity_id": "sun.x", "state": "up"},
                "sequence": [tell(1)],
            }
        ],
        "default": [tell(2)],
    }
    house = home({"alias": "a", "trigger": GO, "action": [choose]})
    house.sees("sun.x", "down")

    house.fires("go")

    finished = next(one for one in house.events if one.type == "run.finished")
    trace = [list(entry) for entry in finished.data["trace"]]
    assert trace == [
        ["actions/0/choose/0", False, {"sun.x": "down"}],
        ["actions/0/default/0", "told"],
    ]


def test_a_run_that_was_not_to_be_says_what_the_condition_saw(home: Declare) -> None:
    condition = {"condition": "numeric_state", "entity_id": "sensor.lux", "below": 10}
    house = home({"alias": "a", "trigger": GO, "condition": condition, "action": [tell(1)]})
    house.sees("sensor.lux", "250")

    house.fires("go")

    skipped = next(one for one in house.events if one.type == "run.skipped")
    assert skipped.subject == "automation.a"
    assert skipped.data["seen"] == {"sensor.lux": "250"}
    assert told(house) == []


def test_a_missing_entity_is_passed_over(home: Declare) -> None:
    target = {"entity_id": ["light.ghost", "light.hall"]}
    house = home(
        {"alias": "a", "trigger": GO, "action": [{"action": "light.turn_on", "target": target}]}
    )
    house.sees("light.hall", "off")

    house.fires("go")

    assert house.sent == [("light.turn_on", "light.hall")]
    assert results(house) == ["done"]


def test_a_run_goes_on_when_all_of_its_targets_are_missing(home: Declare) -> None:
    action = {"action": "light.turn_on", "target": {"entity_id": "light.ghost"}}
    house = home({"alias": "a", "trigger": GO, "action": [action, tell(1)]})

    house.fires("go")

    assert told(house) == [1]


def test_a_command_that_fails_ends_the_run(home: Declare) -> None:
    action = {"action": "lamp.turn_on"}
    house = home({"alias": "a", "trigger": GO, "action": [tell(1), action, tell(2)]})

    house.fires("go")

    finished = next(one for one in house.events if one.type == "run.finished")
    assert finished.data["result"] == "failed"
    assert "no such service" in finished.data["message"]
    assert told(house) == [1]


def test_a_run_waits_for_a_command_that_takes_its_time(home: Declare) -> None:
    house = home({"alias": "a", "trigger": GO, "action": [{"action": "slow.work"}, tell(1)]})

    async def work(_command: Any) -> None:
        await house.clock.sleep(3)

    _offer(house, work)
    house.fires("go")
    before = told(house)
    house.passes(3)

    assert before == []
    assert told(house) == [1]


def test_continue_on_error_passes_over_a_command_that_failed_later(home: Declare) -> None:
    action = {"action": "slow.work", "continue_on_error": True}
    house = home({"alias": "a", "trigger": GO, "action": [action, tell(1)]})

    async def work(_command: Any) -> None:
        await house.clock.sleep(3)
        raise RuntimeError("broken")

    _offer(house, work)
    house.fires("go")
    house.passes(3)

    assert told(house) == [1]


def test_a_chain_of_automations_that_start_each_other_is_stopped(home: Declare) -> None:
    ping = {"alias": "ping", "trigger": GO, "action": [{"event": "back"}]}
    pong = {
        "alias": "pong",
        "trigger": {"trigger": "event", "event_type": "back"},
        "action": [{"event": "go"}],
    }
    house = home(ping, pong)

    house.fires("go")

    refused = [one for one in house.events if one.type == "run.refused"]
    started = [one for one in house.events if one.type == "run.started"]
    assert [one.data["reason"] for one in refused] == ["hops"]
    assert len(started) == 16


def test_other_automations_run_on_after_a_chain_was_stopped(home: Declare) -> None:
    loop = {"alias": "loop", "mode": "parallel", "trigger": GO, "action": [{"event": "go"}]}
    other = {"alias": "other", "trigger": DOOR, "action": [tell(1)]}
    house = home(loop, other)
    house.fires("go")

    house.sees("binary_sensor.door", "on")

    assert told(house) == [1]


def test_a_single_automation_does_not_run_over_what_its_own_run_did(home: Declare) -> None:
    house = home({"alias": "a", "trigger": GO, "action": [tell(1), {"event": "go"}]})

    house.fires("go")

    assert told(house) == [1]


def test_a_loop_without_end_is_ended(home: Declare) -> None:
    forever = {"repeat": {"while": "{{ true }}", "sequence": [{"variables": {"x": 1}}]}}
    house = home({"alias": "a", "trigger": GO, "action": [forever]})

    house.fires("go")
    house.passes(1)

    assert results(house) == ["aborted"]


def test_turning_an_automation_off_ends_its_runs(home: Declare) -> None:
    house = home({"alias": "a", "trigger": GO, "action": [{"delay": 60}, tell(1)]})
    house.fires("go")

    house.calls("automation.turn_off", "automation.a")
    house.passes("2m")

    assert results(house) == ["stopped"]
    assert told(house) == []


def test_an_automation_shows_how_many_runs_it_has(home: Declare) -> None:
    house = home({"alias": "a", "mode": "parallel", "trigger": GO, "action": [{"delay": 60}]})
    house.fires("go")
    house.fires("go")

    house.passes(1)
    during = house.state("automation.a")
    house.passes("2m")
    after = house.state("automation.a")

    assert during is not None
    assert after is not None
    assert during.attributes["current"] == 2
    assert after.attributes["current"] == 0
    assert (
        after.attributes["last_triggered"]
        == house.clock.now().replace(hour=9, minute=0, second=0).isoformat()
    )


def test_a_trigger_may_watch_an_automation(home: Declare) -> None:
    watched = {"alias": "a", "trigger": GO, "action": [{"delay": 60}]}
    watcher = {
        "alias": "b",
        "trigger": {"trigger": "numeric_state", "entity_id": "automation.a",
                    "attribute": "current", "above": 0},
        "action": [tell(1)],
    }  # fmt: skip
    house = home(watched, watcher)

    house.fires("go")

    assert told(house) == [1]


def test_a_script_answers_its_caller(home: Declare) -> None:
    script = {
        "fields": {"a": {"required": True}},
        "sequence": [
            {"variables": {"answer": {"sum": "{{ a + 1 }}"}}},
            {"stop": "done", "response_variable": "answer"},
        ],
    }
    call = {"action": "script.add", "data": {"a": 2}, "response_variable": "reply"}
    house = home(
        {"alias": "a", "trigger": GO, "action": [call, tell("{{ reply.sum }}")]},
        script={"add": script},
    )

    house.fires("go")

    assert told(house) == [3]


def test_a_caller_waits_until_the_script_has_ended(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": GO, "action": [{"action": "script.slow"}, tell(2)]},
        script={"slow": {"sequence": [{"delay": 60}, tell(1)]}},
    )
    house.fires("go")
    before = told(house)

    house.passes("1m")

    assert before == []
    assert told(house) == [1, 2]


def test_automations_that_take_turns_with_a_pause_go_on_for_ever(home: Declare) -> None:
    pump = "switch.pump"
    pair = [
        {
            "alias": f"pump {to}",
            "trigger": {"trigger": "state", "entity_id": pump, "to": state, "for": "00:10:00"},
            "action": [{"action": f"switch.turn_{to}", "target": {"entity_id": pump}}],
        }
        for state, to in (("on", "off"), ("off", "on"))
    ]
    house = home(*pair)
    house.sees(pump, "off")

    house.sees(pump, "on")
    house.passes("10h")

    assert len(house.sent) == 60
    assert "run.refused" not in [one.type for one in house.events]


def test_a_target_that_a_template_gives_may_be_several(home: Declare) -> None:
    target = {"entity_id": "{{ 'light.a, light.b' }}"}
    house = home(
        {"alias": "a", "trigger": GO, "action": [{"action": "light.turn_on", "target": target}]}
    )
    house.sees("light.a", "off")
    house.sees("light.b", "off")

    house.fires("go")

    assert house.sent == [("light.turn_on", "light.a"), ("light.turn_on", "light.b")]


def test_an_automation_may_turn_itself_off(home: Declare) -> None:
    off = {"action": "automation.turn_off", "target": {"entity_id": "automation.a"}}
    house = home({"alias": "a", "trigger": GO, "action": [off, tell(1)]})

    house.fires("go")

    assert results(house) == ["stopped"]
    assert told(house) == []


def _offer(house: House, work: Any) -> None:
    import voluptuous as vol

    service = Service(
        domain="slow", name="work", schema=vol.Schema({}), kind=Kind.PULSE, handler=work
    )
    house.kernel.commands.register(service)
