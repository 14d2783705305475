"""What was due while the house was down follows its policy, each kind with a default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automations.conftest import Declare
from casita.testing import House

GO = {"trigger": "event", "event_type": "go"}
TELL = {
    "event": "told",
    "event_data": {"at": "{{ now().isoformat() }}", "late": "{{ trigger.missed_by | string }}"},
}
SEVEN = datetime(2024, 3, 13, 7, tzinfo=UTC)
HOME = {"time_zone": "UTC", "latitude": 52.4, "longitude": 4.9}


def told(house: House) -> list[datetime]:
    return [one.time for one in house.events if one.type == "told"]


def after(house: House, begin: datetime) -> list[float]:
    return [round((one - begin).total_seconds(), 3) for one in told(house)]


# Times


@pytest.mark.parametrize(
    ("missed", "down", "fires"),
    [
        ({}, "59m", 1),
        ({}, "61m", 0),
        ({"missed": "skip"}, "10m", 0),
        ({"missed": {"policy": "once", "within": "3h"}}, "179m", 1),
        ({"missed": {"within": "3h"}}, "181m", 0),
        ({"missed": {"policy": "once", "within": None}}, "300h", 1),
        ({"missed": {"policy": "all", "within": "80h"}}, "72h", 3),
    ],
)
def test_a_time_that_was_missed_follows_its_policy(
    home: Declare, missed: dict[str, Any], down: str, fires: int
) -> None:
    trigger = {"trigger": "time", "at": "09:00:30", **missed}
    house = home({"alias": "a", "trigger": trigger, "action": [TELL]})
    house.passes("10s")

    house.crash(down=down)
    house.passes("1s")

    assert len(told(house)) == fires


def test_what_is_made_up_for_says_by_how_much_it_was_missed(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:10"}, "action": [TELL]})
    house.passes("1s")

    house.crash(down="19m59s")
    house.passes("1s")

    event = next(one for one in house.events if one.type == "told")
    assert event.data["late"] == "0:10:00"


def test_a_time_that_has_fired_before_the_crash_is_not_missed(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:00:30"}, "action": [TELL]})
    house.passes("31s")

    house.crash(down="10m")
    house.passes("23h")

    assert len(told(house)) == 1


def test_an_automation_that_was_off_has_missed_nothing(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:10"}, "action": [TELL]})
    house.calls("automation.turn_off", "automation.a")

    house.crash(down="20m")
    house.calls("automation.turn_on", "automation.a")
    house.passes("1m")

    assert told(house) == []


def test_a_pattern_is_not_made_up_for_unless_it_is_asked_for(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": {"trigger": "time_pattern", "minutes": "/10"}, "action": [TELL]},
        {
            "alias": "b",
            "trigger": {"trigger": "time_pattern", "minutes": "/10", "missed": "all"},
            "action": [{"event": "other"}],
            "mode": "parallel",
        },
    )
    house.passes("1s")
    before = told(house)
    others = [one for one in house.events if one.type == "other"]

    house.crash(down="35m")
    house.passes("1s")

    assert told(house) == before
    assert len([one for one in house.events if one.type == "other"]) == len(others) + 3


def test_a_sunset_is_made_up_for(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": {"trigger": "sun", "event": "sunset"}, "action": [TELL]},
        home={**HOME},
    )
    house.passes("8h")

    house.crash(down="2h")
    house.passes("1m")

    assert len(told(house)) == 1


def test_a_time_that_an_entity_names_is_made_up_for(home: Declare) -> None:
    house = home(
        {
            "alias": "a",
            "trigger": {"trigger": "time", "at": "input_datetime.once"},
            "action": [TELL],
        },
        input_datetime={"once": {"has_date": True, "has_time": True}},
    )
    house.calls(
        "input_datetime.set_datetime", "input_datetime.once", datetime="2024-03-12 09:10:00"
    )

    house.crash(down="30m")
    house.passes("1s")
    house.crash(down="30m")
    house.passes("1h")

    assert len(told(house)) == 1


# Delays and waits


@pytest.mark.parametrize(
    ("missed", "down", "result", "fires"),
    [
        ({}, "30h", "done", 1),
        ({"missed": "skip"}, "6m", "dropped", 0),
        ({"missed": "skip"}, "3m", "done", 1),
        ({"missed": {"policy": "once", "within": "2h"}}, "121m", "done", 1),
        ({"missed": {"policy": "once", "within": "2h"}}, "130m", "dropped", 0),
    ],
)
@pytest.mark.parametrize("kind", ["delay", "timeout"])
def test_a_wait_that_ran_out_follows_its_policy(
    home: Declare, kind: str, missed: dict[str, Any], down: str, result: str, fires: int
) -> None:
    waits = {
        "delay": {"delay": "00:05:00", **missed},
        "timeout": {"wait_for_trigger": [GO], "timeout": "00:05:00", **missed},
    }
    house = home({"alias": "a", "trigger": GO, "action": [waits[kind], {"event": "told"}]})
    house.fires("go")

    house.crash(down=down)
    house.passes("5m")

    ends = [one.data for one in house.events if one.type == "run.finished"]
    assert [one["result"] for one in ends] == [result]
    assert len(told(house)) == fires
    assert ("too late" in ends[0].get("message", "")) is (result == "dropped")


def test_a_wait_keeps_the_for_of_its_trigger(home: Declare) -> None:
    wait = {"trigger": "state", "entity_id": "input_boolean.x", "to": "off", "for": "00:05:00"}
    house = home(
        {"alias": "a", "trigger": GO, "action": [{"wait_for_trigger": [wait]}, {"event": "told"}]},
        input_boolean={"x": None},
    )
    house.calls("input_boolean.turn_on", "input_boolean.x")
    house.fires("go")
    house.calls("input_boolean.turn_off", "input_boolean.x")
    begin = house.clock.now()
    house.passes("2m")

    house.crash(down="1m")
    house.passes("10m")

    assert after(house, begin) == [300]


# for:


HELD = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on", "for": "00:10:00"}


def test_the_time_down_does_not_count_for_a_state_that_may_have_changed(home: Declare) -> None:
    house = home({"alias": "a", "trigger": HELD, "action": [TELL]})
    house.sees("binary_sensor.door", "on")
    begin = house.clock.now()
    house.passes("4m")

    house.crash(down="1h")
    house.crash(down="1h")
    house.passes("20m")

    assert after(house, begin) == [7200 + 600]


@pytest.mark.parametrize(("down", "expected"), [("3m", 600), ("1h", 3840)])
def test_the_time_down_counts_if_it_is_assumed_that_the_state_held(
    home: Declare, down: str, expected: float
) -> None:
    house = home({"alias": "a", "trigger": {**HELD, "missed": "assume_held"}, "action": [TELL]})
    house.sees("binary_sensor.door", "on")
    begin = house.clock.now()
    house.passes("4m")

    house.crash(down=down)
    house.passes("20m")

    assert after(house, begin) == [expected]


def test_the_time_down_counts_for_what_only_the_hub_changes(home: Declare) -> None:
    trigger = {**HELD, "entity_id": "input_boolean.x"}
    house = home({"alias": "a", "trigger": trigger, "action": [TELL]}, input_boolean={"x": None})
    house.calls("input_boolean.turn_on", "input_boolean.x")
    begin = house.clock.now()

    house.crash(down="5m")
    house.passes("20m")

    assert after(house, begin) == [600]


def test_a_for_that_is_not_to_survive_has_to_begin_anew(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {**HELD, "missed": "skip"}, "action": [TELL]})
    house.sees("binary_sensor.door", "on")

    house.crash()
    house.passes("20m")

    assert told(house) == []


def test_a_state_that_came_back_different_is_not_held(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {**HELD, "missed": "assume_held"}, "action": [TELL]})
    house.sees("binary_sensor.door", "on")

    house.crash(down="5m")
    house.sees("binary_sensor.door", "off")
    house.passes("20m")

    assert told(house) == []


def test_a_template_that_holds_goes_on_counting(home: Declare) -> None:
    trigger = {
        "trigger": "template",
        "value_template": "{{ is_state('binary_sensor.door', 'on') }}",
        "for": "00:10:00",
        "missed": "assume_held",
    }
    tell = {"event": "told", "event_data": {"was": "{{ trigger.from_state.state }}"}}
    house = home({"alias": "a", "trigger": trigger, "action": [tell]})
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    begin = house.clock.now()
    house.passes("4m")

    house.crash(down="3m")
    house.passes("20m")
    house.crash(down="3m")
    house.passes("20m")

    assert after(house, begin) == [600]
    assert [one.data["was"] for one in house.events if one.type == "told"] == ["off"]


# The clock


def test_a_time_waits_until_the_clock_is_trusted(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:10"}, "action": [TELL]})
    house.passes("1m")

    house.crash(down="10m", clock_is_off=timedelta(days=-400))
    house.passes("20m")
    before = told(house)
    doubts = [one.data["reason"] for one in house.events if one.type == "clock.untrusted"]
    house.clock.step(datetime(2024, 3, 12, 9, 31, tzinfo=UTC) - house.clock.now())
    house.passes("10s")

    assert before == []
    assert "the newest event in the log" in doubts[0]
    assert "clock.trusted" in [one.type for one in house.events]
    assert len(told(house)) == 1


def test_a_delay_lasts_no_longer_than_its_length_on_a_clock_that_is_wrong(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": GO, "action": [{"delay": "00:05:00"}, {"event": "told"}]}
    )
    house.fires("go")
    house.passes("1m")

    house.crash(down="1m", clock_is_off=timedelta(days=-4000))
    begin = house.clock.now()
    house.passes("10m")

    assert after(house, begin) == [300]


def test_a_clock_that_is_put_back_makes_nothing_fire_twice(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:10"}, "action": [TELL]})
    house.passes("10m10s")

    house.do(lambda: house.clock.step(timedelta(seconds=-30)))
    house.passes("23h")

    assert len(told(house)) == 1


def test_a_clock_that_comes_back_from_the_future_does_not_silence_a_time(home: Declare) -> None:
    house = home({"alias": "a", "trigger": {"trigger": "time", "at": "09:10"}, "action": [TELL]})
    house.passes("1m")
    years = datetime(2080, 1, 1, tzinfo=UTC) - datetime(2024, 1, 1, tzinfo=UTC)
    house.do(lambda: house.clock.step(years))
    house.passes("1m")
    house.do(lambda: house.clock.step(-years))

    house.passes("10m")

    assert len(told(house)) == 1


# Words


@pytest.mark.parametrize(
    ("trigger", "says"),
    [
        ({"trigger": "time", "at": "07:00", "missed": "onec"}, "Did you mean 'once'"),
        ({"trigger": "time", "at": "07:00", "missed": {"policy": "once", "win": 1}}, "'win'"),
        ({"trigger": "state", "entity_id": "a.b", "missed": "once"}, "it goes with a 'for:'"),
        ({**HELD, "missed": "all"}, "assume_held"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    home: Declare, trigger: dict[str, Any], says: str
) -> None:
    house = home({"alias": "a", "trigger": trigger, "action": [TELL]})

    problems = [one.data["message"] for one in house.events if one.type == "config.problem"]

    assert says in problems[0]


# Calendars


@pytest.mark.parametrize(
    ("missed", "down", "fires"),
    [
        ({}, "59m", 1),
        ({}, "3h", 0),
        ({"missed": "skip"}, "15m", 0),
        ({"missed": {"within": "4h"}}, "3h", 1),
        ({}, "1m", 1),
    ],
)
def test_an_entry_that_began_meanwhile_follows_its_policy(
    home: Declare, missed: dict[str, Any], down: str, fires: int
) -> None:
    trigger = {"trigger": "calendar", "entity_id": "calendar.bins", **missed}
    house = home({"alias": "a", "trigger": trigger, "action": [TELL]})
    entry = {
        "message": "Paper", "start_time": "2024-03-12 09:10:00", "end_time": "2024-03-12 12:00:00",
    }  # fmt: skip
    house.sees("calendar.bins", "off", **entry)

    house.crash(down=down)
    house.passes("10m")

    assert len(told(house)) == fires
    assert house.hub.kernel.log.items("hold") == {}
