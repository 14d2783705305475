"""Whole workers on one clock live through kills, cuts and pauses: what is due is done, once."""

from __future__ import annotations

from typing import Any

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
        alive = set(there) - cut
        if what == "pass":
            village.passes(which)
        elif what == "door":
            opened[which] += 1
            village.sees("cabin", f"binary_sensor.door_{which}", "on")
            village.sees("cabin", f"binary_sensor.door_{which}", "off")
        elif what == "start" and which not in there:
            village.worker(which)
        elif what == "mend" and which in cut:
            cut.discard(which)
            village.mend(which)
        elif which in alive and len(alive) > 1:
            village.passes(20)  # a second fault comes when the first is dealt with
            if what == "cut":
                cut.add(which)
                village.cut(which)
            else:
                (village.kill if what == "kill" else village.stop)(which)
        for room in range(ROOMS):
            assert len(village.acting(f"automation.ring_{room}")) <= 1
    for name in cut:
        village.mend(name)
    village.passes(HOLD_S + 60)
    return opened


@settings(max_examples=share(200), deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_each_door_rings_twice_however_workers_come_and_go(steps: list[tuple[str, Any]]) -> None:
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
            for which in ("first", "second"):
                pressed = done.count(("button.press", f"button.{which}_{room}"))
                assert pressed == opened[room], f"{which} of room {room}"
