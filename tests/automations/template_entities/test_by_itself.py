"""State-based entities: rendered again when what their templates have read changes."""

from __future__ import annotations

import pytest

from automations.template_entities.conftest import Make, shown, states
from casita_automations.parts import Parts

DOUBLE = """
template:
  - sensor:
      - name: Double
        unit_of_measurement: W
        device_class: power
        state_class: measurement
        state: "{{ states('sensor.power') | float * 2 }}"
        icon: "mdi:{{ 'fire' if states('sensor.power') | float > 50 else 'leaf' }}"
        picture: /local/power.png
        attributes:
          half: "{{ states('sensor.power') | float / 2 }}"
          own: "{{ this.entity_id }}"
"""


def test_state_attributes_and_looks_are_rendered(make: Make) -> None:
    house = make(DOUBLE)
    house.sees("sensor.power", "60")

    assert shown(house, "sensor.double") == (
        "120.0",
        {
            "unit_of_measurement": "W", "device_class": "power", "state_class": "measurement",
            "icon": "mdi:fire", "entity_picture": "/local/power.png", "half": 30.0,
            "own": "sensor.double", "friendly_name": "Double",
        },
    )  # fmt: skip


def test_one_change_of_what_is_read_is_one_change_of_the_entity(make: Make) -> None:
    house = make(DOUBLE)
    house.sees("sensor.power", "60")
    before = len(house.events)

    change = house.sees("sensor.power", "40")

    after = [one for one in house.events[before:] if one.subject == "sensor.double"]
    assert change is not None
    assert [(one.type, one.cause) for one in after] == [("state.changed", change.offset)]
    assert shown(house, "sensor.double")[1]["icon"] == "mdi:leaf"


def test_what_no_template_has_read_leads_to_nothing(make: Make) -> None:
    house = make(
        """
        template:
          - sensor: {name: Now, state: "{{ states('sensor.a') }} {{ range(1000000) | random }}"}
        """
    )
    house.sees("sensor.a", "1")
    before = states(house, "sensor.now")

    house.sees("sensor.b", "1")

    assert states(house, "sensor.now") == before


def test_what_is_read_may_change_with_what_is_seen(make: Make) -> None:
    house = make(
        """
        template:
          - sensor:
              name: Chosen
              state: "{{ states('sensor.b') if is_state('sensor.a', 'b') else 'none' }}"
        """
    )
    house.sees("sensor.b", "1")
    house.sees("sensor.a", "b")

    house.sees("sensor.b", "2")

    assert shown(house, "sensor.chosen")[0] == "2"


def test_a_template_that_fails_makes_the_entity_unavailable_until_it_is_right(make: Make) -> None:
    house = make(DOUBLE)
    before = shown(house, "sensor.double")[0]

    house.sees("sensor.power", "1")

    assert before == "unavailable"
    assert shown(house, "sensor.double")[0] == "2.0"


def test_availability_decides_whether_it_is_available(make: Make) -> None:
    house = make(
        """
        template:
          - sensor:
              name: Strength
              state: "{{ states('sensor.power') }}"
              availability: "{{ has_value('sensor.power') }}"
              attributes: {a: "{{ 1 }}"}
        """
    )
    house.sees("sensor.power", "unknown")
    before = shown(house, "sensor.strength")

    house.sees("sensor.power", "5")

    assert before == ("unavailable", {"friendly_name": "Strength"})
    assert shown(house, "sensor.strength") == ("5", {"a": 1, "friendly_name": "Strength"})


@pytest.mark.parametrize(
    ("settings", "rendered", "state"),
    [
        ("", "True", "True"),
        ("", "01", "01"),
        ("", "{{ none }}", "unknown"),
        ("", "{{ 1 }},2", "1,2"),
        ("unit_of_measurement: W, ", "nothing", "unknown"),
        ("unit_of_measurement: W, ", "unavailable", "unavailable"),
        ("state_class: total, ", "5.50", "5.5"),
        ("device_class: timestamp, ", "2025-03-30T07:15:00+02:00", "2025-03-30T07:15:00+02:00"),
        ("device_class: timestamp, ", "2025-03-30T07:15:00", "unknown"),
        ("device_class: date, ", "2025-03-30", "2025-03-30"),
        ("device_class: date, ", "soon", "unknown"),
        ("", "{{ 'x' * 256 }}", "unknown"),
    ],
)
def test_a_sensor_shows_what_its_kind_allows(
    make: Make, settings: str, rendered: str, state: str
) -> None:
    house = make(f'template: [{{sensor: {{{settings}name: S, state: "{rendered}"}}}}]')

    assert shown(house, "sensor.s")[0] == state


def test_a_name_may_be_a_template(make: Make) -> None:
    house = make(
        """
        template:
          - sensor:
              name: "It is {{ states('sensor.a') }}"
              default_entity_id: sensor.weather
              state: "x"
        """
    )

    house.sees("sensor.a", "warm")

    assert shown(house, "sensor.weather") == ("x", {"friendly_name": "It is warm"})


def test_a_template_that_asks_for_the_time_is_rendered_each_minute(make: Make) -> None:
    house = make('template: [{sensor: {name: Minute, state: "{{ now().minute }}"}}]')
    before = shown(house, "sensor.minute")[0]

    house.passes("61s")

    assert (before, shown(house, "sensor.minute")[0]) == ("0", "1")


def test_a_template_over_a_domain_is_rendered_once_a_second_at_most(make: Make) -> None:
    house = make(
        """
        template:
          - sensor:
              name: Burning
              state: "{{ states.light | selectattr('state', 'eq', 'on') | list | count }}"
        """
    )
    house.passes("2s")
    for number in range(5):
        house.sees(f"light.number_{number}", "on")
    soon = shown(house, "sensor.burning")[0]

    house.passes("1s")

    assert soon == "0" or int(soon) < 5
    assert shown(house, "sensor.burning")[0] == "5"
    assert len(states(house, "sensor.burning")) <= 3


def test_variables_of_a_block_are_there_for_all_of_its_templates(make: Make) -> None:
    house = make(
        """
        template:
          - variables: {power: "{{ states('sensor.power') | float(0) }}"}
            sensor:
              - {name: One, state: "{{ power + 1 }}"}
              - {name: Two, state: "{{ power + 2 }}"}
        """
    )

    house.sees("sensor.power", "10")

    assert shown(house, "sensor.one")[0] == "11.0"
    assert shown(house, "sensor.two")[0] == "12.0"


def test_after_a_restart_nothing_has_changed(make: Make) -> None:
    house = make(DOUBLE)
    house.sees("sensor.power", "60")
    before = states(house, "sensor.double")

    house.crash()

    assert states(house, "sensor.double") == before


def test_packages_add_entities(make: Make) -> None:
    house = make(
        """
        template: {sensor: {name: One, state: "1"}}
        packages:
          cellar:
            template: [{sensor: [{name: Two, state: "2"}]}]
          attic:
            template: [{sensor: [{name: Three, state: "3"}]}]
        """
    )

    assert [shown(house, f"sensor.{name}")[0] for name in ("one", "two", "three")] == [
        "1", "2", "3",
    ]  # fmt: skip


def test_a_question_for_one_state_reads_that_entity_and_nothing_else(make: Make) -> None:
    house = make("{}")
    engine = Parts.of(house.kernel).templates

    _, reads = engine.template("{{ states('sensor.a') }}").render_tracked({})

    assert reads.key() == (frozenset({"sensor.a"}), frozenset(), False, False)
