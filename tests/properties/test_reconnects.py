"""A reconnect is not an event: automations in Python see real changes, each once, nothing else.

In full: 200 devices, 10,000 drops and returns, 20 restarts; ``poe proofs`` takes them. It is
about Casita's own triggers: the vocabulary of Home Assistant keeps what was recorded of it.
"""

from __future__ import annotations

import random
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita import Changed, Mode, Plugin, entity
from casita.testing import House
from proofs import share

WORDS: Final = ("closed", "open", "tilted")

_plugin = Plugin("watcher", version="1.0")


@_plugin.automation(
    config={vol.Required("sensor"): entity("sensor")},
    on=Changed("{sensor}"),
    mode=Mode.PARALLEL,
)
async def told(event: Changed, config: Any, home: Any) -> None:
    """Do nothing: its ``run.started`` is what counts."""


class _Life:
    """Devices that drop, return and change."""

    def __init__(self, house: House, devices: int, seed: int) -> None:
        self.house = house
        self.chance = random.Random(seed)
        self.values = {f"sensor.d{n}": self.chance.choice(WORDS) for n in range(devices)}
        self.away: set[str] = set()
        self.changes = dict.fromkeys(self.values, 0)

    def begin(self) -> None:
        for entity_id, value in self.values.items():
            self._shows(entity_id, value)

    def goes_on(self, steps: int) -> None:
        for number in range(steps):
            entity_id = self.chance.choice(list(self.values))
            if entity_id in self.away:
                self._returns(entity_id, number)
            else:
                self._drops(entity_id, number)

    def _drops(self, entity_id: str, number: int) -> None:
        self.away.add(entity_id)
        self._shows(entity_id, self.chance.choice(["unavailable", "unknown"]))
        if self.chance.random() < 0.2:
            self._shows(entity_id, "unavailable", number)

    def _returns(self, entity_id: str, number: int) -> None:
        self.away.discard(entity_id)
        if self.chance.random() < 0.3:
            others = [one for one in WORDS if one != self.values[entity_id]]
            self.values[entity_id] = self.chance.choice(others)
            self.changes[entity_id] += 1
        if self.chance.random() < 0.3:
            self._shows(entity_id, "unknown")
        self._shows(entity_id, self.values[entity_id], number)

    def _shows(self, entity_id: str, state: str, number: int = 0) -> None:
        self.house.kernel.states.set(entity_id, state, {"n": number}, source="device")


def _started(house: House) -> dict[str, int]:
    counts: dict[str, int] = {}
    for event in house.events:
        if event.type == "run.started":
            counts[event.subject] = counts.get(event.subject, 0) + 1
    return counts


def _watching(devices: int) -> House:
    house = House({"plugins": {"watcher": None}}, plugins=[_plugin])
    for number in range(devices):
        house.automation(
            {
                "alias": f"d{number}",
                "use": "watcher.told",
                "with": {"sensor": f"sensor.d{number}"},
            }
        )
    return house


def test_only_real_changes_start_runs_and_all_of_them_do() -> None:
    devices = 200
    with _watching(devices) as house:
        life = _Life(house, devices, seed=6)
        house.do(life.begin)
        for part in range(share(20)):
            for _ in range(10):
                house.do(partial(life.goes_on, 50))
            house.crash(down=part % 2 * 30)
        house.passes(1)

        started = _started(house)

    changes = life.changes
    assert sum(changes.values()) > share(10_000) // 20
    assert started == {
        f"automation.{entity_id.partition('.')[2]}": count + 1
        for entity_id, count in changes.items()
    }


def test_control_the_words_of_home_assistant_see_each_reconnect() -> None:
    with House() as house:
        house.automation(
            {
                "alias": "a",
                "mode": "parallel",
                "trigger": {"trigger": "state", "entity_id": "sensor.d0", "to": list(WORDS)},
                "action": [],
            }
        )
        for state in ("open", "unavailable", "open"):
            house.sees("sensor.d0", state)

        assert _started(house) == {"automation.a": 2}


def test_a_wait_is_not_ended_by_a_reconnect() -> None:
    plugin = Plugin("waiter", version="1.0")

    @plugin.automation(
        config={vol.Required("sensor"): entity("sensor")}, on=Changed("{sensor}", to="open")
    )
    async def waits(event: Changed, config: Any, home: Any) -> None:
        """Wait for any change, then for one that holds."""
        await home.wait(Changed(config.sensor))
        await home.wait(Changed(config.sensor, to="closed", held="10m"))

    with House(plugins=[plugin]) as house:
        house.use("waiter.waits", sensor="sensor.d0")
        house.sees("sensor.d0", "open")
        for state in ("unavailable", "open", "unknown", "open"):
            house.sees("sensor.d0", state)
        under_way = _finished(house)
        house.sees("sensor.d0", "closed")
        house.passes("6m")
        for state in ("unavailable", "closed"):
            house.sees("sensor.d0", state)
        house.passes("3m59s")
        before = _finished(house)
        house.passes("1s")

        assert (under_way, before, _finished(house)) == (0, 0, 1)


def _finished(house: House) -> int:
    return len([one for one in house.events if one.type == "run.finished"])
