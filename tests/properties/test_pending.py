"""Every pending delay, wait, held state and timer ends once, however often the house goes down.

The full count is 10,000 pending things and 200 crashes; ``poe proofs`` takes it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import pytest

from casita.testing import House
from casita_automations.keeping import KeptHolds
from casita_automations.resuming import Keeper
from proofs import share

LONGEST_S: Final = 1800
SPAN_S: Final = 3600
ON_TIME: Final = timedelta(seconds=1)
TOLD: Final = {"event": "ended", "event_data": {"n": "{{ trigger.event.data.n }}"}}
LENGTH: Final = {"seconds": "{{ trigger.event.data.s }}"}
NEVER: Final = "{{ is_state('input_boolean.never', 'on') }}"
WAITS: Final[dict[str, list[Any]]] = {
    "delay": [{"delay": LENGTH}],
    "trigger": [
        {"wait_for_trigger": [{"trigger": "event", "event_type": "never"}], "timeout": LENGTH}
    ],
    "template": [{"wait_template": NEVER, "timeout": LENGTH}],
    "parallel": [{"parallel": [{"delay": LENGTH}, {"sequence": [{"delay": 1}, {"delay": 1}]}]}],
    "nested": [
        {
            "choose": [
                {
                    "conditions": "{{ true }}",
                    "sequence": [{"repeat": {"count": 1, "sequence": [{"delay": LENGTH}]}}],
                }
            ]
        }
    ],
}
HOLDS: Final = (60, 300, 900, 1700)


@dataclass
class Story:
    """What was begun when, and when there was no hub."""

    begun: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)

    def faults(self, house: House) -> list[str]:
        """Return what did not end, ended twice, or at another time than it had to."""
        ended: dict[str, list[datetime]] = {}
        for event in house.events:
            if event.type == "ended":
                ended.setdefault(str(event.data["n"]), []).append(event.time)
        return [
            f"{name}: due {self.due(name)}, ended {times}"
            for name in self.begun
            if len(times := ended.get(name, [])) != 1
            or not self.due(name) <= times[0] <= self.latest(name)
        ]

    def due(self, name: str) -> datetime:
        """Return when something has to end: at its time, or when the hub is back."""
        began, length_s = self.begun[name]
        due = began + timedelta(seconds=length_s)
        for down, up in self.outages:
            if down <= due <= up:
                return up
        return due

    def latest(self, name: str) -> datetime:
        """Return when it has to have ended; a hub that goes down again at once has no chance."""
        latest = self.due(name) + ON_TIME
        for down, up in self.outages:
            if down <= latest <= up:
                latest = up + ON_TIME
        return latest


def _home(count: int) -> House:
    """Return a house with all kinds of waiting, with an entity for each held state and timer."""
    automations: list[dict[str, Any]] = [
        {
            "alias": kind,
            "mode": "parallel",
            "max": 20_000,
            "trigger": {"trigger": "event", "event_type": f"go_{kind}"},
            "action": [*steps, TOLD],
        }
        for kind, steps in WAITS.items()
    ]
    held = {
        length_s: [f"binary_sensor.h{length_s}_{n}" for n in range(count)] for length_s in HOLDS
    }
    for length_s, entities in held.items():
        automations.append(
            {
                "alias": f"held {length_s}",
                "mode": "parallel",
                "max": 20_000,
                "trigger": {
                    "trigger": "state", "entity_id": entities, "to": "on", "for": length_s,
                    "missed": "assume_held",
                },
                "action": [{"event": "ended", "event_data": {"n": "{{ trigger.entity_id }}"}}],
            }
        )  # fmt: skip
    automations.append(
        {
            "alias": "timers",
            "mode": "parallel",
            "max": 20_000,
            "trigger": {"trigger": "event", "event_type": "timer.finished"},
            "action": [
                {"event": "ended", "event_data": {"n": "{{ trigger.event.data.entity_id }}"}}
            ],
        }
    )
    timers = {f"t{n}": {"restore": True} for n in range(count)}
    return House(
        {"automation": automations, "timer": timers, "input_boolean": {"never": None}}, plugins=[]
    )


def _tell(house: House, pending: int, crashes: int, seed: int) -> Story:
    """Begin things and crash at random times; then wait until all must have ended."""
    chance, story = random.Random(seed), Story()

    def begin_wait(number: int) -> None:
        kind, length_s = chance.choice(list(WAITS)), chance.randint(2, LONGEST_S)
        story.begun[str(number)] = (house.clock.now(), length_s)
        house.kernel.bus.emit(f"go_{kind}", "test", {"n": number, "s": length_s}, source="test")

    def begin_hold(number: int) -> None:
        length_s = HOLDS[number % len(HOLDS)]
        entity_id = f"binary_sensor.h{length_s}_{number // 8}"
        if entity_id not in story.begun:
            story.begun[entity_id] = (house.clock.now(), length_s)
            house.kernel.states.set(entity_id, "on", {}, source="test")

    def begin_timer(number: int) -> None:
        entity_id, length_s = f"timer.t{number // 8}", chance.randint(2, LONGEST_S)
        if entity_id not in story.begun:
            story.begun[entity_id] = (house.clock.now().replace(microsecond=0), length_s)
            house.calls("timer.start", entity_id, duration=length_s)

    def crash(down_s: float) -> None:
        before = house.clock.now()
        house.crash(down=down_s)
        story.outages.append((before, house.clock.now()))

    kinds: list[Callable[[int], None]] = [*[begin_wait] * 5, *[begin_hold] * 2, begin_timer]
    steps: list[tuple[float, Callable[[], None]]] = []
    for number in range(pending):
        steps.append((chance.uniform(0, SPAN_S), partial(kinds[number % 8], number)))
    for _ in range(crashes):
        down_s = chance.choice([0, 0.2, 3, 30, 120])
        steps.append((chance.uniform(0, SPAN_S + LONGEST_S), partial(crash, down_s)))

    begin = house.clock.now()
    house.hub  # noqa: B018 - starts it
    for at_s, step in sorted(steps, key=lambda one: one[0]):
        gone_s = (house.clock.now() - begin).total_seconds()
        house.passes(max(0.0, at_s - gone_s))
        step()
    house.passes(LONGEST_S + 130)
    return story


def test_everything_pending_ends_once_and_on_time() -> None:
    pending, crashes = share(10_000), share(200)
    with _home(pending // 8 + 1) as house:
        story = _tell(house, pending, crashes, seed=4)

        faults = story.faults(house)

        assert len(story.begun) >= pending * 3 // 4
        assert faults == []


def test_control_a_hub_that_does_not_write_runs_down_loses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Keeper, "store", lambda _self, _run: None)
    with _home(20) as house:
        story = _tell(house, 100, 5, seed=4)

        assert story.faults(house) != []


def test_control_a_hub_that_forgets_held_states_loses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(KeptHolds, "kept", lambda _self: [])
    with _home(20) as house:
        story = _tell(house, 100, 5, seed=4)

        assert any(one.startswith("binary_sensor") for one in story.faults(house))
