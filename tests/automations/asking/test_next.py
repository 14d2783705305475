"""What is going to happen, and changing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automations.conftest import Declare
from casita.asking import Doing, Upcoming
from casita.errors import InvalidCommand
from casita.testing import START, House

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
LAMP: dict[str, Any] = {"action": "light.turn_on", "target": {"entity_id": "light.hall"}}
SENT = [("light.turn_on", "light.hall")]


def upcoming(house: House, hours: float = 24) -> list[Upcoming]:
    until = house.clock.now() + timedelta(hours=hours)
    return list(house.awaits(house.kernel.asking.answerer.upcoming(until)))


def only(house: House, kind: str) -> Upcoming:
    (found,) = [one for one in upcoming(house) if one.kind == kind]
    return found


def act(house: House, what: Upcoming, doing: Doing, minutes: float | None = None) -> None:
    by = None if minutes is None else timedelta(minutes=minutes)
    house.awaits(house.kernel.asking.answerer.act(what.id, doing, by=by, actor="person:anna"))
    house.passes(0)


def delayed(home: Declare) -> House:
    house = home({"alias": "a", "trigger": DOOR, "action": [{"delay": "00:05:00"}, LAMP]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    return house


def held(home: Declare) -> House:
    house = home({"alias": "a", "trigger": {**DOOR, "for": "00:05:00"}, "action": [LAMP]})
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")
    return house


def daily(home: Declare) -> House:
    trigger = {"trigger": "time", "at": "10:00:00"}
    house = home({"alias": "a", "trigger": trigger, "action": [LAMP]})
    house.sees("light.hall", "off")
    return house


HOUSES = {"delay": delayed, "for": held, "trigger": daily}
IN_MINUTES = {"delay": 5, "for": 5, "trigger": 60}
KINDS = pytest.mark.parametrize("kind", list(HOUSES))


@KINDS
def test_it_is_listed_with_its_time(kind: str, home: Declare) -> None:
    house = HOUSES[kind](home)

    found = only(house, kind)

    assert found.subject == "automation.a"
    assert found.due == START + timedelta(minutes=IN_MINUTES[kind])


@KINDS
def test_what_is_cancelled_does_not_happen(kind: str, home: Declare) -> None:
    house = HOUSES[kind](home)

    act(house, only(house, kind), Doing.CANCEL)

    assert only_soon(house, kind) == []
    house.passes("2h")
    assert house.sent == []


@KINDS
@pytest.mark.parametrize("crash", [False, True])
def test_what_is_postponed_happens_later(kind: str, crash: bool, home: Declare) -> None:
    house = HOUSES[kind](home)
    act(house, only(house, kind), Doing.POSTPONE, 30)
    if crash:
        house.crash()

    house.passes(IN_MINUTES[kind] * 60 + 29 * 60)
    before = list(house.sent)
    house.passes("2m")

    assert before == []
    assert house.sent == SENT


@KINDS
def test_what_is_run_now_happens_once(kind: str, home: Declare) -> None:
    house = HOUSES[kind](home)

    act(house, only(house, kind), Doing.RUN)

    assert house.sent == SENT
    house.passes("2h")
    assert house.sent == SENT


def only_soon(house: House, kind: str) -> list[Upcoming]:
    return [one for one in upcoming(house, hours=2) if one.kind == kind]


def test_a_time_that_is_cancelled_is_left_out_once_even_after_a_crash(home: Declare) -> None:
    house = daily(home)
    act(house, only(house, "trigger"), Doing.CANCEL)

    house.crash()
    house.passes("12h")
    first = list(house.sent)
    house.passes("24h")

    assert first == []
    assert house.sent == SENT


def test_a_run_that_was_hastened_leads_back_to_the_person(home: Declare) -> None:
    house = daily(home)

    act(house, only(house, "trigger"), Doing.RUN)

    root = house.why(("light.turn_on", "light.hall")).root
    assert (root.type, root.actor) == ("pending.hastened", "person:anna")


def test_a_wait_without_a_time_can_only_be_cancelled(home: Declare) -> None:
    wait = {"wait_for_trigger": [{**DOOR, "to": "off"}]}
    house = home({"alias": "a", "trigger": DOOR, "action": [wait, LAMP]})
    house.sees("binary_sensor.door", "on")

    found = only(house, "wait")

    assert (found.due, tuple(found.can)) == (None, (Doing.CANCEL,))
    with pytest.raises(InvalidCommand):
        act(house, found, Doing.RUN)


def test_the_wait_says_what_comes_after_it(home: Declare) -> None:
    house = delayed(home)

    assert "light.turn_on light.hall" in only(house, "delay").what


def test_sun_patterns_and_schedules_are_listed(home: Declare) -> None:
    house = home(
        {"alias": "sun", "trigger": {"trigger": "sun", "event": "sunset"}, "action": [LAMP]},
        {"alias": "often", "trigger": {"trigger": "time_pattern", "minutes": "/5"},
         "action": [LAMP]},
        home={"latitude": 48.1, "longitude": 11.5, "time_zone": "Europe/Berlin"},
        schedule={"work": {"tuesday": [{"from": "12:00", "to": "13:00"}]}},
    )  # fmt: skip

    found = [(one.kind, one.subject) for one in upcoming(house)]

    assert found == [
        ("trigger", "automation.often"),
        ("schedule", "schedule.work"),
        ("trigger", "automation.sun"),
    ]


def test_a_timer_is_listed_and_can_be_cut_short(home: Declare) -> None:
    finished = {"trigger": "event", "event_type": "timer.finished"}
    house = home({"alias": "a", "trigger": finished, "action": [LAMP]},
                 timer={"tea": {"duration": "00:04:00"}})  # fmt: skip
    house.sees("light.hall", "off")
    house.calls("timer.start", "timer.tea")

    found = only(house, "timer")
    act(house, found, Doing.RUN)

    assert found.due == START + timedelta(minutes=4)
    assert house.sent[-1] == ("light.turn_on", "light.hall")


def test_a_queued_run_can_be_taken_out(home: Declare) -> None:
    house = home(
        {"alias": "a", "mode": "queued", "trigger": {"trigger": "event", "event_type": "go"},
         "action": [{"delay": "00:05:00"}, LAMP]}
    )  # fmt: skip
    house.sees("light.hall", "off")
    house.fires("go")
    house.fires("go")

    act(house, only(house, "queued"), Doing.CANCEL)
    house.passes("20m")

    assert house.sent == SENT


def test_what_is_not_pending_is_told(home: Declare) -> None:
    house = daily(home)

    with pytest.raises(InvalidCommand, match="casita next"):
        house.awaits(house.kernel.asking.answerer.act("run:1:0", Doing.CANCEL))
