"""Chains of causes, effects, and the sentences that tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from casita.causality import (
    chain,
    chain_in,
    effects,
    effects_in,
    latest_of,
    latest_of_in,
    missing,
    plain_name,
    sentence,
)
from casita.clock import VirtualClock
from casita.events import Event
from casita.ids import Offset
from casita.log import EventLog, Log, LogReader, MemoryLog

NAMES = {
    "binary_sensor.hall_motion": "hall motion",
    "light.hall": "hall lamp",
    "automation.hall_light": "Hall light",
    "person.ana": "Ana",
}


def names(subject: str) -> str:
    return NAMES.get(subject, plain_name(subject))


def event(type_: str, subject: str, data: Mapping[str, Any] | None = None) -> Event:
    return Event(
        offset=Offset(1), time=datetime(2024, 3, 12, tzinfo=UTC), type=type_, subject=subject,
        source="test", data=data or {}, root=Offset(1),
    )  # fmt: skip


def changed(subject: str, old: str | None, state: str | None, **attributes: Any) -> Event:
    return event("state.changed", subject, {"old": old, "state": state, "attributes": attributes})


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(clock=VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC)))


def hall_light(log: EventLog) -> list[Event]:
    """A motion, the run that it started, the run's command, the lamp and its answer."""
    motion = log.append(
        "state.changed", "binary_sensor.hall_motion",
        {"old": "off", "state": "on", "attributes": {"device_class": "motion"}}, source="demo",
    )  # fmt: skip
    run = log.append(
        "run.started", "automation.hall_light", {}, source="automations", cause=motion, hop=True
    )
    sent = log.append(
        "command.sent", "light.hall", {"service": "light.turn_on", "data": {}, "kind": "set"},
        source="automations", cause=run,
    )  # fmt: skip
    log.append("state.changed", "sensor.noise", {"old": "1", "state": "2"}, source="demo")
    lamp = log.append(
        "state.changed", "light.hall", {"old": "off", "state": "on", "attributes": {}},
        source="demo", cause=sent,
    )  # fmt: skip
    done = log.append(
        "command.done", "light.hall", {"service": "light.turn_on"}, source="casita", cause=sent
    )
    return [motion, run, sent, lamp, done]


async def test_a_chain_goes_from_the_event_to_its_root(log: MemoryLog) -> None:
    motion, run, sent, lamp, _ = hall_light(log)

    events = await chain(log, lamp.offset)

    assert [one.offset for one in events] == [lamp.offset, sent.offset, run.offset, motion.offset]
    assert missing(events) is None


async def test_a_chain_of_an_unknown_offset_is_empty(log: MemoryLog) -> None:
    hall_light(log)

    events = await chain(log, 999)

    assert events == []
    assert missing(events) is None


class Retained:
    """A log whose first events have left it."""

    def __init__(self, log: MemoryLog, first: int) -> None:
        self._log = log
        self._first = first
        self.read = log.read

    async def event(self, offset: int) -> Event | None:
        return await self._log.event(offset) if offset >= self._first else None


async def test_a_chain_says_which_event_has_left_the_log(log: MemoryLog) -> None:
    motion, run, sent, lamp, _ = hall_light(log)

    events = await chain(Retained(log, first=run.offset), lamp.offset)

    assert [one.offset for one in events] == [lamp.offset, sent.offset, run.offset]
    assert missing(events) == motion.offset


async def test_a_cause_that_does_not_lie_before_its_effect_ends_the_chain(log: MemoryLog) -> None:
    one = log.append("a", "x", {}, source="test")
    damaged = Event(
        offset=Offset(1), time=one.time, type="a", subject="x", source="test", data={},
        cause=Offset(1), root=Offset(1),
    )  # fmt: skip

    class Damaged(Retained):
        async def event(self, offset: int) -> Event | None:
            return damaged

    events = await chain(Damaged(log, first=1), 1)

    assert events == [damaged]


async def test_the_latest_change_of_an_entity_is_not_a_change_of_its_attributes(
    log: MemoryLog,
) -> None:
    turned_on = hall_light(log)[3]
    for brightness in range(600):
        log.append(
            "state.changed", "light.hall",
            {"old": "on", "state": "on", "attributes": {"brightness": brightness}}, source="demo",
        )  # fmt: skip

    latest = await latest_of(log, "light.hall")

    assert latest is not None
    assert latest.offset == turned_on.offset


