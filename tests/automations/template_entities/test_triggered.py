"""Trigger-based entities: rendered when a trigger fires, and kept until the next."""

from __future__ import annotations

from automations.template_entities.conftest import Make, shown, states

WENT = """
template:
  - unique_id: post
    triggers:
      - {trigger: event, event_type: post, id: came}
    conditions: "{{ trigger.event.data.count > 0 }}"
    variables: {count: "{{ trigger.event.data.count }}"}
    sensor:
      - name: Letters
        unique_id: letters
        state: "{{ count }}"
        icon: "mdi:numeric-{{ count }}"
        attributes:
          by: "{{ trigger.id }}"
          all: "{{ this.attributes.get('all', 0) + count }}"
    binary_sensor:
      - {name: Post, state: "{{ count > 1 }}"}
"""


def test_it_is_unknown_until_its_trigger_fires(make: Make) -> None:
    house = make(WENT)

    assert shown(house, "sensor.letters")[0] == "unknown"
    assert shown(house, "binary_sensor.post")[0] == "unknown"


def test_all_entities_of_a_block_are_rendered_with_the_trigger(make: Make) -> None:
    house = make(WENT)

    house.fires("post", count=2)
    event = house.fires("post", count=3)

    assert shown(house, "sensor.letters") == (
        "3", {"icon": "mdi:numeric-3", "by": "came", "all": 5, "friendly_name": "Letters"},
    )  # fmt: skip
    assert shown(house, "binary_sensor.post")[0] == "on"
    last = [one for one in house.events if one.subject == "sensor.letters"][-1]
    assert last.cause == event.offset


def test_a_condition_that_does_not_hold_leaves_all_as_it_was(make: Make) -> None:
    house = make(WENT)
    house.fires("post", count=2)

    house.fires("post", count=0)

    assert shown(house, "sensor.letters")[0] == "2"


def test_values_and_attributes_are_kept_across_a_restart(make: Make) -> None:
    house = make(WENT)
    house.fires("post", count=2)
    before = shown(house, "sensor.letters")

    house.crash()
    after = shown(house, "sensor.letters")
    house.fires("post", count=5)

    assert after == before
    assert shown(house, "sensor.letters")[1]["all"] == 7


def test_nothing_but_its_trigger_renders_it(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: go}]
            sensor: {name: Then, state: "{{ states('sensor.a') }}"}
        """
    )
    house.sees("sensor.a", "1")
    house.fires("go")

    house.sees("sensor.a", "2")

    assert states(house, "sensor.then") == ["unknown", "1"]


def test_actions_run_before_and_their_variables_are_there(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: go}]
            actions:
              - variables: {x: "{{ trigger.event.data.x * 2 }}"}
              - delay: 5
              - event: acted
            sensor: {name: Doubled, state: "{{ x }}"}
        """
    )

    house.fires("go", x=4)
    before = shown(house, "sensor.doubled")[0]
    house.passes("5s")

    assert before == "unknown"
    assert shown(house, "sensor.doubled")[0] == "8"
    assert [one.type for one in house.events].count("acted") == 1


def test_a_held_trigger_goes_on_across_a_crash(make: Make) -> None:
    house = make(
        """
        template:
          - trigger: {platform: state, entity_id: sensor.a, to: "on", for: 60}
            sensor: {name: Held, state: "{{ trigger.to_state.state }}"}
        """
    )
    house.sees("sensor.a", "on")
    house.passes("40s")

    house.crash()
    house.passes("19s")
    before = shown(house, "sensor.held")[0]
    house.passes("1s")

    assert (before, shown(house, "sensor.held")[0]) == ("unknown", "on")


def test_a_start_of_the_hub_triggers(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: homeassistant, event: start}]
            sensor: {name: Started, state: "{{ now().year }}"}
        """
    )

    assert shown(house, "sensor.started")[0] == "2024"


def test_one_entity_that_fails_does_not_keep_the_others_from_rendering(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: go}]
            sensor:
              - {name: Bad, state: "{{ trigger.event.data.x | float }}"}
              - {name: Good, state: "{{ trigger.event.data.x }}"}
        """
    )

    house.fires("go", x="word")

    assert shown(house, "sensor.bad")[0] == "unavailable"
    assert shown(house, "sensor.good")[0] == "word"


def test_actions_that_wait_go_on_across_a_crash(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: go}]
            actions: [{delay: 60}]
            sensor: {name: Slow, state: "{{ trigger.event.data.x }}"}
        """
    )
    house.fires("go", x=4)
    house.passes("40s")

    house.crash()
    house.passes("19s")
    before = shown(house, "sensor.slow")[0]
    house.passes("1s")

    assert (before, shown(house, "sensor.slow")[0]) == ("unknown", "4")
