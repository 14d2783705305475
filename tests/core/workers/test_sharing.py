"""Automations that several workers share: whoever is killed, its runs go on, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from peers.village import Village

HALL: dict[str, Any] = {
    "id": "hall", "alias": "Hall",
    "trigger": {"platform": "state", "entity_id": "cabin.binary_sensor.door", "to": "on"},
    "action": [
        {"action": "light.turn_on", "target": {"entity_id": "main.light.hall"}},
        {"delay": "00:05:00"},
        {"action": "light.turn_off", "target": {"entity_id": "main.light.hall"}},
    ],
}  # fmt: skip
HALL_ID = "automation.hall"


@pytest.fixture
def village() -> Iterator[Village]:
    with Village([HALL]) as found:
        found.home("cabin", binary_sensor__door="off")
        found.home("main", light__hall="off")
        yield found


def test_a_door_in_one_home_turns_on_a_light_in_another(village: Village) -> None:
    village.worker("one")
    village.passes(15)
    assert village.acting(HALL_ID) == ["one"]

    village.sees("cabin", "binary_sensor.door", "on")
    village.passes(1)

    assert village.homes["main"].done == [("light.turn_on", "light.hall")]
    village.passes(300)
    assert village.homes["main"].done[1:] == [("light.turn_off", "light.hall")]


def test_the_run_of_a_killed_worker_goes_on_at_its_time(village: Village) -> None:
    village.worker("one")
    village.worker("two")
    village.passes(15)
    village.sees("cabin", "binary_sensor.door", "on")
    village.passes(100)
    (owner,) = village.acting(HALL_ID)

    village.kill(owner)
    village.passes(195)
    before = list(village.homes["main"].done)
    village.passes(10)

    assert before == [("light.turn_on", "light.hall")]
    assert village.homes["main"].done == [*before, ("light.turn_off", "light.hall")]
    assert len(village.acting(HALL_ID)) == 1
