"""A helper that is wrong is told with file and line, and keeps no other from running."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casita import domains, helpers
from casita.clock import VirtualClock
from casita.hub import Hub
from casita.log import MemoryLog
from casita.model import Target
from casita.testing import START, House
from casita_config import Configuration
from casita_config.configuration import load_config

MakeHouse = Callable[..., House]


@pytest.mark.parametrize(
    ("section", "item", "message"),
    [
        ("input_boolean", {"initail": True}, "Did you mean 'initial'"),
        ("input_number", {"min": 5}, "the key 'max' is missing"),
        ("input_number", {"min": 5, "max": 3}, "min 5 is not below max 3"),
        ("input_number", {"min": 5, "max": 8, "initial": 9}, "initial 9 is not from 5 to 8"),
        ("input_select", {"options": []}, "give at least one option"),
        ("input_select", {"options": ["a"], "initial": "b"}, "not one of the options"),
        ("input_text", {"min": 5, "max": 3}, "min 5 is above max 3"),
        ("input_text", {"max": 3, "initial": "long"}, "initial has 4 characters"),
        ("input_datetime", {}, "set has_date or has_time"),
        ("input_datetime", {"has_time": True, "initial": "noon"}, "write it as '07:30:00'"),
        ("counter", {"step": 0}, "step"),
        ("timer", {"duration": "soon"}, "not a length of time"),
        ("group", {"entities": "hall"}, "not an entity id"),
        ("schedule", {"mondy": []}, "Did you mean 'monday'"),
    ],
)
def test_a_wrong_one_is_told_and_the_others_run(
    make_house: MakeHouse, section: str, item: dict[str, Any], message: str
) -> None:
    house = make_house(**{section: {"wrong": item}, "input_button": {"right": None}})

    assert house.state("input_button.right")
    assert house.state(f"{section}.wrong") is None
    problems = [str(problem) for problem in house.hub.host.problems()]
    assert len(problems) == 1
    assert message in problems[0]
    assert f"{section}.wrong" in problems[0]


@pytest.mark.parametrize(
    ("section", "items", "message"),
    [
        ("zone", [{"name": "A", "latitude": 91, "longitude": 0}], "a latitude is from -90 to 90"),
        ("person", [{"name": "A", "device_trackers": ["light.a"]}], "no device_tracker"),
        ("scene", [{"name": "A"}], "the key 'entities' is missing"),
        (
            "scene",
            [{"name": "A", "entities": {"light.a": {"brightness": 1}}}],
            "'state' is missing",
        ),
        ("scene", [{"name": "A", "entities": {}}, {"name": "A", "entities": {}}], "two of this"),
    ],
)
def test_a_wrong_item_of_a_list_is_told_and_the_others_run(
    make_house: MakeHouse, section: str, items: list[dict[str, Any]], message: str
) -> None:
    house = make_house(**{section: items, "input_button": {"right": None}})

    assert house.state("input_button.right")
    assert message in str(house.hub.host.problems())


@pytest.mark.parametrize("name", ["Guest Room", "guests__", "", "3.5"])
def test_a_name_that_can_be_no_entity_id_is_told(make_house: MakeHouse, name: str) -> None:
    house = make_house(input_boolean={name: None, "right": None})

    assert house.state("input_boolean.right")
    assert "not a usable name" in str(house.hub.host.problems())


def test_a_section_that_is_no_mapping_is_told(make_house: MakeHouse) -> None:
    house = make_house(input_boolean=["guests"], input_button={"right": None})

    assert house.state("input_button.right")
    assert "expected a mapping" in str(house.hub.host.problems())


CONFIG = """\
input_number:
  level: {min: 0, max: 10}
  broken:
    min: 0
    maxx: 10
"""


async def test_a_problem_names_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text(CONFIG)
    clock = VirtualClock(START)

    with MemoryLog(clock=clock) as log:
        async with _hub(load_config(tmp_path), log, clock) as hub:
            problems = hub.host.problems()

    places = {(one.file, one.line, one.key) for one in problems}
    assert places == {
        ("casita.yaml", 5, "input_number.broken.maxx"),
        ("casita.yaml", 4, "input_number.broken"),
    }


def _hub(config: Configuration, log: MemoryLog, clock: VirtualClock) -> Hub:
    return Hub(
        config,
        folder=None,
        log=log,
        clock=clock,
        plugins=[domains.plugin, helpers.plugin],
        api=False,
    )


async def test_a_value_outlives_a_time_in_which_its_line_is_missing_or_wrong() -> None:
    clock = VirtualClock(START)
    right = {"min": 0, "max": 10}
    shown: list[str | None] = []

    with MemoryLog(clock=clock) as log:
        for item in (right, {"min": "x"}, None, right):
            section = {"input_number": {"level": item}} if item else {}
            async with _hub(Configuration.from_mapping(section), log, clock) as hub:
                state = hub.kernel.states.get("input_number.level")
                shown.append(state.state if state else None)
                if shown == ["0.0"]:
                    target = Target(entity_id=["input_number.level"])
                    hub.kernel.commands.call(
                        "input_number.set_value", {"value": 7}, target, source="test"
                    )

    assert shown == ["0.0", None, None, "7.0"]


def test_a_helper_that_a_person_renamed_keeps_its_name_and_value(make_house: MakeHouse) -> None:
    house = make_house(input_boolean={"guests": None})
    assert house.state("input_boolean.guests")
    registry = house.kernel.registry
    house.do(lambda: registry.rename_entity("input_boolean.guests", "input_boolean.visitors"))
    house.calls("input_boolean.turn_on", "input_boolean.visitors")

    house.crash()

    state = house.state("input_boolean.visitors")
    assert state is not None
    assert state.state == "on"
    assert house.state("input_boolean.guests") is None


def test_a_helper_that_a_person_disabled_is_not_there(make_house: MakeHouse) -> None:
    house = make_house(schedule={"heat": {"monday": [{"from": "1:00", "to": "2:00"}]}})
    assert house.state("schedule.heat")
    house.do(lambda: house.kernel.registry.update_entity("schedule.heat", disabled=True))

    house.crash()
    house.passes("7d")

    assert house.state("schedule.heat") is None


def test_somebody_can_ask_for_a_fresh_look_at_a_device(make_house: MakeHouse) -> None:
    house = make_house()
    house.sees("sensor.meter", "3")

    house.calls("homeassistant.update_entity", "sensor.meter")

    asked = [event for event in house.events if event.type == "entity.refresh"]
    assert [event.subject for event in asked] == ["sensor.meter"]
    assert house.why(asked[0]).root.actor == "person:test"
