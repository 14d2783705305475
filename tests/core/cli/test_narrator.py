"""What the narrator makes of events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from casita.cli._narrator import Narrator
from casita.clock import VirtualClock
from casita.events import Cause, Event
from casita.log import MemoryLog
from casita.sentences import plain_name


class Told:
    """A narrator with a log of its own."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._log = MemoryLog(clock=VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC)))
        self._waiting: list[Callable[[], None]] = []
        self._narrator = Narrator(
            plain_name, lambda _event, line: self.lines.append(line), self._waiting.append
        )

    def time_passes(self) -> None:
        """Let every device have had the time to answer."""
        for callback in self._waiting:
            callback()
        self._waiting.clear()

    def happens(
        self,
        type_: str,
        subject: str,
        data: dict[str, Any] | None = None,
        *,
        cause: Cause | Event | None = None,
        actor: str | None = None,
    ) -> Event:
        event = self._log.append(
            type_, subject, data or {}, source="test", cause=cause, actor=actor
        )
        self._narrator.take(event)
        return event

    def changes(
        self, subject: str, old: str, state: str, *, cause: Event | None = None, **attributes: Any
    ) -> Event:
        data = {"old": old, "state": state, "attributes": attributes}
        return self.happens("state.changed", subject, data, cause=cause)

    def sends(self, service: str, subject: str, *, cause: Event) -> Event:
        return self.happens("command.sent", subject, {"service": service, "data": {}}, cause=cause)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_run_is_one_line_of_what_set_it_off_and_what_came_of_it(told: Told) -> None:
    motion = told.changes("binary_sensor.hall_motion", "off", "on", device_class="motion")
    run = told.happens("run.started", "automation.hall_light", cause=motion)
    sent = told.sends("light.turn_on", "light.hall", cause=run)
    told.happens("run.finished", "automation.hall_light", cause=run)
    before = list(told.lines)
    told.changes("light.hall", "off", "on", cause=sent)
    told.happens("command.done", "light.hall", {"service": "light.turn_on"}, cause=sent)

    assert before == []
    assert told.lines == ["motion in hall: hall on"]


def test_a_run_that_waits_is_told_each_time_that_it_has_done_something(told: Told) -> None:
    motion = told.changes("binary_sensor.hall_motion", "off", "on", device_class="motion")
    run = told.happens("run.started", "automation.hall_light", cause=motion)
    for service, old, state in (("light.turn_on", "off", "on"), ("light.turn_off", "on", "off")):
        sent = told.sends(service, "light.hall", cause=run)
        told.changes("light.hall", old, state, cause=sent)
        told.happens("command.done", "light.hall", {"service": service}, cause=sent)

    assert told.lines == [
        "motion in hall: hall on",
        "hall light: hall off",
    ]


def test_a_command_that_shows_in_no_state_is_told_itself(told: Told) -> None:
    run = told.happens("run.started", "automation.washing", actor="owner")
    sent = told.happens(
        "command.sent", "notify.phone",
        {"service": "notify.send_message", "data": {"message": "Done"}}, cause=run,
    )  # fmt: skip
    told.happens("command.done", "notify.phone", {"service": "notify.send_message"}, cause=sent)

    assert told.lines == ["washing, asked by owner: message to phone: Done"]


def test_a_command_that_changed_nothing_is_not_told(told: Told) -> None:
    motion = told.changes("binary_sensor.hall_motion", "off", "on", device_class="motion")
    run = told.happens("run.started", "automation.hall_light", cause=motion)
    sent = told.happens(
        "command.sent", "light.hall", {"service": "light.turn_on", "data": {}, "kind": "set"},
        cause=run,
    )  # fmt: skip
    told.happens("command.done", "light.hall", {"service": "light.turn_on"}, cause=sent)

    assert told.lines == []


def test_a_command_that_fails_is_told(told: Told) -> None:
    run = told.happens("run.started", "automation.x", actor="owner")
    sent = told.sends("light.turn_on", "light.hall", cause=run)
    told.happens(
        "command.failed", "light.hall", {"service": "light.turn_on", "message": "dead"}, cause=sent
    )

    assert told.lines == ["x, asked by owner: hall could not do light.turn_on: dead"]


def test_a_run_that_does_nothing_is_not_told(told: Told) -> None:
    motion = told.changes("binary_sensor.hall_motion", "off", "on", device_class="motion")
    run = told.happens("run.started", "automation.hall_light", cause=motion)
    told.happens("run.finished", "automation.hall_light", cause=run)

    assert told.lines == []


def test_what_people_would_speak_of_is_told_without_a_run(told: Told) -> None:
    told.changes("binary_sensor.front_door", "off", "on", device_class="door")
    told.changes("person.ana", "not_home", "home")
    told.happens("device.lost", "greenhouse", {"reason": "no radio contact"})

    assert told.lines == ["greenhouse was lost: no radio contact"]
    told.time_passes()
    assert told.lines[1:] == ["front door opened", "ana came home"]


def test_what_a_run_tells_as_its_cause_is_not_told_twice(told: Told) -> None:
    door = told.changes("binary_sensor.front_door", "off", "on", device_class="door")
    run = told.happens("run.started", "automation.welcome", cause=door)
    sent = told.sends("light.turn_on", "light.hall", cause=run)
    told.changes("light.hall", "off", "on", cause=sent)
    told.happens("command.done", "light.hall", {"service": "light.turn_on"}, cause=sent)
    told.time_passes()

    assert told.lines == ["front door opened: hall on"]


def test_what_a_run_made_nothing_of_is_told_by_itself(told: Told) -> None:
    door = told.changes("binary_sensor.front_door", "off", "on", device_class="door")
    run = told.happens("run.started", "automation.welcome", cause=door)
    told.happens("run.finished", "automation.welcome", cause=run)
    told.time_passes()

    assert told.lines == ["front door opened"]


def test_readings_and_details_are_not_told(told: Told) -> None:
    told.changes("sensor.power", "80", "90")
    told.changes("binary_sensor.hall_motion", "off", "on", device_class="motion")
    told.changes("light.hall", "on", "on", brightness=3)
    told.changes("light.hall", "on", "unavailable")
    told.changes("light.hall", "unavailable", "on")
    told.time_passes()

    assert told.lines == []


def test_who_asked_is_named(told: Told) -> None:
    sent = told.happens(
        "command.sent", "light.hall", {"service": "light.turn_on", "data": {}}, actor="token:tablet"
    )
    told.changes("light.hall", "off", "on", cause=sent)
    told.time_passes()

    assert told.lines == ["hall on (asked by token:tablet)"]


def test_memory_stays_bounded(told: Told) -> None:
    for number in range(6000):
        run = told.happens("run.started", f"automation.a{number}")
        told.sends("light.turn_on", "light.hall", cause=run)

    assert len(told._narrator._recent) <= 5000
    assert len(told._narrator._run_of) <= 5000
