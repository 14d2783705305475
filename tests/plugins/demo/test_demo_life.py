"""How the demo house lives: by the clock, by its seed, and believably."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from casita.events import Event
from casita.testing import House

MakeHouse = Callable[..., House]

ROOMS = (
    "hall", "living_room", "kitchen", "dining_room", "office",
    "laundry_room", "landing", "bedroom", "bathroom", "guest_room",
)  # fmt: skip


def changes(house: House, subject: str | None = None) -> list[Event]:
    """The changes from one known state to another."""
    return [
        one
        for one in house.events
        if one.type == "state.changed"
        and subject in (None, one.subject)
        and one.data["old"] not in (None, "unknown")
        and one.data["old"] != one.data["state"]
    ]


def facts(events: Iterable[Event]) -> list[tuple[datetime, str, Any]]:
    return [(one.time, one.subject, one.data) for one in events if one.type == "state.changed"]


def present(house: House, entity_id: str) -> str:
    found = house.state(entity_id)
    assert found is not None
    return found.state


def readings(house: House, subject: str) -> list[float]:
    states = (
        one.data["state"]
        for one in house.events
        if one.type == "state.changed" and one.subject == subject
    )
    return [float(state) for state in states if state not in ("unknown", "unavailable")]


@pytest.mark.parametrize("at", ["03:00", "07:00", "11:00", "18:30", "23:45"])
def test_something_can_be_seen_within_five_seconds_at_any_hour(
    make_house: MakeHouse, at: str
) -> None:
    house = make_house(at=at, pace=10)

    house.passes("5s")

    moved = {one.subject for one in changes(house)}
    assert any(one.startswith(("binary_sensor.", "person.", "light.")) for one in moved)


def test_the_same_seed_gives_the_same_events(make_house: MakeHouse) -> None:
    one, other = make_house(seed=7, at="17:00"), make_house(seed=7, at="17:00")

    one.passes("5h")
    other.passes("5h")

    assert facts(one.events) == facts(other.events)


def test_another_seed_gives_another_day(make_house: MakeHouse) -> None:
    one, other = make_house(seed=7, at="17:00"), make_house(seed=8, at="17:00")

    one.passes("1h")
    other.passes("1h")

    assert facts(one.events) != facts(other.events)


def test_at_sixty_times_the_pace_three_hours_pass_in_three_minutes(make_house: MakeHouse) -> None:
    slow, quick = make_house(at="17:00"), make_house(at="17:00", pace=60)

    slow.passes("3h")
    quick.passes("3m")

    weather = readings(quick, "sensor.outdoor_temperature")
    assert len(weather) > 5
    assert weather == readings(slow, "sensor.outdoor_temperature")


def test_a_day_has_believable_figures(make_house: MakeHouse) -> None:
    house = make_house(at="09:00")

    house.passes("24h")

    for room in ROOMS:
        assert all(15 < one < 27 for one in readings(house, f"sensor.{room}_temperature"))
        assert all(20 < one < 96 for one in readings(house, f"sensor.{room}_humidity"))
    assert 5 < readings(house, "sensor.house_energy")[-1] < 30
    assert min(readings(house, "sensor.house_power")) >= 85
    assert max(readings(house, "sensor.house_power")) < 9000
    assert {one.data["state"] for one in changes(house, "sensor.part_of_day")} == {
        "morning", "day", "evening", "night",
    }  # fmt: skip


def test_energy_is_what_power_adds_up_to(make_house: MakeHouse) -> None:
    house = make_house(at="17:00")

    house.passes("6h")

    power = [
        (one.time, float(one.data["state"]))
        for one in house.events
        if one.type == "state.changed" and one.subject == "sensor.house_power"
    ]
    power.append((house.clock.now(), power[-1][1]))
    seconds = [(later[0] - one[0]).total_seconds() for one, later in pairwise(power)]
    added_kwh = sum(w * s for (_, w), s in zip(power[:-1], seconds, strict=True)) / 3_600_000
    assert readings(house, "sensor.house_energy")[-1] == pytest.approx(added_kwh, rel=0.01)


def test_people_go_to_work_and_come_home_on_a_working_day(make_house: MakeHouse) -> None:
    house = make_house(at="06:00")

    house.passes("14h")

    for person in ("person.ana", "person.ben"):
        went = [one.data["state"] for one in changes(house, person)]
        assert went == ["not_home", "home"]
    opened = [
        one for one in changes(house, "binary_sensor.front_door") if one.data["state"] == "on"
    ]
    assert len(opened) == 4


def test_nothing_moves_in_an_empty_house(make_house: MakeHouse) -> None:
    house = make_house(at="06:00")

    house.passes("10h")

    left = max(
        one.time
        for person in ("person.ana", "person.ben")
        for one in changes(house, person)
        if one.data["state"] == "not_home"
    )
    moved = [
        one
        for one in changes(house)
        if one.subject.endswith("_motion") and one.data["state"] == "on" and one.time > left
    ]
    assert house.clock.now() - left > timedelta(hours=4)
    assert moved == []
    assert present(house, "lock.front_door") == "locked"


def test_presence_follows_the_phone(make_house: MakeHouse) -> None:
    house = make_house(at="06:00")

    house.passes("4h")

    went = changes(house, "person.ana")[0]
    assert [one.subject for one in house.why(went)] == ["person.ana", "device_tracker.ana_phone"]


def test_the_greenhouse_is_lost_and_found_again(make_house: MakeHouse) -> None:
    house = make_house(at="09:00")

    house.passes("8h")

    told = [one.type for one in house.events if one.subject == "greenhouse.sensor"]
    states = [one.data["state"] for one in changes(house, "sensor.greenhouse_temperature")]
    assert told[:2] == ["device.lost", "device.back"]
    assert "unavailable" in states
    assert told.count("device.lost") - told.count("device.back") in (0, 1)


def test_the_washing_machine_ends_its_programme(make_house: MakeHouse) -> None:
    house = make_house(at="20:00")

    house.passes("10m")

    assert present(house, "sensor.washing_machine") == "finished"
    assert present(house, "sensor.washing_machine_power") == "0"
