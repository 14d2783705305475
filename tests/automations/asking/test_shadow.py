"""Automations in shadow: what they would do, beside what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automations.conftest import Declare
from casita.asking import ShadowDiff
from casita.errors import UnknownEntity
from casita.testing import House

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}


def lamp(verb: str, **data: Any) -> dict[str, Any]:
    return {"action": f"light.{verb}", "target": {"entity_id": "light.hall"}, "data": data}


def compared(house: House, against: str | None = None) -> ShadowDiff:
    now = house.clock.now()
    return house.awaits(
        house.kernel.asking.answerer.shadow_diff(
            "automation.new", against=against, since=now - timedelta(days=2),
            until=now + timedelta(seconds=1),
        )
    )  # fmt: skip


def both(home: Declare, old: list[Any], new: list[Any]) -> House:
    house = home(
        {"alias": "old", "trigger": DOOR, "action": old},
        {"alias": "new", "trigger": DOOR, "action": new, "shadow": True},
    )
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "off")
    return house


def test_a_shadow_runs_and_sends_nothing(home: Declare) -> None:
    house = home({"alias": "new", "trigger": DOOR, "shadow": True, "action": [
        lamp("turn_on"), {"delay": "00:01:00"}, {"event": "told"}, lamp("turn_off")]})  # fmt: skip
    house.sees("light.hall", "off")

    house.sees("binary_sensor.door", "on")
    house.passes("2m")

    types = [one.type for one in house.events]
    assert house.sent == []
    assert "told" not in types
    assert types.count("command.shadowed") == 2
    assert types.count("event.shadowed") == 1
    assert house.kernel.states.require("light.hall").state == "off"


def test_what_it_would_have_sent_leads_back_to_its_trigger(home: Declare) -> None:
    house = both(home, [], [lamp("turn_on")])
    house.sees("binary_sensor.door", "on")

    (shadowed,) = [one for one in house.events if one.type == "command.shadowed"]

    assert house.why(shadowed).root.subject == "binary_sensor.door"


def test_a_script_is_not_run_by_a_shadow(home: Declare) -> None:
    house = home(
        {"alias": "new", "trigger": DOOR, "shadow": True, "action": [{"action": "script.flash"}]},
        script={"flash": {"sequence": [lamp("turn_on")]}},
    )
    house.sees("light.hall", "off")

    house.sees("binary_sensor.door", "on")

    assert house.sent == []


def test_its_entity_says_that_it_is_one(home: Declare) -> None:
    house = both(home, [], [])

    assert house.kernel.states.require("automation.new").attributes["shadow"] is True
    assert "shadow" not in house.kernel.states.require("automation.old").attributes


def test_equal_commands_are_no_difference(home: Declare) -> None:
    house = both(home, [lamp("turn_on", brightness=9)], [lamp("turn_on", brightness=9)])

    house.sees("binary_sensor.door", "on")

    found = compared(house)
    assert (found.same, list(found.differences), found.runs) == (1, [], 1)
    assert list(found.against) == ["automation.old"]


def test_each_kind_of_difference_is_told(home: Declare) -> None:
    dim = lamp("turn_on", brightness=9)
    house = both(
        home,
        [dim, lamp("turn_off")],
        [lamp("turn_on", brightness=90), {"delay": "00:01:00"}, dim],
    )

    house.sees("binary_sensor.door", "on")
    house.passes("2m")

    found = compared(house)
    kinds = [one.kind for one in found.differences]
    assert sorted(kinds) == ["only_living", "only_shadow", "other_data"]
    (day,) = found.days
    assert (day.day, day.same, day.only_shadow) == ("2024-03-12", 0, 1)


def test_commands_through_a_script_count_for_the_automation(home: Declare) -> None:
    house = home(
        {"alias": "old", "trigger": DOOR, "action": [{"action": "script.flash"}]},
        {"alias": "new", "trigger": DOOR, "action": [lamp("turn_on")], "shadow": True},
        script={"flash": {"sequence": [lamp("turn_on")]}},
    )
    house.sees("light.hall", "off")

    house.sees("binary_sensor.door", "on")

    assert compared(house).same == 1


def test_it_is_compared_with_one_automation_if_that_is_asked(home: Declare) -> None:
    house = home(
        {"alias": "old", "trigger": DOOR, "action": [lamp("turn_on")]},
        {"alias": "other", "trigger": DOOR, "action": [lamp("turn_on")]},
        {"alias": "new", "trigger": DOOR, "action": [lamp("turn_on")], "shadow": True},
    )
    house.sees("light.hall", "off")

    house.sees("binary_sensor.door", "on")

    assert len(compared(house).differences) == 1
    assert list(compared(house, "automation.other").differences) == []


def test_an_automation_that_is_not_there_is_told(home: Declare) -> None:
    house = both(home, [], [])

    with pytest.raises(UnknownEntity, match=r"automation\.old"):
        compared(house, "automation.od")


def test_a_shadow_of_a_python_automation_sends_nothing() -> None:
    with House(
        {
            "plugins": {"motion_light": None},
            "automations": [
                {
                    "alias": "new", "use": "motion_light.motion_light", "shadow": True,
                    "with": {"sensor": "binary_sensor.hall", "light": "light.hall"},
                }
            ],
        }
    ) as house:  # fmt: skip
        house.sees("light.hall", "off")
        house.sees("binary_sensor.hall", "off")

        house.sees("binary_sensor.hall", "on")

        assert house.sent == []
        assert [one.subject for one in house.events if one.type == "command.shadowed"] == [
            "light.hall"
        ]
