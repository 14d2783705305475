"""What is wrong in the configuration is told, and spoils nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automations.conftest import Declare
from casita.errors import ConfigError
from casita.testing import House
from casita_automations import loading
from casita_automations.conformance.corpus import Workshop
from casita_automations.items import automation_item
from casita_config import load_config

GO = {"trigger": "event", "event_type": "go"}
TELL = {"event": "told"}


def problems(house: House) -> list[str]:
    return [
        f"{one.data['key']}: {one.data['message']}"
        for one in house.events
        if one.type == "config.problem"
    ]


def test_a_broken_automation_does_not_keep_the_others_from_running(home: Declare) -> None:
    broken = {"alias": "broken", "trigger": {"trigger": "stat"}, "action": [TELL]}
    house = home(broken, {"alias": "whole", "trigger": GO, "action": [TELL]})

    house.fires("go")

    assert [one.type for one in house.events].count("told") == 1
    assert house.state("automation.broken") is None
    assert problems(house) == [
        "automation[0].trigger: there is no trigger 'stat'. Did you mean 'state'?"
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"trigers": []}, "unknown key 'trigers'. Did you mean 'triggers'?"),
        ({"mode": "singel"}, "mode"),
        ({"action": [{"delya": 5}]}, "there is no action 'delya'. Did you mean 'delay'?"),
        ({"action": [{"delay": "soon"}]}, "'soon' is not a length of time"),
        ({"condition": {"condition": "stat"}}, "Did you mean 'state'?"),
        ({"condition": "is it on"}, "is no condition"),
        ({"condition": "{{ 1 + }}"}, "the template is malformed"),
        ({"trigger": {"trigger": "state", "entity_id": "lamp"}}, "is not an entity id"),
        ({"trigger": {"trigger": "state", "entity_id": "a.b", "to": True}}, "put it in quotes"),
        ({"trigger": {"trigger": "numeric_state", "entity_id": "a.b"}}, "'above'"),
        ({"trigger": {"trigger": "time", "at": "25:00"}}, "25:00"),
        ({"action": [{"action": "turn on"}]}, "is no service"),
        ({"action": [{"choose": [{"conditions": []}]}]}, "lacks 'sequence'"),
        ({"action": [{"repeat": {"sequence": []}}]}, "give one of 'count'"),
    ],
)
def test_a_fault_is_told_in_words(home: Declare, change: dict[str, Any], told: str) -> None:
    house = home({"alias": "a", "trigger": GO, "action": [TELL], **change})

    found = problems(house)

    assert len(found) == 1
    assert told in found[0]
    assert house.state("automation.a") is None


def test_a_fault_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text("automation: !include automations.yaml\n")
    (tmp_path / "automations.yaml").write_text(
        "- alias: a\n  trigger:\n    - platform: state\n      entity_id: light.hall\n"
        "      form: 'on'\n  action:\n    - service: light.turn_on\n"
    )
    declared = next(iter(loading.automations(load_config(tmp_path))))
    workshop = Workshop(tmp_path)

    with pytest.raises(ConfigError) as raised:
        automation_item(
            declared.node, declared.at, declared.name, 0, workshop.parts, workshop.machine
        )

    problem = raised.value.problems[0]
    assert (problem.file, problem.line) == ("automations.yaml", 5)
    assert problem.key == "automation[0].trigger[0].form"
    assert "Did you mean 'for'?" in problem.message


def test_automations_may_stand_under_their_names() -> None:
    with House({"automations": {"night_light": {"trigger": GO, "action": [TELL]}}}) as house:
        house.fires("go")

        state = house.state("automation.night_light")

        assert state is not None
        assert state.attributes["id"] == "night_light"
        assert "told" in [one.type for one in house.events]


def test_two_automations_of_one_name_get_two_ids(home: Declare) -> None:
    house = home(*({"alias": "Same", "trigger": GO, "action": [TELL]} for _ in range(2)))

    states = [house.state("automation.same"), house.state("automation.same_2")]

    assert None not in states


def test_a_trigger_that_no_plugin_supplies_is_told_and_the_others_work(home: Declare) -> None:
    triggers = [{"trigger": "mqtt", "topic": "x"}, GO]
    house = home({"alias": "a", "trigger": triggers, "action": [TELL]})

    house.fires("go")

    assert "told" in [one.type for one in house.events]
    assert "never fires" in problems(house)[0]


def test_what_is_declared_no_more_is_no_entity_any_more(home: Declare) -> None:
    house = home({"alias": "a", "trigger": GO, "action": [TELL]})
    house.fires("go")
    house._config["automation"] = []

    house.crash()

    assert house.state("automation.a") is None
