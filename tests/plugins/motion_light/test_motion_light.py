"""The automation for motion and a light, over the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from casita.testing import House
from casita_motion_light import plugin

ON = ("light.turn_on", "light.hall")
OFF = ("light.turn_off", "light.hall")


@pytest.fixture
def house() -> Iterator[House]:
    with House(plugins=[plugin]) as one:
        one.use(
            "motion_light.motion_light", sensor="binary_sensor.hall", light="light.hall", hold="5m"
        )
        yield one


def test_the_light_goes_on_with_motion(house: House) -> None:
    house.sees("binary_sensor.hall", "off")

    house.sees("binary_sensor.hall", "on")

    assert house.sent == [ON]


def test_the_light_goes_off_once_it_was_quiet_for_the_time(house: House) -> None:
    house.sees("binary_sensor.hall", "on")
    house.sees("binary_sensor.hall", "off")

    house.passes("4m59s")
    before = list(house.sent)
    house.passes("1s")

    assert before == [ON]
    assert house.sent == [ON, OFF]


def test_motion_within_the_time_begins_it_anew(house: House) -> None:
    house.sees("binary_sensor.hall", "on")
    house.sees("binary_sensor.hall", "off")
    house.passes("4m")
    house.sees("binary_sensor.hall", "on")
    house.sees("binary_sensor.hall", "off")

    house.passes("4m")

    assert OFF not in house.sent


def test_the_quiet_time_goes_on_across_a_crash(house: House) -> None:
    house.sees("binary_sensor.hall", "on")
    house.sees("binary_sensor.hall", "off")
    house.passes("1m")

    house.crash()
    house.passes("3m59s")
    before = list(house.sent)
    house.passes("2s")

    assert before == [ON]
    assert house.sent == [ON, OFF]


def test_the_light_goes_off_after_two_hours_without_a_word_from_the_sensor(house: House) -> None:
    house.sees("binary_sensor.hall", "on")

    house.passes("2h")

    assert house.sent == [ON, OFF]


def test_the_sensor_is_the_root_of_what_was_done(house: House) -> None:
    house.sees("binary_sensor.hall", "on")

    why = house.why(ON)

    assert why.root.subject == "binary_sensor.hall"
    assert [one.type for one in why.events] == ["command.sent", "run.started", "state.changed"]
