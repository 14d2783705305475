"""What is wrong in one entity is told with its line, and spoils no other."""

from __future__ import annotations

import pytest

from automations.template_entities.conftest import Make, problems, shown

CASES = [
    ("sensor: {name: A}", "the key 'state' is missing; add it"),
    ('sensor: {name: A, stat: "1"}', "unknown key 'stat'. Did you mean 'state'?"),
    ('sensor: {name: A, state: "{{ 1 + }}"}', "the template is malformed"),
    ('sensor: {state: "1", state_class: often}', "state_class"),
    ('sensor: {state: "1", default_entity_id: light.a}', "is no entity id of sensor"),
    ('sensor: {state: "1", attributes: [a]}', "expected attributes"),
    ("sensor: {state: {a: 1}}", "expected a template, or a value; got a mapping"),
    ('binary_sensor: {state: "1", delay_on: soon}', "'soon' is not a length of time"),
    ("switch: {turn_on: []}", "the key 'turn_off' is missing"),
    ("switch: {turn_on: [{delya: 1}], turn_off: []}", "Did you mean 'delay'?"),
    ("cover: {name: A}", "the key 'open_cover or set_cover_position' is missing"),
    ("select: [5]", "expected a select"),
    ("update: {name: A}", "of the domain 'update' are not supported"),
    ('triggers: [{trigger: stat}], sensor: {state: "1"}', "Did you mean 'state'?"),
    ('actions: [], sensor: {state: "1"}', "'actions' is for entities with 'triggers'"),
    ("unique_id: a", "no entity stands here"),
    ('trigger: [], triggers: [], sensor: {state: "1"}', "both 'triggers' and 'trigger'"),
]


@pytest.mark.parametrize(("block", "message"), CASES)
def test_a_fault_is_told_with_its_line_and_spoils_no_other_block(
    make: Make, block: str, message: str
) -> None:
    house = make(f'template:\n  - sensor: {{name: Good, state: "1"}}\n  - {{{block}}}\n')

    told = problems(house)

    assert shown(house, "sensor.good")[0] == "1"
    assert message in told[0]
    assert told[0].startswith("3: template[1]")


def test_a_faulty_entity_spoils_no_other_of_its_block(make: Make) -> None:
    house = make(
        """
        template:
          - sensor:
              - {name: Good, state: "1"}
              - {name: Bad}
            binary_sensor: {name: Good, state: "on"}
            sensr: {name: Other, state: "1"}
        """
    )

    assert shown(house, "sensor.good")[0] == "1"
    assert shown(house, "binary_sensor.good")[0] == "on"
    assert len(problems(house)) == 2


def test_a_unique_id_that_is_given_twice_is_told(make: Make) -> None:
    house = make(
        """
        template:
          - unique_id: one
            sensor: {name: A, state: "1", unique_id: same}
          - sensor: {name: B, state: "2", unique_id: same}
          - sensor: {name: C, state: "3", unique_id: same}
        """
    )

    assert shown(house, "sensor.a")[0] == "1"
    assert shown(house, "sensor.b")[0] == "2"
    assert house.state("sensor.c") is None
    assert problems(house) == [
        "6: template[2].sensor.unique_id: the unique_id 'same' is given twice"
    ]


def test_the_same_name_twice_makes_two_entities_that_stay_two(make: Make) -> None:
    house = make('template: [{sensor: [{name: A, state: "1"}, {name: A, state: "2"}]}]')

    house.crash()

    assert (shown(house, "sensor.a")[0], shown(house, "sensor.a_2")[0]) == ("1", "2")
