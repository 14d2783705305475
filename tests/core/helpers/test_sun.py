"""The sun's entity follows the sun, and costs little at night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from hypothesis import given, settings
from hypothesis import strategies as st

from casita.clock import VirtualClock
from casita.helpers.sun import Sun, next_event
from casita.testing import House
from casita_config.settings import HomeSettings

MakeHouse = Callable[..., House]
AMSTERDAM = {"latitude": 52.37, "longitude": 4.9, "time_zone": "Europe/Amsterdam"}
TROMSO = {"latitude": 69.65, "longitude": 18.96, "time_zone": "Europe/Oslo"}
NEXT = ("next_dawn", "next_dusk", "next_midnight", "next_noon", "next_rising", "next_setting")


def _sun(house: House) -> tuple[str, dict[str, Any]]:
    state = house.state("sun.sun")
    assert state is not None
    return state.state, dict(state.attributes)


def test_it_shows_where_the_sun_stands_and_what_comes_next(make_house: MakeHouse) -> None:
    house = make_house(start=datetime(2024, 3, 12, 9, tzinfo=UTC), home=AMSTERDAM)

    state, shown = _sun(house)

    assert state == "above_horizon"
    assert (shown["elevation"], shown["azimuth"], shown["rising"]) == (24.06, 132.38, True)
    assert {key: shown[key][:16] for key in NEXT} == {
        "next_dawn": "2024-03-13T05:24",
        "next_dusk": "2024-03-12T18:14",
        "next_midnight": "2024-03-12T23:49",
        "next_noon": "2024-03-12T11:50",
        "next_rising": "2024-03-13T05:58",
        "next_setting": "2024-03-12T17:39",
    }


def test_it_sets_and_rises_within_minutes_of_what_it_said(make_house: MakeHouse) -> None:
    house = make_house(start=datetime(2024, 3, 12, 9, tzinfo=UTC), home=AMSTERDAM)
    said = _sun(house)[1]

    house.passes(24 * 3600)

    turned = [
        (event.time, event.data["state"])
        for event in house.events
        if event.subject == "sun.sun"
        and event.type == "state.changed"
        and event.data["old"] not in (None, event.data["state"])
    ]
    (set_at, below), (rose_at, above) = turned
    assert (below, above) == ("below_horizon", "above_horizon")
    assert abs(set_at - datetime.fromisoformat(said["next_setting"])) < timedelta(minutes=6)
    assert abs(rose_at - datetime.fromisoformat(said["next_rising"])) < timedelta(minutes=6)


def test_it_is_looked_at_more_often_when_it_is_low(make_house: MakeHouse) -> None:
    house = make_house(start=datetime(2024, 3, 12, 12, tzinfo=UTC), home=AMSTERDAM)
    assert house.state("sun.sun")
    house.passes(24 * 3600)

    looks = [event.time for event in house.events if event.subject == "sun.sun"]

    def between(start: int, end: int) -> int:
        day = datetime(2024, 3, 12, tzinfo=UTC)
        return sum(day + timedelta(hours=start) <= one < day + timedelta(hours=end)
                   for one in looks)  # fmt: skip

    assert 13 <= between(14, 15) <= 17  # high: every 4 minutes
    assert 28 <= between(17, 18) <= 34  # near the horizon: every 2 minutes
    assert 3 <= between(21, 22) <= 4  # night: every 20 minutes


@pytest.mark.parametrize(
    ("now", "state", "rising", "setting"),
    [
        (datetime(2024, 6, 21, 12, tzinfo=UTC), "above_horizon", "2024-07", "2024-07"),
        (datetime(2024, 12, 21, 12, tzinfo=UTC), "below_horizon", "2025-01", "2025-01"),
    ],
)
def test_far_north_it_waits_for_weeks(
    make_house: MakeHouse, now: datetime, state: str, rising: str, setting: str
) -> None:
    house = make_house(start=now, home=TROMSO)

    shown_state, shown = _sun(house)

    assert shown_state == state
    assert (shown["next_rising"][:7], shown["next_setting"][:7]) == (rising, setting)


def test_after_a_restart_it_is_the_same_entity(make_house: MakeHouse) -> None:
    house = make_house(start=datetime(2024, 3, 12, 9, tzinfo=UTC), home=AMSTERDAM)
    assert house.state("sun.sun")

    house.crash()

    states = [event.data["state"] for event in house.events if event.subject == "sun.sun"
              and event.type == "state.changed"]  # fmt: skip
    assert set(states) == {"above_horizon"}


@settings(max_examples=50, deadline=None)
@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware
)
def test_anywhere_at_any_time_it_has_a_place_and_goes_on(
    latitude: float, longitude: float, now: datetime
) -> None:
    clock = VirtualClock(now.replace(tzinfo=UTC))
    sun = Sun(HomeSettings(latitude=latitude, longitude=longitude), clock)

    clock.advance(3 * 3600)
    sun.end()

    assert sun.state in ("above_horizon", "below_horizon")
    assert -91 <= sun.readings["elevation"] <= 91


@given(
    after=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware
    zone=st.sampled_from(["Europe/Amsterdam", "Pacific/Auckland", "America/Los_Angeles"]),
)
def test_the_next_sunset_is_ahead_and_within_a_day_or_so(after: datetime, zone: str) -> None:
    moment = after.replace(tzinfo=UTC)
    observer = Observer(52.37, 4.9, 0)

    found = next_event(observer, ZoneInfo(zone), "sunset", None, moment)

    assert found is not None
    assert timedelta() < found - moment < timedelta(hours=24, minutes=5)
