"""Every chain of causes ends with who or what began it, across all that lies between."""

from __future__ import annotations

from typing import Any

import pytest

from automations.conftest import Declare
from casita.causality import Of, latest_of
from casita.events import Event
from casita.testing import House

LAMP: dict[str, Any] = {"action": "light.turn_on", "target": {"entity_id": "light.hall"}}
SENT = ("light.turn_on", "light.hall")
PERSON = "person:test"
PRESSED = {"trigger": "state", "entity_id": "input_boolean.go", "to": "on"}
FLAGS = {"input_boolean": {"go": None}}


def pressed(home: Declare, *actions: Any, **sections: Any) -> House:
    item = {"alias": "a", "triggers": PRESSED, "actions": [*actions]}
    house = home(item, **FLAGS, **sections)
    house.sees("light.hall", "off")
    house.calls("input_boolean.turn_on", "input_boolean.go")
    return house


def test_a_person_is_at_the_root_of_a_state(home: Declare) -> None:
    house = pressed(home, LAMP)

    lit = [one for one in house.events if one.subject == "light.hall"][-1]
    chain = [one.type for one in house.why(lit).events]

    assert house.why(lit).root.actor == PERSON
    assert chain[-4:] == ["command.sent", "run.started", "state.changed", "command.sent"]


@pytest.mark.parametrize("crash", [False, True])
def test_across_a_delay_and_a_restart(crash: bool, home: Declare) -> None:
    house = pressed(home, {"delay": "00:10:00"}, LAMP)
    if crash:
        house.crash()

    house.passes("11m")

    assert house.why(SENT).root.actor == PERSON


@pytest.mark.parametrize("crash", [False, True])
def test_across_a_for_and_a_restart(crash: bool, home: Declare) -> None:
    item = {"alias": "a", "triggers": {**PRESSED, "for": "00:10:00"}, "actions": [LAMP]}
    house = home(item, **FLAGS)
    house.sees("light.hall", "off")
    house.calls("input_boolean.turn_on", "input_boolean.go")
    if crash:
        house.crash()

    house.passes("11m")

    assert house.why(SENT).root.actor == PERSON


@pytest.mark.parametrize("crash", [False, True])
def test_across_a_timer_and_a_restart(crash: bool, home: Declare) -> None:
    start = {"action": "timer.start", "target": {"entity_id": "timer.tea"}}
    finished = {"trigger": "event", "event_type": "timer.finished"}
    house = home(
        {"alias": "a", "triggers": PRESSED, "actions": [start]},
        {"alias": "b", "triggers": finished, "actions": [LAMP]},
        timer={"tea": {"duration": "00:04:00", "restore": True}}, **FLAGS,
    )  # fmt: skip
    house.sees("light.hall", "off")
    house.calls("input_boolean.turn_on", "input_boolean.go")
    if crash:
        house.crash()

    house.passes("5m")

    assert house.why(SENT).root.actor == PERSON


def test_across_scripts(home: Declare) -> None:
    scripts = {
        "one": {"sequence": [{"action": "script.two"}]},
        "two": {"sequence": [{"delay": "00:01:00"}, LAMP]},
    }
    house = pressed(home, {"action": "script.one"}, script=scripts)

    house.passes("2m")

    runs = [one.subject for one in house.why(SENT) if one.type == "run.started"]
    assert runs == ["script.two", "script.one", "automation.a"]
    assert house.why(SENT).root.actor == PERSON


def test_across_an_automation_that_a_plugin_supplies() -> None:
    with House(FLAGS) as house:
        house.use("motion_light.motion_light", sensor="binary_sensor.hall", light="light.hall")
        house.sees("light.hall", "off")
        house.sees("binary_sensor.hall", "off")

        house.sees("binary_sensor.hall", "on")

        assert house.why(SENT).root.subject == "binary_sensor.hall"


def test_the_last_run_of_an_automation_is_asked_about_by_its_name(home: Declare) -> None:
    house = pressed(home, LAMP)

    def last(of: Of | None, entity_id: str = "automation.a") -> Event | None:
        return house.awaits(latest_of(house.kernel.log, entity_id, of))

    run, command = last(None), last(Of.COMMAND, "light.hall")

    assert run is not None
    assert run.type == "run.started"
    assert command is not None
    assert command.data["service"] == "light.turn_on"
