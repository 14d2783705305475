"""Whole workers on one clock live through kills, cuts and pauses: what is due is done, once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peers.village import Village
from proofs import share

WORKERS = ("one", "two", "three")
ROOMS = 4
HOLD_S = 40


def ring(room: int) -> dict[str, Any]:
    """Return an automation that presses a button, waits, and presses another."""
    return {
        "id": f"ring_{room}", "alias": f"Ring {room}", "mode": "parallel", "max": 50,
        "trigger": {
            "platform": "state", "entity_id": f"cabin.binary_sensor.door_{room}", "to": "on",
        },
        "action": [
            {"action": "button.press", "target": {"entity_id": f"main.button.first_{room}"}},
            {"delay": HOLD_S},
            {"action": "button.press", "target": {"entity_id": f"main.button.second_{room}"}},
        ],
    }  # fmt: skip


STEPS = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 40)),
    st.tuples(st.just("door"), st.integers(0, ROOMS - 1)),
    st.tuples(st.just("kill"), st.sampled_from(WORKERS)),
    st.tuples(st.just("stop"), st.sampled_from(WORKERS)),
    st.tuples(st.just("start"), st.sampled_from(WORKERS)),
    st.tuples(st.just("cut"), st.sampled_from(WORKERS)),
    st.tuples(st.just("mend"), st.sampled_from(WORKERS)),
)


def life(village: Village, steps: list[tuple[str, Any]]) -> list[int]:
    """Let a village live; return how often each door was opened."""
    opened = [0] * ROOMS
    cut: set[str] = set()
    for what, which in steps:
        there = village.workers
        if what == "pass":
            village.passes(which)
        elif what == "door":
            opened[which] += 1
            village.sees("cabin", f"binary_sensor.door_{which}", "on")
            village.sees("cabin", f"binary_sensor.door_{which}", "off")
        elif what == "start" and which not in there:
            village.worker(which)
        elif what == "mend" and which in cut & set(there):
            cut.discard(which)
            village.mend(which)
        elif what == "cut" and which in there:
            cut.add(which)
            village.cut(which)
        elif what in ("kill", "stop") and which in there:
            cut.discard(which)
            (village.kill if what == "kill" else village.stop)(which)
        for room in range(ROOMS):
            assert len(village.acting(f"automation.ring_{room}")) <= 1
    for name in cut:
        village.mend(name)
    for name in WORKERS:
        if name not in village.workers:
            village.worker(name)
    village.passes(HOLD_S + 90)
    return opened


def failed(village: Village, room: int) -> int:
    """Return how many runs were told to have failed, by the logs of all."""
    return sum(
        one.subject == f"automation.ring_{room}" and one.data["result"] != "done"
        for worker in village.workers.values()
        for one in worker.logged("run.finished")
    )


@settings(max_examples=share(200), deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=16))
def test_each_door_rings_twice_however_workers_come_and_go(steps: list[tuple[str, Any]]) -> None:
    """What may have been done when its worker ended is not done again, and that is told."""
    with Village([ring(room) for room in range(ROOMS)]) as village:
        village.home("cabin", **{f"binary_sensor__door_{room}": "off" for room in range(ROOMS)})
        buttons = [f"button__{which}_{room}" for which in ("first", "second") for room in range(4)]
        village.home("main", **dict.fromkeys(buttons, "unknown"))
        for name in WORKERS[:2]:
            village.worker(name)
        village.passes(20)

        opened = life(village, steps)

        done = village.homes["main"].done
        for room in range(ROOMS):
            told = failed(village, room)
            for which in ("first", "second"):
                pressed = done.count(("button.press", f"button.{which}_{room}"))
                assert opened[room] - told <= pressed <= opened[room], f"{which} of room {room}"


@pytest.mark.parametrize("ends", ["kill", "stop"])
def test_a_door_that_opens_while_no_worker_runs_rings_when_one_does(ends: str) -> None:
    with Village([ring(0)]) as village:
        village.home("cabin", binary_sensor__door_0="off")
        village.home("main", button__first_0="unknown", button__second_0="unknown")
        village.worker("one")
        village.passes(20)
        (village.kill if ends == "kill" else village.stop)("one")

        village.sees("cabin", "binary_sensor.door_0", "on")
        village.passes(120)
        village.worker("one")
        village.passes(20)
        first = list(village.homes["main"].done)
        village.passes(HOLD_S)

        assert first == [("button.press", "button.first_0")]
        assert village.homes["main"].done == [*first, ("button.press", "button.second_0")]
