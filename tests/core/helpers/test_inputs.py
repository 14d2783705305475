"""Inputs and counters keep what people and automations set, within their limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casita.errors import InvalidCommand
from casita.testing import House

MakeHouse = Callable[..., House]
AMSTERDAM = {"time_zone": "Europe/Amsterdam"}
LEVEL = {"min": 0, "max": 10, "step": 2.5}
MODES = {"options": ["away", "home", "night"]}


def _state(house: House, entity_id: str) -> str:
    state = house.state(entity_id)
    assert state is not None
    return state.state


@pytest.mark.parametrize(
    ("section", "config", "state", "attributes"),
    [
        ("input_boolean", None, "off", {"editable": False, "friendly_name": "one"}),
        ("input_boolean", {"name": "Guests", "icon": "mdi:bed", "initial": "on"}, "on",
         {"editable": False, "friendly_name": "Guests", "icon": "mdi:bed"}),
        ("input_number", {"min": 5, "max": 9}, "5.0",
         {"editable": False, "friendly_name": "one", "min": 5.0, "max": 9.0, "step": 1.0,
          "mode": "slider"}),
        ("input_number", {**LEVEL, "initial": 5, "unit_of_measurement": "W", "mode": "box"},
         "5.0",
         {"editable": False, "friendly_name": "one", "min": 0.0, "max": 10.0, "step": 2.5,
          "mode": "box", "initial": 5.0, "unit_of_measurement": "W"}),
        ("input_select", MODES, "away", {"editable": False, "friendly_name": "one", **MODES}),
        ("input_select", {**MODES, "initial": "night"}, "night",
         {"editable": False, "friendly_name": "one", **MODES}),
        ("input_text", None, "unknown",
         {"editable": False, "friendly_name": "one", "min": 0, "max": 100, "mode": "text"}),
        ("input_text", {"initial": "hello", "max": 5, "pattern": "[a-z]*"}, "hello",
         {"editable": False, "friendly_name": "one", "min": 0, "max": 5, "mode": "text",
          "pattern": "[a-z]*"}),
        ("input_button", None, "unknown", {"editable": False, "friendly_name": "one"}),
        ("input_datetime", {"has_time": True}, "00:00:00",
         {"editable": False, "friendly_name": "one", "has_date": False, "has_time": True,
          "hour": 0, "minute": 0, "second": 0, "timestamp": 0}),
        ("input_datetime", {"has_date": True}, "2024-03-12",
         {"editable": False, "friendly_name": "one", "has_date": True, "has_time": False,
          "year": 2024, "month": 3, "day": 12, "timestamp": 1710198000.0}),
        ("input_datetime", {"has_date": True, "has_time": True, "initial": "2024-07-01 07:30"},
         "2024-07-01 07:30:00",
         {"editable": False, "friendly_name": "one", "has_date": True, "has_time": True,
          "year": 2024, "month": 7, "day": 1, "hour": 7, "minute": 30, "second": 0,
          "timestamp": 1719811800.0}),
        ("counter", None, "0", {"editable": False, "friendly_name": "one", "initial": 0,
                                "step": 1}),
        ("counter", {"initial": 3, "maximum": 9, "step": 2}, "3",
         {"editable": False, "friendly_name": "one", "initial": 3, "step": 2, "maximum": 9}),
    ],
)  # fmt: skip
def test_it_shows_at_first_what_home_assistant_shows(
    make_house: MakeHouse,
    section: str,
    config: dict[str, Any] | None,
    state: str,
    attributes: dict[str, Any],
) -> None:
    house = make_house(home=AMSTERDAM, **{section: {"one": config}})

    shown = house.state(f"{section}.one")

    assert shown is not None
    assert (shown.state, dict(shown.attributes)) == (state, attributes)
    changes = [event for event in house.events if event.type == "state.changed"]
    assert [event.data["old"] for event in changes] == [None]


@pytest.mark.parametrize(
    ("section", "config", "calls", "state"),
    [
        ("input_boolean", None, [("turn_on", {})], "on"),
        ("input_boolean", None, [("toggle", {}), ("toggle", {})], "off"),
        ("input_boolean", {"initial": True}, [("turn_off", {})], "off"),
        ("input_number", LEVEL, [("set_value", {"value": "3.3"})], "3.3"),
        ("input_number", LEVEL, [("increment", {})], "2.5"),
        ("input_number", LEVEL, [("increment", {})] * 5, "10.0"),
        ("input_number", LEVEL, [("increment", {}), ("decrement", {}), ("decrement", {})], "0.0"),
        ("input_select", MODES, [("select_option", {"option": "night"})], "night"),
        ("input_select", MODES, [("select_next", {})], "home"),
        ("input_select", MODES, [("select_previous", {})], "night"),
        ("input_select", MODES, [("select_previous", {"cycle": False})], "away"),
        ("input_select", MODES, [("select_last", {}), ("select_next", {})], "away"),
        ("input_select", MODES, [("select_last", {}), ("set_options", {"options": ["a", "night"]})],
         "night"),
        ("input_select", MODES, [("set_options", {"options": ["a", "b"]}), ("select_last", {})],
         "b"),
        ("input_text", None, [("set_value", {"value": 12})], "12"),
        ("counter", {"initial": 5}, [("increment", {})] * 3, "8"),
        ("counter", {"step": 4, "maximum": 6}, [("increment", {})] * 3, "6"),
        ("counter", {"minimum": -1}, [("decrement", {})] * 3, "-1"),
        ("counter", {"initial": 2}, [("set_value", {"value": 40}), ("reset", {})], "2"),
        ("input_button", None, [("press", {})], "2024-03-12T09:00:00+00:00"),
        ("input_datetime", {"has_time": True}, [("set_datetime", {"time": "7:45"})], "07:45:00"),
        ("input_datetime", {"has_date": True}, [("set_datetime", {"date": "2025-01-02"})],
         "2025-01-02"),
        ("input_datetime", {"has_date": True, "has_time": True},
         [("set_datetime", {"datetime": "2025-01-02 03:04:05"})], "2025-01-02 03:04:05"),
        ("input_datetime", {"has_date": True, "has_time": True},
         [("set_datetime", {"datetime": "2025-01-02T03:04:05+00:00"})], "2025-01-02 04:04:05"),
        ("input_datetime", {"has_date": True, "has_time": True},
         [("set_datetime", {"timestamp": 1719811800})], "2024-07-01 07:30:00"),
        ("input_datetime", {"has_time": True}, [("set_datetime", {"timestamp": 1719811800})],
         "07:30:00"),
        ("input_datetime", {"has_date": True, "has_time": True},
         [("set_datetime", {"date": "2025-01-02"})], "2025-01-02 00:00:00"),
    ],
)  # fmt: skip
def test_it_does_what_it_is_asked_to_do(
    make_house: MakeHouse,
    section: str,
    config: dict[str, Any] | None,
    calls: list[tuple[str, dict[str, Any]]],
    state: str,
) -> None:
    house = make_house(home=AMSTERDAM, **{section: {"one": config}})
    assert house.state(f"{section}.one")

    for action, data in calls:
        house.calls(f"{section}.{action}", f"{section}.one", **data)

    assert _state(house, f"{section}.one") == state


@pytest.mark.parametrize(
    ("section", "config", "action", "data", "message"),
    [
        ("input_number", LEVEL, "set_value", {"value": 11}, "11 is too high; the highest is 10"),
        ("input_select", MODES, "select_option", {"option": "nigth"}, "Did you mean 'night'"),
        ("input_select", MODES, "set_options", {"options": []}, "at least one option"),
        ("input_text", {"max": 3}, "set_value", {"value": "four"}, "the most are 3"),
        ("counter", {"maximum": 3}, "set_value", {"value": 4}, "too high"),
        ("input_datetime", {"has_time": True}, "set_datetime", {"date": "2024-01-01"},
         "nothing to set; it has time"),
        ("input_datetime", {"has_time": True}, "set_datetime", {}, "nothing to set"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(
    make_house: MakeHouse,
    section: str,
    config: dict[str, Any] | None,
    action: str,
    data: dict[str, Any],
    message: str,
) -> None:
    house = make_house(**{section: {"one": config}})
    before = _state(house, f"{section}.one")

    with pytest.raises(InvalidCommand, match=message):
        house.calls(f"{section}.{action}", f"{section}.one", **data)

    assert _state(house, f"{section}.one") == before


@pytest.mark.parametrize(
    ("section", "config", "action", "data", "after"),
    [
        ("input_boolean", None, "turn_on", {}, "on"),
        ("input_boolean", {"initial": False}, "turn_on", {}, "off"),
        ("input_number", LEVEL, "set_value", {"value": 7}, "7.0"),
        ("input_number", {**LEVEL, "initial": 1}, "set_value", {"value": 7}, "1.0"),
        ("input_select", MODES, "select_option", {"option": "night"}, "night"),
        ("input_select", MODES, "set_options", {"options": ["x"]}, "away"),
        ("input_text", None, "set_value", {"value": "kept"}, "kept"),
        ("counter", None, "set_value", {"value": 7}, "7"),
        ("counter", {"restore": False, "initial": 1}, "set_value", {"value": 7}, "1"),
        ("input_datetime", {"has_time": True}, "set_datetime", {"time": "06:15"}, "06:15:00"),
        ("input_button", None, "press", {}, "2024-03-12T09:00:00+00:00"),
    ],
)
def test_after_a_power_cut_it_has_its_value_unless_the_config_gives_one(
    make_house: MakeHouse,
    section: str,
    config: dict[str, Any] | None,
    action: str,
    data: dict[str, Any],
    after: str,
) -> None:
    house = make_house(**{section: {"one": config}})
    house.calls(f"{section}.{action}", f"{section}.one", **data)

    house.crash()

    assert _state(house, f"{section}.one") == after


def test_a_value_that_came_back_is_no_change(make_house: MakeHouse) -> None:
    house = make_house(input_number={"level": LEVEL}, input_boolean={"guests": None})
    house.calls("input_number.set_value", "input_number.level", value=5)
    before = len([event for event in house.events if event.type == "state.changed"])

    house.crash()

    assert house.state("input_number.level")
    assert len([event for event in house.events if event.type == "state.changed"]) == before


def test_what_a_command_changes_carries_the_command_as_its_cause(make_house: MakeHouse) -> None:
    house = make_house(input_boolean={"guests": None})
    house.calls("input_boolean.toggle", "input_boolean.guests")

    changed = [event for event in house.events if event.type == "state.changed"][-1]

    assert house.why(changed).root.type == "command.sent"
    assert house.why(changed).root.actor == "person:test"