async def test_an_entity_that_never_changed_has_no_latest_change(log: MemoryLog) -> None:
    hall_light(log)

    assert await latest_of(log, "light.attic") is None


async def test_effects_are_all_that_followed_from_an_event_and_nothing_else(
    log: MemoryLog,
) -> None:
    motion, run, sent, lamp, done = hall_light(log)

    found = await effects(log, motion.offset)

    assert [one.offset for one in found] == [one.offset for one in (run, sent, lamp, done)]


async def test_effects_are_bounded(log: MemoryLog) -> None:
    motion = hall_light(log)[0]

    assert len(await effects(log, motion.offset, limit=2)) == 2


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (changed("binary_sensor.hall_motion", "off", "on"), "hall motion turned on"),
        (
            changed("binary_sensor.front_door", "off", "on", device_class="door"),
            "front door opened",
        ),
        (
            changed("light.hall", "off", "on", brightness=204),
            "hall lamp turned on (80 %)",
        ),
        (changed("light.hall", "on", "unavailable"), "hall lamp cannot be reached"),
        (changed("light.hall", "unavailable", "on"), "hall lamp is back: on"),
        (changed("light.hall", "on", "on"), "hall lamp is still on, with other details"),
        (changed("light.hall", "on", None), "hall lamp is gone"),
        (changed("person.ana", "not_home", "home"), "Ana came home"),
        (
            changed("sensor.kitchen_temperature", "21.3", "21.4", unit_of_measurement="°C"),
            "kitchen temperature is 21.4 °C",
        ),
        (
            changed("event.doorbell", "2024-03-12", "2024-03-13", event_type="ring"),
            "doorbell: ring",
        ),
        (changed("lock.front_door", "unlocked", "locked"), "front door was locked"),
        (changed("weather.home", "sunny", "partly_cloudy"), "home is partly cloudy"),
        (
            event("command.sent", "light.hall", {"service": "light.turn_on", "data": {}}),
            "light.turn_on sent to hall lamp",
        ),
        (
            event(
                "command.sent", "light.hall",
                {"service": "light.turn_on", "data": {"brightness": 10}},
            ),
            "light.turn_on sent to hall lamp (brightness 10)",
        ),
        (
            event("command.sent", "notify.notify", {"service": "notify.notify", "data": {}}),
            "notify.notify sent to the house",
        ),
        (event("command.done", "light.hall", {"service": "x.y"}), "hall lamp answered: done"),
        (
            event("command.failed", "light.hall", {"service": "light.turn_on", "message": "dead"}),
            "hall lamp could not do light.turn_on: dead",
        ),
        (
            event("timer.fired", "automations.hold", {"late_s": 40.0}),
            "timer hold ran out, 40 s late",
        ),
        (event("device.found", "demo.lamp", {"title": "Desk lamp"}),
         "Desk lamp was found and waits to be adopted"),
        (event("hub.started", "casita"), "the hub started"),
        (event("dishes.all_done", "kitchen"), "dishes all done: kitchen"),
    ],
)  # fmt: skip
def test_each_event_has_its_sentence(told: Event, words: str) -> None:
    assert sentence(told, names) == words


def test_a_run_says_why_it_ran() -> None:
    run = event("run.started", "automation.hall_light")
    motion = changed("binary_sensor.hall_motion", "off", "on")

    assert sentence(run, names) == "automation Hall light ran"
    assert (
        sentence(run, names, cause=motion)
        == "automation Hall light ran because hall motion turned on"
    )


def test_a_sentence_survives_data_of_any_shape() -> None:
    for type_ in ("state.changed", "command.sent", "timer.set", "run.finished", "config.problem"):
        told = sentence(event(type_, "x", {"data": 3, "due": 7, "attributes": None}), names)

        assert told


async def test_a_log_read_from_its_folder_gives_the_same_answers(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    with Log.open(tmp_path, clock=clock) as log:
        motion, _, _, lamp, done = hall_light(log)
        awaited = (
            await chain(log, done.offset),
            await latest_of(log, "light.hall"),
            await effects(log, motion.offset),
        )

    with LogReader(tmp_path) as reader:
        read = (
            chain_in(reader, done.offset),
            latest_of_in(reader, "light.hall"),
            effects_in(reader, motion.offset),
        )

    assert read[1] is not None
    assert read[1].offset == lamp.offset
    assert [one.offset for one in read[0]] == [one.offset for one in awaited[0]]
    assert [one.offset for one in read[2]] == [one.offset for one in awaited[2]]
