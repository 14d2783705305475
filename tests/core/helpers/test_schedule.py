"""Schedules are on during their blocks, by the clock on the wall, also when that is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita.helpers.schedule import DAYS, Block, spans_around
from casita.testing import House
from casita.wall_time import first_moment

MakeHouse = Callable[..., House]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOME = {"time_zone": "Europe/Amsterdam"}


def _shown(house: House) -> tuple[str, Any]:
    state = house.state("schedule.heat")
    assert state is not None
    return state.state, state.attributes.get("next_event")


def _local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


WEEK = {
    "monday": [{"from": "06:00", "to": "08:30"}, {"from": "17:00:00", "to": "24:00"}],
    "tuesday": [{"from": "00:00", "to": "01:00", "data": {"degrees": 17}}],
}


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (_local(2024, 3, 11, 5, 59), ("off", "2024-03-11T06:00:00+01:00")),
        (_local(2024, 3, 11, 6), ("on", "2024-03-11T08:30:00+01:00")),
        (_local(2024, 3, 11, 8, 30), ("off", "2024-03-11T17:00:00+01:00")),
        (_local(2024, 3, 11, 23, 59), ("on", "2024-03-12T00:00:00+01:00")),
        (_local(2024, 3, 12, 0), ("on", "2024-03-12T01:00:00+01:00")),
        (_local(2024, 3, 12, 1), ("off", "2024-03-18T06:00:00+01:00")),
        (_local(2024, 3, 30, 12), ("off", "2024-04-01T06:00:00+02:00")),
    ],
)
def test_it_is_on_in_its_blocks_and_tells_when_it_changes(
    make_house: MakeHouse, now: datetime, shown: tuple[str, str]
) -> None:
    house = make_house(start=now, home=HOME, schedule={"heat": WEEK})

    assert _shown(house) == shown


def test_it_changes_on_time_and_shows_the_data_of_its_block(make_house: MakeHouse) -> None:
    house = make_house(start=_local(2024, 3, 11, 16), home=HOME, schedule={"heat": WEEK})
    assert _shown(house)[0] == "off"

    house.passes(8.5 * 3600)
    during = house.state("schedule.heat")
    house.passes(3600)

    changes = [
        (event.time, event.data["state"], event.data["attributes"].get("degrees"))
        for event in house.events
        if event.type == "state.changed" and event.subject == "schedule.heat"
    ]
    assert during is not None
    assert during.attributes["degrees"] == 17
    assert changes == [
        (_local(2024, 3, 11, 16), "off", None),
        (_local(2024, 3, 11, 17), "on", None),
        (_local(2024, 3, 12, 0), "on", 17),
        (_local(2024, 3, 12, 1), "off", None),
    ]


def test_a_schedule_without_blocks_is_off_and_waits_for_nothing(make_house: MakeHouse) -> None:
    house = make_house(schedule={"heat": {"name": "Heat"}})

    assert _shown(house) == ("off", None)


def test_it_answers_with_its_blocks(make_house: MakeHouse) -> None:
    house = make_house(home=HOME, schedule={"heat": WEEK})
    assert house.state("schedule.heat")

    call = house.do(lambda: house.kernel.commands.call(
        "schedule.get_schedule", {}, _target("schedule.heat"), source="test"
    ))  # fmt: skip

    answer = call.response["schedule.heat"]
    assert list(answer) == list(DAYS)
    assert answer["monday"][1] == {"from": "17:00:00", "to": "24:00:00"}
    assert answer["tuesday"] == [{"from": "00:00:00", "to": "01:00:00", "data": {"degrees": 17}}]


def _target(entity_id: str) -> Any:
    from casita.model import Target

    return Target(entity_id=[entity_id])


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ([{"from": "10:00", "to": "09:00"}], "from 10:00:00 is not before to 09:00:00"),
        ([{"from": "10:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}], "overlaps"),
        ([{"from": "10:00"}], "the key 'to' is missing"),
        ([{"from": "25:00", "to": "26:00"}], "not a time of day"),
    ],
)
def test_a_wrong_block_leaves_that_schedule_out_and_no_other(
    make_house: MakeHouse, day: list[dict[str, str]], message: str
) -> None:
    house = make_house(schedule={"bad": {"monday": day}, "heat": WEEK})

    assert house.state("schedule.heat")
    assert house.state("schedule.bad") is None
    assert message in str(house.hub.host.problems())


# The days on which the clock on the wall is put forward or back


@pytest.mark.parametrize(
    ("day", "moment", "expected"),
    [
        (date(2024, 3, 31), time(1, 59), datetime(2024, 3, 31, 0, 59, tzinfo=UTC)),
        (date(2024, 3, 31), time(2, 0), datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        (date(2024, 3, 31), time(2, 30), datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        (date(2024, 3, 31), time(3, 0), datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        (date(2024, 10, 27), time(2, 30), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (date(2024, 10, 27), time(3, 0), datetime(2024, 10, 27, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_has_one_moment(
    day: date, moment: time, expected: datetime
) -> None:
    assert first_moment(day, moment, AMSTERDAM) == expected


ZONES = ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
         "Asia/Kolkata", "America/Santiago", "Pacific/Apia", "UTC")  # fmt: skip
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
times = st.times().map(lambda moment: moment.replace(microsecond=0))


@given(day=days, moment=times, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_the_wall_clock_reaches_a_time_at_its_moment_and_not_before(
    day: date, moment: time, zone: ZoneInfo
) -> None:
    found = first_moment(day, moment, zone)

    wanted = datetime.combine(day, moment)
    shown = found.astimezone(zone).replace(tzinfo=None)
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert shown >= wanted
    assert before < wanted


@st.composite
def weeks(draw: st.DrawFn) -> tuple[list[Block], ...]:
    """Draw a week of blocks that do not overlap."""

    def one_day() -> list[Block]:
        marks = sorted(draw(st.sets(times, max_size=6)))
        return [Block(start, end, {}) for start, end in list(pairwise(marks))[::2]]

    return tuple(one_day() for _ in DAYS)


@given(
    week=weeks(),
    now=st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_blocks_begin_before_they_end_and_never_overlap(
    week: tuple[list[Block], ...], now: datetime, zone: ZoneInfo
) -> None:
    spans = list(spans_around(now.replace(tzinfo=UTC), week, zone))

    assert all(span.start < span.end for span in spans)
    assert all(earlier.end <= later.start for earlier, later in pairwise(spans))


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    night=st.sampled_from([date(2024, 3, 30), date(2024, 10, 26)]),
)
def test_in_the_night_of_the_change_it_turns_on_once_and_off_once(
    hour: int, minute: int, night: date
) -> None:
    start, end = time(hour, minute), time(23, 59, 59)
    week = tuple([Block(start, end, {})] for _ in DAYS)
    noon = datetime.combine(night, time(12), AMSTERDAM).astimezone(UTC)

    on_that_day = [
        span
        for span in spans_around(noon, week, AMSTERDAM)
        if span.start.astimezone(AMSTERDAM).date() == night + timedelta(days=1)
    ]

    assert len(on_that_day) == 1
