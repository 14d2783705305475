"""Template entities that set each other off, or themselves, end."""

from __future__ import annotations

from automations.template_entities.conftest import Make, shown


def test_two_that_read_each_other_are_stopped(make: Make) -> None:
    house = make(
        """
        template:
          - sensor: {name: A, state: "{{ states('sensor.b') | int(0) + 1 }}"}
          - sensor: {name: B, state: "{{ states('sensor.a') | int(0) + 1 }}"}
          - sensor: {name: Other, state: "{{ states('sensor.x') }}"}
        """
    )

    house.sees("sensor.x", "1")

    assert any(one.type == "template.stopped" for one in house.events)
    assert len([one for one in house.events if one.subject in ("sensor.a", "sensor.b")]) < 100
    assert shown(house, "sensor.other")[0] == "1"


def test_one_that_reads_itself_is_stopped(make: Make) -> None:
    house = make('template: [{sensor: {name: Self, state: "{{ this.state | int(0) + 1 }}"}}]')

    assert int(shown(house, "sensor.self")[0]) < 10


def test_one_that_triggers_itself_is_stopped(make: Make) -> None:
    house = make(
        """
        template:
          - triggers:
              - {trigger: event, event_type: go}
              - {trigger: state, entity_id: sensor.self}
            sensor: {name: Self, state: "{{ this.state | int(0) + 1 }}"}
        """
    )

    house.fires("go")

    assert int(shown(house, "sensor.self")[0]) < 100


def test_a_loop_through_an_automation_is_stopped(make: Make) -> None:
    house = make(
        """
        template:
          - sensor: {name: Next, state: "{{ states('input_number.n') | int(0) + 1 }}"}
        input_number: {n: {min: 0, max: 1000000}}
        automation:
          - triggers: [{trigger: state, entity_id: sensor.next}]
            actions:
              - action: input_number.set_value
                target: {entity_id: input_number.n}
                data: {value: "{{ states('sensor.next') | int }}"}
        """
    )

    house.calls("input_number.set_value", "input_number.n", value=5)

    assert int(shown(house, "sensor.next")[0]) < 100
    assert any(one.type == "run.refused" for one in house.events)


def test_a_long_row_of_entities_is_no_loop(make: Make) -> None:
    rows = "\n".join(
        f"""  - sensor: {{name: S{n}, state: "{{{{ states('sensor.s{n - 1}') }}}}"}}"""
        for n in range(1, 21)
    )
    house = make(f"template:\n{rows}")

    house.sees("sensor.s0", "on")

    assert shown(house, "sensor.s20")[0] == "on"


def test_many_changes_by_one_run_are_no_loop(make: Make) -> None:
    house = make(
        """
        template:
          - sensor: {name: Copy, state: "{{ states('counter.c') }}"}
        counter: {c: {}}
        script:
          count:
            sequence:
              - repeat:
                  count: 100
                  sequence:
                    - {action: counter.increment, target: {entity_id: counter.c}}
        """
    )

    house.calls("script.count")

    assert shown(house, "sensor.copy")[0] == "100"
