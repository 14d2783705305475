"""Zones count the persons in them; a person is where the most telling tracker says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita.events import State
from casita.helpers.zone import active_zone, distance_m
from casita.ids import Offset
from casita.testing import START, House

MakeHouse = Callable[..., House]
HOME = {"name": "Casa", "latitude": 52.37, "longitude": 4.9}
WORK = {"name": "Work", "latitude": 52.1, "longitude": 5.0, "radius": 250}
ANN = {"name": "Ann", "id": "ann1", "device_trackers": ["device_tracker.a", "device_tracker.b"]}
GPS = {"source_type": "gps", "latitude": 52.1, "longitude": 5.0, "gps_accuracy": 10}


def test_the_house_itself_is_a_zone(make_house: MakeHouse) -> None:
    house = make_house(home=HOME, zone=[WORK])

    home, work = house.state("zone.home"), house.state("zone.work")

    assert home is not None
    assert (home.state, dict(home.attributes)) == (
        "0",
        {
            "friendly_name": "Casa", "icon": "mdi:home", "editable": False, "latitude": 52.37,
            "longitude": 4.9, "radius": 100.0, "passive": False, "persons": [],
        },
    )  # fmt: skip
    assert work is not None
    assert work.attributes["radius"] == 250


def test_a_zone_of_the_name_home_stands_for_the_house(make_house: MakeHouse) -> None:
    mine = {"name": "Home", "latitude": 1, "longitude": 2, "radius": 30}
    house = make_house(home=HOME, zone=[mine])

    home = house.state("zone.home")

    assert home is not None
    assert (home.attributes["latitude"], home.attributes["radius"]) == (1.0, 30.0)


def test_without_a_place_on_the_map_there_is_no_home_and_no_sun(make_house: MakeHouse) -> None:
    house = make_house()

    assert house.state("zone.home") is None
    assert house.state("sun.sun") is None


@pytest.mark.parametrize(
    ("seen", "state", "source"),
    [
        ([], "unknown", None),
        ([("a", "home", {})], "home", "device_tracker.a"),
        ([("a", "not_home", {}), ("b", "home", {})], "home", "device_tracker.b"),
        ([("a", "home", {"source_type": "router"}), ("b", "Work", GPS)], "home",
         "device_tracker.a"),
        ([("a", "not_home", {"source_type": "router"}), ("b", "Work", GPS)], "Work",
         "device_tracker.b"),
        ([("a", "Work", GPS), ("b", "not_home", GPS)], "not_home", "device_tracker.b"),
        ([("a", "home", {}), ("a", "unavailable", {})], "unknown", None),
        ([("a", "home", {}), ("b", "unavailable", {})], "home", "device_tracker.a"),
    ],
)  # fmt: skip
def test_a_person_is_where_the_most_telling_tracker_says(
    make_house: MakeHouse,
    seen: list[tuple[str, str, dict[str, Any]]],
    state: str,
    source: str | None,
) -> None:
    house = make_house(home=HOME, person=[ANN])
    assert house.state("person.ann")
    for tracker, where, attributes in seen:
        house.sees(f"device_tracker.{tracker}", where, **attributes)
        house.passes(1)

    ann = house.state("person.ann")

    assert ann is not None
    assert (ann.state, ann.attributes.get("source")) == (state, source)
    assert ann.attributes["id"] == "ann1"


def test_a_person_has_the_position_of_the_tracker(make_house: MakeHouse) -> None:
    house = make_house(home=HOME, person=[ANN])
    house.sees("device_tracker.a", "Work", **GPS)

    ann = house.state("person.ann")

    assert ann is not None
    assert [ann.attributes[key] for key in ("latitude", "longitude", "gps_accuracy")] == [
        52.1,
        5.0,
        10,
    ]


def test_zones_count_the_persons_in_them(make_house: MakeHouse) -> None:
    bob = {"name": "Bob", "device_trackers": "device_tracker.c"}
    house = make_house(home=HOME, zone=[WORK], person=[ANN, bob])

    def counted() -> list[tuple[str, list[str]]]:
        zones = [house.state(one) for one in ("zone.home", "zone.work")]
        return [(zone.state, list(zone.attributes["persons"])) for zone in zones if zone]

    house.sees("device_tracker.a", "home")
    house.sees("device_tracker.c", "work")
    first = counted()
    house.sees("device_tracker.a", "not_home")
    house.sees("device_tracker.c", "home")

    assert first == [("1", ["person.ann"]), ("1", ["person.bob"])]
    assert counted() == [("1", ["person.bob"]), ("0", [])]


def test_a_power_cut_moves_nobody(make_house: MakeHouse) -> None:
    house = make_house(home=HOME, person=[ANN])
    house.sees("device_tracker.a", "home")
    before = len([event for event in house.events if event.subject in ("person.ann", "zone.home")])

    house.crash()

    ann = house.state("person.ann")
    assert ann is not None
    assert ann.state == "home"
    after = [event for event in house.events if event.subject in ("person.ann", "zone.home")]
    assert len(after) == before


def test_a_tracker_is_made_when_it_is_first_seen(make_house: MakeHouse) -> None:
    house = make_house(home=HOME, zone=[WORK])

    def seen(**data: Any) -> str:
        house.calls("device_tracker.see", dev_id="ann phone", **data)
        state = house.state("device_tracker.ann_phone")
        assert state is not None
        return state.state

    assert seen(host_name="Ann's phone") == "home"
    assert seen(location_name="Aunt May") == "Aunt May"
    assert seen(gps=[52.1001, 5.0], gps_accuracy=5, battery=70) == "Work"
    assert seen(gps=[52.37, 4.9]) == "home"
    assert seen(gps=[10, 10]) == "not_home"
    house.crash()
    tracker = house.state("device_tracker.ann_phone")
    assert tracker is not None
    assert (tracker.state, tracker.name) == ("not_home", "Ann's phone")


def _zone(name: str, latitude: float, radius: float, **attributes: Any) -> State:
    shown = {"latitude": latitude, "longitude": 0.0, "radius": radius, **attributes}
    return State(f"zone.{name}", "0", shown, START, START, Offset(1))


@pytest.mark.parametrize(
    ("latitude", "accuracy_m", "expected"),
    [
        (50.0, 0, "zone.small"),
        (50.001, 0, "zone.large"),
        (50.1, 0, None),
        (50.1, 20_000, "zone.large"),
    ],
)
def test_the_nearest_zone_counts_and_of_equally_near_ones_the_smallest(
    latitude: float, accuracy_m: float, expected: str | None
) -> None:
    zones = [
        _zone("large", 50.0, 500),
        _zone("small", 50.0, 50),
        _zone("hidden", 50.0, 5000, passive=True),
    ]
    if accuracy_m:
        zones = zones[:1]

    found = active_zone(zones, latitude, 0.0, accuracy_m)

    assert (found.entity_id if found else None) == expected


latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, latitudes, longitudes)
def test_the_way_back_is_as_long_and_never_longer_than_half_the_earth(
    north: float, east: float, north_2: float, east_2: float
) -> None:
    there = distance_m(north, east, north_2, east_2)

    assert there == pytest.approx(distance_m(north_2, east_2, north, east), abs=1e-3)
    assert 0 <= there <= 20_016_000


def test_known_distances() -> None:
    assert distance_m(52.37, 4.9, 52.37, 4.9) == 0
    assert distance_m(48.8567, 2.3508, 52.5167, 13.3833) == pytest.approx(878_000, rel=0.005)
