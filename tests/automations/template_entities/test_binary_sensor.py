"""Binary sensors with delays, which go on across a restart."""

from __future__ import annotations

import pytest

from automations.template_entities.conftest import Make, shown, states

DELAYED = """
template:
  - binary_sensor:
      - name: Late
        device_class: motion
        state: "{{ is_state('sensor.a', 'on') }}"
        delay_on: "{{ states('sensor.wait') | int(10) }}"
        delay_off: {minutes: 1}
"""


@pytest.mark.parametrize(
    ("rendered", "state"),
    [("{{ true }}", "on"), ("on", "on"), ("1", "on"), ("no", "off"), ("{{ none }}", "off")],
)
def test_what_counts_as_on(make: Make, rendered: str, state: str) -> None:
    house = make(f'template: [{{binary_sensor: {{name: B, state: "{rendered}"}}}}]')

    assert shown(house, "binary_sensor.b")[0] == state


def test_a_delay_is_waited_for(make: Make) -> None:
    house = make(DELAYED)
    house.passes("61s")

    house.sees("sensor.a", "on")
    house.passes("9s")
    before = shown(house, "binary_sensor.late")[0]
    house.passes("1s")

    assert (before, shown(house, "binary_sensor.late")[0]) == ("off", "on")


def test_a_state_that_does_not_last_is_never_shown(make: Make) -> None:
    house = make(DELAYED)
    house.passes("61s")

    house.sees("sensor.a", "on")
    house.passes("9s")
    house.sees("sensor.a", "off")
    house.passes("2m")

    assert "on" not in states(house, "binary_sensor.late")


def test_a_change_of_something_else_does_not_prolong_a_delay(make: Make) -> None:
    house = make(DELAYED)
    house.passes("61s")
    house.sees("sensor.a", "on")

    house.passes("9s")
    house.sees("sensor.a", "on", other=1)
    house.passes("1s")

    assert shown(house, "binary_sensor.late")[0] == "on"


def test_a_delay_goes_on_across_a_crash(make: Make) -> None:
    house = make(DELAYED)
    house.passes("61s")
    house.sees("sensor.a", "on")
    house.passes("6s")

    house.crash()
    house.passes("3s")
    before = shown(house, "binary_sensor.late")[0]
    house.passes("1s")

    assert (before, shown(house, "binary_sensor.late")[0]) == ("off", "on")


AUTO_OFF = """
template:
  - trigger: {trigger: event, event_type: ring}
    binary_sensor: {name: Bell, state: "{{ true }}", auto_off: "00:00:05"}
"""


def test_a_triggered_sensor_goes_off_by_itself(make: Make) -> None:
    house = make(AUTO_OFF)

    house.fires("ring")
    house.passes("4s")
    house.fires("ring")
    house.passes("4s")
    before = shown(house, "binary_sensor.bell")[0]
    house.passes("1s")

    assert (before, shown(house, "binary_sensor.bell")[0]) == ("on", "off")


def test_it_goes_off_by_itself_after_a_crash_too(make: Make) -> None:
    house = make(AUTO_OFF)
    house.fires("ring")

    house.crash()
    house.passes("5s")

    assert states(house, "binary_sensor.bell")[-2:] == ["on", "off"]
