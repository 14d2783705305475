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


def pressing(what: str) -> dict[str, Any]:
    """Return an action that must not be done twice."""
    return {"action": "button.press", "target": {"entity_id": f"main.button.{what}"}}


def opens(entity_id: str, **more: Any) -> dict[str, Any]:
    """Return a trigger."""
    return {"platform": "state", "entity_id": f"cabin.{entity_id}", "to": "on", **more}


AWAITING: dict[str, Any] = {
    "id": "awaiting", "alias": "Awaiting", "trigger": opens("binary_sensor.door"),
    "action": [{"wait_for_trigger": [opens("binary_sensor.gate")]}, pressing("bell")],
}  # fmt: skip
HOLDING: dict[str, Any] = {
    "id": "holding", "alias": "Holding", "trigger": opens("binary_sensor.door", **{"for": 300}),
    "action": [pressing("bell")],
}  # fmt: skip
CALLING: dict[str, Any] = {
    "id": "calling", "alias": "Calling", "trigger": opens("binary_sensor.door"),
    "action": [{"action": "script.later"}, pressing("bell")],
}  # fmt: skip
QUEUEING: dict[str, Any] = {
    "id": "queueing", "alias": "Queueing", "mode": "queued",
    "trigger": opens("binary_sensor.door"), "action": [{"delay": 60}, pressing("bell")],
}  # fmt: skip
LATER: dict[str, Any] = {"later": {"sequence": [{"delay": 120}, pressing("gong")]}}
PRESSED = [("button.press", "button.bell")]


def two_workers(automation: dict[str, Any]) -> Village:
    """Return a village with two workers that have agreed."""
    village = Village([automation], LATER)
    village.home("cabin", binary_sensor__door="off", binary_sensor__gate="off")
    village.home("main", button__bell="unknown", button__gong="unknown")
    village.worker("one")
    village.worker("two")
    village.passes(15)
    return village


def replace_owner(village: Village, key: str) -> None:
    """Kill the worker that runs an automation, and start it again later."""
    (owner,) = village.acting(key)
    village.kill(owner)
    village.passes(20)
    village.worker(owner)
    village.passes(10)
    assert len(village.acting(key)) == 1


def test_what_a_run_waits_for_may_come_after_its_worker_was_killed() -> None:
    with two_workers(AWAITING) as village:
        village.sees("cabin", "binary_sensor.door", "on")
        village.passes(5)

        replace_owner(village, "automation.awaiting")
        before = list(village.homes["main"].done)
        village.sees("cabin", "binary_sensor.gate", "on")
        village.passes(5)

        assert before == []
        assert village.homes["main"].done == PRESSED


def test_a_for_goes_on_when_its_worker_was_killed() -> None:
    """At its time; later by what the killed one was away, where that one has it again."""
    with two_workers(HOLDING) as village:
        village.sees("cabin", "binary_sensor.door", "on")
        village.passes(100)

        replace_owner(village, "automation.holding")
        village.passes(165)
        before = list(village.homes["main"].done)
        village.passes(40)

        assert before == []
        assert village.homes["main"].done == PRESSED


def test_a_script_that_a_run_has_called_moves_with_it() -> None:
    with two_workers(CALLING) as village:
        village.sees("cabin", "binary_sensor.door", "on")
        village.passes(10)

        replace_owner(village, "automation.calling")
        village.passes(120)

        assert village.homes["main"].done == [("button.press", "button.gong"), *PRESSED]


def test_runs_that_queue_move_too() -> None:
    with two_workers(QUEUEING) as village:
        for _ in range(3):
            village.sees("cabin", "binary_sensor.door", "on")
            village.sees("cabin", "binary_sensor.door", "off")
        village.passes(5)

        replace_owner(village, "automation.queueing")
        village.passes(200)

        assert village.homes["main"].done == PRESSED * 3


def test_a_new_worker_takes_its_share_without_harm() -> None:
    with two_workers(QUEUEING) as village:
        for number in range(6):
            village.sees("cabin", "binary_sensor.door", "on")
            village.sees("cabin", "binary_sensor.door", "off")
            village.passes(2)
            village.worker(f"more_{number}")

        village.passes(400)

        assert village.homes["main"].done == PRESSED * 6
        status = village.workers["one"].group.status()
        assert len(status.workers) == 8
        assert status.agreed


def test_a_worker_that_is_cut_off_alone_goes_on_when_it_is_back(village: Village) -> None:
    village.worker("one")
    village.passes(15)
    village.sees("cabin", "binary_sensor.door", "on")
    village.passes(5)

    village.cut("one")
    village.passes(60)
    assert village.acting(HALL_ID) == []
    village.passes(300)
    before = list(village.homes["main"].done)
    village.mend("one")
    village.passes(70)

    assert before == [("light.turn_on", "light.hall")]
    assert village.homes["main"].done == [*before, ("light.turn_off", "light.hall")]


def test_only_the_owner_runs_an_automation_by_hand() -> None:
    with two_workers(AWAITING) as village:
        (owner,) = village.acting("automation.awaiting")
        other = "two" if owner == "one" else "one"

        refused = village.triggers(other, "automation.awaiting")
        done = village.triggers(owner, "automation.awaiting")

        assert refused is not None
        assert f"run by another worker at present: {owner}" in refused
        assert done is None
