"""Timers count down, tell how they fare, and with ``restore`` go on after a power cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casita import domains, helpers
from casita.clock import VirtualClock
from casita.hub import Hub
from casita.log import MemoryLog
from casita.model import Target
from casita.testing import START, House
from casita_config import Configuration

MakeHouse = Callable[..., House]
TELLS = (
    "timer.started",
    "timer.restarted",
    "timer.paused",
    "timer.changed",
    "timer.cancelled",
    "timer.finished",
)


def _shown(house: House) -> tuple[str, dict[str, Any]]:
    state = house.state("timer.wash")
    assert state is not None
    extra = {
        key: value
        for key, value in state.attributes.items()
        if key not in ("editable", "friendly_name", "duration", "restore")
    }
    return state.state, extra


def _told(house: House) -> list[str]:
    """Return what the timer told, without the ``timer.`` before it."""
    return [
        event.type.partition(".")[2]
        for event in house.events
        if event.type in TELLS and event.subject == "timer.wash"
    ]


def _at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


RUNS = ("active", {"finishes_at": _at(10), "remaining": "0:00:10"})
RUNS_SHORT = ("active", {"finishes_at": _at(5), "remaining": "0:00:05"})
IDLE: tuple[str, dict[str, Any]] = ("idle", {})


def test_each_service_leads_where_it_leads_in_home_assistant(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 10}})
    assert _shown(house) == IDLE
    steps: list[tuple[str, dict[str, Any], tuple[str, dict[str, Any]], str | None]] = [
        ("start", {}, RUNS, "started"),
        ("pause", {}, ("paused", {"remaining": "0:00:10"}), "paused"),
        ("start", {}, RUNS, "restarted"),
        ("cancel", {}, IDLE, "cancelled"),
        ("cancel", {}, IDLE, None),
        ("start", {}, RUNS, "started"),
        ("finish", {}, IDLE, "finished"),
        ("finish", {}, IDLE, None),
        ("start", {}, RUNS, "started"),
        ("pause", {}, ("paused", {"remaining": "0:00:10"}), "paused"),
        ("pause", {}, ("paused", {"remaining": "0:00:10"}), None),
        ("cancel", {}, IDLE, "cancelled"),
        ("start", {}, RUNS, "started"),
        ("change", {"duration": -5}, RUNS_SHORT, "changed"),
        ("start", {}, RUNS_SHORT, "restarted"),
        ("pause", {}, ("paused", {"remaining": "0:00:05"}), "paused"),
        ("finish", {}, IDLE, "finished"),
        ("start", {"duration": "0:00:05"}, RUNS_SHORT, "started"),
    ]
    told: list[str] = []

    for action, data, shown, event in steps:
        house.calls(f"timer.{action}", "timer.wash", **data)
        told += [event] if event else []
        assert (_shown(house), _told(house)) == (shown, told), action


def test_it_finishes_when_its_time_has_come(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": "0:01:00"}})
    house.calls("timer.start", "timer.wash")

    house.passes(59)
    before = _told(house)
    house.passes(1)

    assert before == ["started"]
    assert _told(house) == ["started", "finished"]
    assert _shown(house) == IDLE
    finished = next(event for event in house.events if event.type == "timer.finished")
    assert finished.data == {"entity_id": "timer.wash", "finished_at": _at(60)}
    assert house.why(finished).root.actor == "person:test"


def test_a_pause_keeps_what_is_left(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 60}})
    house.calls("timer.start", "timer.wash")
    house.passes(20)
    house.calls("timer.pause", "timer.wash")
    house.passes(1000)

    assert _shown(house) == ("paused", {"remaining": "0:00:40"})
    house.calls("timer.start", "timer.wash")
    house.passes(39)
    assert _shown(house)[0] == "active"
    house.passes(1)
    assert _shown(house) == IDLE


def test_a_duration_that_was_given_holds_for_that_run(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 60}})
    house.calls("timer.start", "timer.wash", duration=5)
    while_running = house.state("timer.wash")

    house.passes(5)

    assert while_running is not None
    assert while_running.attributes["duration"] == "0:00:05"
    after = house.state("timer.wash")
    assert after is not None
    assert after.attributes["duration"] == "0:01:00"


@pytest.mark.parametrize(
    ("before", "data", "message"),
    [
        ([], {"duration": 5}, "it does not run; start it first"),
        (["start"], {"duration": 5}, "would pass its duration of 0:00:10"),
        (["start"], {"duration": -15}, "less than none"),
    ],
)
def test_a_change_that_cannot_be_fails_in_words(
    make_house: MakeHouse, before: list[str], data: dict[str, Any], message: str
) -> None:
    house = make_house(timer={"wash": {"duration": 10}})
    for action in before:
        house.calls(f"timer.{action}", "timer.wash")

    house.calls("timer.change", "timer.wash", **data)

    failed = [event for event in house.events if event.type == "command.failed"]
    assert message in failed[-1].data["message"]


def test_without_restore_it_is_idle_after_a_power_cut(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 10}})
    house.calls("timer.start", "timer.wash")

    house.crash()
    house.passes(100)

    assert _shown(house) == IDLE
    assert _told(house) == ["started"]


def test_with_restore_it_goes_on_after_a_power_cut(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 60, "restore": True}})
    house.calls("timer.start", "timer.wash", duration=90)
    house.passes(30)

    house.crash()
    house.passes(59)
    before = _shown(house)
    house.passes(1)

    assert before == ("active", {"finishes_at": _at(90), "remaining": "0:01:30"})
    assert _told(house) == ["started", "finished"]


def test_with_restore_a_pause_outlives_a_power_cut(make_house: MakeHouse) -> None:
    house = make_house(timer={"wash": {"duration": 60, "restore": True}})
    house.calls("timer.start", "timer.wash")
    house.passes(20)
    house.calls("timer.pause", "timer.wash")

    house.crash()
    house.calls("timer.start", "timer.wash")

    assert _shown(house) == ("active", {"finishes_at": _at(60), "remaining": "0:00:40"})


async def test_what_was_due_meanwhile_finishes_late_and_says_when_it_was_due() -> None:
    clock = VirtualClock(START)
    config = Configuration.from_mapping({"timer": {"wash": {"duration": 60, "restore": True}}})
    with MemoryLog(clock=clock) as log:
        async with _hub(config, log, clock) as hub:
            target = Target(entity_id=["timer.wash"])
            hub.kernel.commands.call("timer.start", {}, target, source="test")
        clock.advance(600)

        async with _hub(config, log, clock) as hub:
            await clock.pass_time(0)
            shown = hub.kernel.states.require("timer.wash").state
        finished = list(log.scan(types=("timer.finished",)))

    assert [event.data["finished_at"] for event in finished] == [_at(60)]
    assert finished[0].time == START + timedelta(seconds=600)
    assert shown == "idle"


def _hub(config: Configuration, log: MemoryLog, clock: VirtualClock) -> Hub:
    return Hub(
        config,
        folder=None,
        log=log,
        clock=clock,
        plugins=[domains.plugin, helpers.plugin],
        api=False,
    )


@settings(max_examples=40, deadline=None)
@given(
    pauses=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 200)), max_size=4),
    crashes=st.sets(st.integers(0, 3)),
)
def test_it_runs_for_its_duration_whatever_pauses_and_power_cuts_there_are(
    pauses: list[tuple[int, int]], crashes: set[int]
) -> None:
    """Every run of 100 s, in pieces, ends once, after 100 s of running."""
    with House({"timer": {"wash": {"duration": 100, "restore": True}}}) as house:
        house.calls("timer.start", "timer.wash")
        ran = 0
        for index, (running_s, paused_s) in enumerate(pauses):
            house.passes(running_s)
            ran += running_s
            house.calls("timer.pause", "timer.wash")
            house.passes(paused_s)
            if index in crashes:
                house.crash()
            house.calls("timer.start", "timer.wash")
        house.passes(100 - ran - 1)
        assert "finished" not in _told(house)
        house.passes(1)

        assert _told(house).count("finished") == 1
