"""A group has one state made of its members' states, and passes commands on to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casita.testing import House

MakeHouse = Callable[..., House]


@pytest.mark.parametrize(
    ("states", "any_on", "all_on"),
    [
        ({"light.a": "on", "light.b": "off"}, "on", "off"),
        ({"light.a": "on", "light.b": "on"}, "on", "on"),
        ({"light.a": "off", "light.b": "off"}, "off", "off"),
        ({"light.a": "on", "light.b": "unavailable"}, "on", "off"),
        ({"light.a": "unavailable", "light.b": "unknown"}, "unknown", "unknown"),
        ({"light.a": "off", "light.b": "unavailable"}, "off", "off"),
        ({"person.a": "home", "person.b": "not_home"}, "home", "not_home"),
        ({"person.a": "Work", "person.b": "not_home"}, "not_home", "not_home"),
        ({"person.a": "home", "device_tracker.b": "home"}, "home", "home"),
        ({"cover.a": "open", "cover.b": "closed"}, "open", "closed"),
        ({"cover.a": "closed", "cover.b": "closed"}, "closed", "closed"),
        ({"cover.a": "open", "light.b": "off"}, "on", "off"),
        ({"cover.a": "closed", "light.b": "off"}, "off", "off"),
        ({"lock.a": "unlocked", "lock.b": "locked"}, "unlocked", "locked"),
        ({"lock.a": "open", "lock.b": "unlocked"}, "on", "on"),
        ({"media_player.a": "playing", "media_player.b": "off"}, "playing", "off"),
        ({"media_player.a": "playing", "media_player.b": "paused"}, "on", "on"),
        ({"climate.a": "heat", "climate.b": "off"}, "heat", "off"),
        ({"light.a": "on", "sensor.b": "20.5"}, "on", "on"),
        ({"sensor.a": "1", "sensor.b": "2"}, "unknown", "unknown"),
        ({"input_select.a": "x"}, "unknown", "unknown"),
    ],
)
def test_its_state_is_what_home_assistant_makes_of_its_members(
    make_house: MakeHouse, states: dict[str, str], any_on: str, all_on: str
) -> None:
    members = list(states)
    house = make_house(
        group={
            "some": {"entities": members},
            "every": {"entities": members, "all": True},
        }
    )
    for entity_id, state in states.items():
        house.sees(entity_id, state)

    shown = [house.state(f"group.{name}") for name in ("some", "every")]

    assert [state.state for state in shown if state] == [any_on, all_on]


def test_it_is_written_in_short_or_at_length(make_house: MakeHouse) -> None:
    house = make_house(
        group={
            "short": "light.a, light.b",
            "listed": ["light.a", "light.b"],
            "long": {"name": "Long", "icon": "mdi:lamp", "entities": "light.a, light.b"},
            "empty": None,
        }
    )

    shown = {name: house.state(f"group.{name}") for name in ("short", "listed", "long", "empty")}

    attributes = {name: dict(state.attributes) for name, state in shown.items() if state}
    both = ["light.a", "light.b"]
    assert attributes == {
        "short": {"friendly_name": "short", "entity_id": both},
        "listed": {"friendly_name": "listed", "entity_id": both},
        "long": {"friendly_name": "Long", "icon": "mdi:lamp", "entity_id": both},
        "empty": {"friendly_name": "empty", "entity_id": []},
    }


def test_it_assumes_its_state_if_a_member_does(make_house: MakeHouse) -> None:
    house = make_house(group={"lights": "light.a, light.b"})
    house.sees("light.a", "on", assumed_state=True)
    house.sees("light.b", "on")
    state = house.state("group.lights")

    house.sees("light.a", "on")
    after = house.state("group.lights")

    assert state is not None
    assert after is not None
    assert (state.attributes.get("assumed_state"), after.attributes.get("assumed_state")) == (
        True,
        None,
    )


def test_groups_of_groups_follow_and_pass_commands_on(make_house: MakeHouse) -> None:
    house = make_house(
        input_boolean={"a": None, "b": None},
        group={"inner": "input_boolean.a, input_boolean.b", "outer": "group.inner, light.x"},
    )
    house.sees("light.x", "off")

    house.calls("homeassistant.turn_on", "group.outer")

    states = [house.state(one) for one in ("input_boolean.a", "input_boolean.b", "group.outer")]
    assert [state.state for state in states if state] == ["on", "on", "on"]


def _members(house: House, entity_id: str) -> Any:
    state = house.state(entity_id)
    return state and list(state.attributes["entity_id"])


def test_groups_can_be_made_changed_and_removed_while_it_runs(make_house: MakeHouse) -> None:
    house = make_house(group={"fixed": "light.a"})
    house.sees("light.a", "on")
    house.sees("light.b", "off")

    house.calls("group.set", object_id="new", name="New", entities=["light.a"])
    made = house.state("group.new")
    house.calls("group.set", object_id="new", add_entities=["light.b"], all=True)
    changed = house.state("group.new")
    house.calls("group.set", object_id="new", remove_entities="light.a")
    house.calls("group.set", object_id="fixed", entities=["light.b"])

    assert made is not None
    assert made.attributes == {"auto": True, "entity_id": ["light.a"], "friendly_name": "New"}
    assert changed is not None
    assert (changed.state, changed.name) == ("off", "New")
    assert _members(house, "group.new") == ["light.b"]
    assert _members(house, "group.fixed") == ["light.b"]

    house.crash()
    assert _members(house, "group.new") == ["light.b"]
    assert _members(house, "group.fixed") == ["light.a"]

    house.calls("group.remove", object_id="new")
    assert house.state("group.new") is None
    house.crash()
    assert house.state("group.new") is None


def test_only_what_was_made_can_be_removed(make_house: MakeHouse) -> None:
    house = make_house(group={"fixed": "light.a"})

    house.calls("group.remove", object_id="fixed")

    assert house.state("group.fixed")
    failed = [event for event in house.events if event.type == "command.failed"]
    assert "no group 'fixed' was made while running" in failed[0].data["message"]
