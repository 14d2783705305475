"""Why an automation did not run: the nearest misses, for every kind of trigger and of reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automations.conftest import Declare
from casita.asking import Miss, WhyNot
from casita.errors import UnknownEntity
from casita.testing import House

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
LAMP: dict[str, Any] = {"action": "light.turn_on", "target": {"entity_id": "light.hall"}}


def asked(house: House, hours: float = 24, at_ago_s: float | None = None) -> WhyNot:
    now = house.clock.now()
    at = None if at_ago_s is None else now - timedelta(seconds=at_ago_s)
    return house.awaits(
        house.kernel.asking.answerer.why_not(
            "automation.a", since=now - timedelta(hours=hours), until=now, at=at
        )
    )


def nearest(house: House) -> Miss:
    house.passes("5m")
    return asked(house).misses[0]


def reacting(home: Declare, trigger: Any, *conditions: Any, **more: Any) -> House:
    item = {"alias": "a", "trigger": trigger, "condition": [*conditions], "action": [LAMP]}
    sections = {key: more.pop(key) for key in ("home", "zone", "input_number") if key in more}
    return home({**item, **more}, **sections)


def test_the_clause_that_said_no_is_told_with_its_value(home: Declare) -> None:
    dark = {"condition": "numeric_state", "entity_id": "sensor.lux", "below": 50}
    anna = {"condition": "state", "entity_id": "person.anna", "state": "home"}
    house = reacting(home, DOOR, anna, dark)
    house.sees("person.anna", "home")
    house.sees("sensor.lux", "300")
    house.sees("binary_sensor.door", "off")

    house.sees("binary_sensor.door", "on")
    house.sees("sensor.lux", "10")

    miss = nearest(house)
    told = [(one.says, one.holds, one.seen) for one in miss.clauses]
    assert (miss.reason, miss.recorded) == ("condition", True)
    assert told == [
        ("person.anna is home", True, "home"),
        ("sensor.lux is below 50", False, "300"),
    ]
    assert "sensor.lux is below 50" in miss.message


def test_members_of_an_or_are_told_under_it(home: Declare) -> None:
    either = {"or": [
        {"condition": "state", "entity_id": "person.anna", "state": "home"},
        {"condition": "time", "after": "22:00:00"}]}  # fmt: skip
    house = reacting(home, DOOR, either)
    house.sees("person.anna", "away")
    house.sees("binary_sensor.door", "off")

    house.sees("binary_sensor.door", "on")

    told = [(one.says, one.holds) for one in nearest(house).clauses]
    assert told == [
        ("one of these holds", False),
        ("  person.anna is home", False),
        ("  it is after 22:00:00", False),
    ]


def test_a_state_from_elsewhere_is_told(home: Declare) -> None:
    house = reacting(home, {**DOOR, "from": "off"})
    house.sees("binary_sensor.door", "unavailable")

    house.sees("binary_sensor.door", "on")

    miss = nearest(house)
    assert miss.reason == "value"
    assert miss.message == "binary_sensor.door came from 'unavailable', and 'off' is asked for"


def test_another_state_than_the_wanted_is_told(home: Declare) -> None:
    house = reacting(home, {"trigger": "state", "entity_id": "cover.garage", "to": "open"})
    house.sees("cover.garage", "closed")

    house.sees("cover.garage", "opening")

    assert nearest(house).message == "cover.garage became 'opening', and 'open' is asked for"


def test_the_nearest_number_is_told(home: Declare) -> None:
    house = reacting(home, {"trigger": "numeric_state", "entity_id": "sensor.heat", "above": 30})
    for value in ("20", "29.5", "21"):
        house.sees("sensor.heat", value)

    assert nearest(house).message == "sensor.heat was '29.5', which is not above 30"


def test_a_number_that_was_inside_already_is_told(home: Declare) -> None:
    house = reacting(home, {"trigger": "numeric_state", "entity_id": "sensor.heat", "above": 30})
    house.sees("sensor.heat", "31")
    house.passes("2h")

    house.sees("sensor.heat", "32")

    house.passes("1m")
    assert "within the limits already" in asked(house, hours=0.5).misses[0].message


def test_a_for_that_was_broken_is_told_with_what_broke_it(home: Declare) -> None:
    house = reacting(home, {**DOOR, "for": "00:10:00"})
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("7m")

    house.sees("binary_sensor.door", "off")

    miss = nearest(house)
    assert miss.reason == "for"
    assert miss.message == (
        "it held for 0:07:00 of the 0:10:00 that are asked for, then binary_sensor.door "
        "became 'off'"
    )


def test_a_template_is_told_with_what_it_read(home: Declare) -> None:
    template = "{{ is_state('light.a', 'on') and is_state('light.b', 'on') }}"
    house = reacting(home, {"trigger": "template", "value_template": template})
    house.sees("light.a", "off")
    house.sees("light.b", "off")

    house.sees("light.a", "on")

    message = nearest(house).message
    assert message == "the template gave False (light.a on, light.b off)"


def test_an_event_with_other_data_is_told(home: Declare) -> None:
    trigger = {"trigger": "event", "event_type": "pressed", "event_data": {"button": 1}}
    house = reacting(home, trigger)

    house.fires("pressed", button=2)

    assert nearest(house).message == "its button was 2, and 1 is asked for"


def test_a_zone_that_was_not_reached_is_told(home: Declare) -> None:
    house = reacting(
        home, {"trigger": "zone", "entity_id": "person.anna", "zone": "zone.work"},
        zone=[{"name": "Work", "latitude": 48.0, "longitude": 11.0, "radius": 100}],
    )  # fmt: skip
    house.sees("person.anna", "away", latitude=48.1, longitude=11.0)

    house.sees("person.anna", "away", latitude=48.01, longitude=11.0)

    message = nearest(house).message
    assert message.startswith("person.anna stayed outside of Work, 11")


def test_a_time_condition_at_the_time_of_a_trigger_is_told(home: Declare) -> None:
    sunday = {"condition": "time", "weekday": ["sun"]}
    house = reacting(home, {"trigger": "time", "at": "09:30:00"}, sunday)
    house.sees("light.hall", "off")

    house.passes("1h")

    miss = nearest(house)
    assert (miss.reason, miss.clauses[0].says) == ("condition", "it is on sun")
    assert miss.clauses[0].seen == "Tue 09:30:00"


def test_a_run_under_way_in_single_mode_is_told(home: Declare) -> None:
    house = reacting(home, DOOR, mode="single", action=[{"delay": "01:00:00"}])
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    house.sees("binary_sensor.door", "off")
    house.passes("10m")

    house.sees("binary_sensor.door", "on")

    found = asked(house)
    assert (found.runs, found.misses[0].reason) == (1, "mode")
    assert "a run of it is under way, and its mode is single" in found.now


def test_the_hop_limit_is_told(home: Declare) -> None:
    house = home(
        {"alias": "a", "trigger": {"trigger": "state", "entity_id": "light.hall", "to": "off"},
         "action": [LAMP]},
        {"alias": "b", "trigger": {"trigger": "state", "entity_id": "light.hall", "to": "on"},
         "action": [{"action": "light.turn_off", "target": {"entity_id": "light.hall"}}]},
    )  # fmt: skip
    house.sees("light.hall", "on")

    house.sees("light.hall", "off")

    house.passes("1m")
    refused = [one for one in asked(house).misses if one.reason == "hops"]
    assert refused
    assert refused[0].recorded


def test_an_automation_that_was_turned_off_is_told(home: Declare) -> None:
    house = reacting(home, DOOR)
    house.sees("binary_sensor.door", "off")
    house.calls("automation.turn_off", "automation.a")
    house.passes("1m")

    house.sees("binary_sensor.door", "on")

    miss = nearest(house)
    assert (miss.reason, miss.recorded) == ("disabled", False)
    assert "it is turned off" in asked(house).now


def test_a_shadow_is_told(home: Declare) -> None:
    house = reacting(home, DOOR, shadow=True)
    house.sees("binary_sensor.door", "on")

    assert any("in shadow" in one for one in asked(house).now)


def test_a_time_that_a_person_cancelled_is_told(home: Declare) -> None:
    from casita.asking import Doing

    house = reacting(home, {"trigger": "time", "at": "09:30:00"})
    answerer = house.kernel.asking.answerer
    until = house.clock.now() + timedelta(hours=1)
    (due,) = house.awaits(answerer.upcoming(until))
    house.awaits(answerer.act(due.id, Doing.CANCEL, actor="person:anna"))

    house.passes("1h")

    assert nearest(house).reason == "cancelled"


def test_what_is_wrong_with_it_is_told(home: Declare) -> None:
    house = reacting(home, {"trigger": "state", "entity_id": "binary_sensor.dor", "to": "open"})
    house.sees("binary_sensor.door", "off")

    told = " ".join(asked(house).now)

    assert "there is no entity binary_sensor.dor. Did you mean 'binary_sensor.door'?" in told
    assert "never 'open'" in told


def test_the_next_time_is_told(home: Declare) -> None:
    house = reacting(home, {"trigger": "time", "at": "06:00:00"})
    house.sees("light.hall", "off")

    assert "its trigger time is next due: 2024-03-13 06:00:00" in asked(house).now


def test_a_moment_that_is_asked_for_comes_first(home: Declare) -> None:
    house = reacting(home, {"trigger": "numeric_state", "entity_id": "sensor.heat", "above": 30})
    for value in ("20", "29", "10"):
        house.sees("sensor.heat", value)
        house.passes("1h")

    found = asked(house, at_ago_s=3600)

    assert found.misses[0].message == "sensor.heat was '10', which is not above 30"


def test_a_run_is_no_miss(home: Declare) -> None:
    house = reacting(home, DOOR)
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "off")

    house.sees("binary_sensor.door", "on")
    house.passes("1m")

    found = asked(house)
    assert found.runs == 1
    assert [one for one in found.misses if one.reason != "value"] == []


def test_asking_leaves_no_trace(home: Declare) -> None:
    house = reacting(home, DOOR)
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    before = len(house.events)

    asked(house)

    assert len(house.events) == before


def test_what_happened_before_a_restart_counts(home: Declare) -> None:
    night = {"condition": "time", "after": "22:00:00"}
    house = reacting(home, DOOR, night)
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    house.passes("1m")

    house.crash()

    assert nearest(house).reason == "condition"


def test_an_automation_that_is_not_there_is_told(home: Declare) -> None:
    house = home({"alias": "hall", "trigger": DOOR, "action": [LAMP]})

    with pytest.raises(UnknownEntity, match="there is no such automation"):
        asked(house)
