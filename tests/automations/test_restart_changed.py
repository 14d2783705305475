"""What was changed or removed while the hub did not run, and what becomes of what waited."""

from __future__ import annotations

import gc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from casita.clock import VirtualClock
from casita.events import Event
from casita.host import own_plugins
from casita.hub import Hub
from casita.log import EventLog, MemoryLog
from casita.testing import START
from casita_config import Configuration, load_config

GO = {"trigger": "event", "event_type": "go"}
DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}


class Stage:
    """A log that outlives the hubs which run on it, one after another."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.log: EventLog = MemoryLog(clock=self.clock)

    def hub(self, *automations: dict[str, Any], folder: Path | None = None) -> Hub:
        """Return a hub with other automations, or those of a folder."""
        config = (
            Configuration.from_mapping({"automation": list(automations)})
            if folder is None
            else load_config(folder)
        )
        return Hub(
            config, folder=None, log=self.log, clock=self.clock, plugins=own_plugins(), api=False
        )

    def events(self, type: str) -> list[Event]:
        return list(self.log.scan(types=(type,)))

    def results(self) -> list[tuple[str, str]]:
        """Return how runs ended, each with its message."""
        return [
            (one.data["result"], one.data.get("message", "")) for one in self.events("run.finished")
        ]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def waiting(told: str, **more: Any) -> dict[str, Any]:
    event = {"event": told, "event_data": {"n": "{{ trigger.event.data.n }}"}}
    return {"alias": "a", "trigger": GO, "action": [{"delay": 60}, event], **more}


async def until_ready(hub: Hub) -> None:
    await hub.host.started()


@pytest.mark.parametrize(
    ("policy", "words", "came"),
    [("drop", "dropped with the restart", []), ("finish", "dropped with the restart", []),
     ("restart", "begun anew with the restart", [1])],
)  # fmt: skip
async def test_runs_of_what_changed_follow_their_policy(
    stage: Stage, policy: str, words: str, came: list[int]
) -> None:
    async with stage.hub(waiting("before")) as hub:
        await until_ready(hub)
        hub.kernel.bus.emit("go", "go", {"n": 1}, source="test")
        await stage.clock.pass_time(30)

    async with stage.hub(waiting("after", when_changed=policy)) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(120)

    assert stage.events("before") == []
    assert [one.data["n"] for one in stage.events("after")] == came
    result, message = stage.results()[0]
    assert result == "dropped"
    assert message.startswith(words)
    assert stage.log.items("run") == {}


async def test_queued_runs_of_what_changed_follow_their_policy_too(stage: Stage) -> None:
    async with stage.hub(waiting("before", mode="queued")) as hub:
        await until_ready(hub)
        for number in (1, 2, 3):
            hub.kernel.bus.emit("go", "go", {"n": number}, source="test")
        await stage.clock.pass_time(30)

    async with stage.hub(waiting("after", mode="queued", when_changed="restart")) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(300)

    assert [one.data["n"] for one in stage.events("after")] == [1, 2, 3]
    assert [result for result, _ in stage.results()].count("dropped") == 3


async def test_queued_runs_of_what_is_gone_have_a_visible_end(stage: Stage) -> None:
    async with stage.hub(waiting("before", mode="queued")) as hub:
        await until_ready(hub)
        for number in (1, 2):
            hub.kernel.bus.emit("go", "go", {"n": number}, source="test")
        await stage.clock.pass_time(30)

    async with stage.hub() as hub:
        await until_ready(hub)

    assert (
        stage.results() == [("dropped", "dropped with the restart: it was removed meanwhile")] * 2
    )


async def test_a_run_begins_anew_once_although_the_hub_is_not_ready_before_it_ends(
    stage: Stage,
) -> None:
    async with stage.hub(waiting("before")) as hub:
        await until_ready(hub)
        hub.kernel.bus.emit("go", "go", {"n": 1}, source="test")
        await stage.clock.pass_time(30)

    for _ in range(3):
        async with stage.hub(waiting("after", when_changed="restart")) as hub:
            await until_ready(hub)
            await stage.clock.pass_time(15)
    async with stage.hub(waiting("after", when_changed="restart")) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(60)

    assert len(stage.events("after")) == 1


async def test_what_only_its_tests_changed_goes_on(stage: Stage) -> None:
    async with stage.hub(waiting("told")) as hub:
        await until_ready(hub)
        hub.kernel.bus.emit("go", "go", {"n": 1}, source="test")
        await stage.clock.pass_time(30)

    async with stage.hub(waiting("told", description="new words", when_changed="restart")) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(31)

    assert len(stage.events("told")) == 1
    assert stage.results() == [("done", "")]


def held(action: str, **more: Any) -> dict[str, Any]:
    return {
        "alias": "a",
        "trigger": {**DOOR, "for": "00:10:00"},
        "action": [{"event": action}],
        **more,
    }


async def test_a_for_of_what_changed_ends_and_that_is_told(stage: Stage) -> None:
    async with stage.hub(held("before")) as hub:
        await until_ready(hub)
        for state in ("off", "on"):
            hub.kernel.states.set("binary_sensor.door", state, source="test")
        changed = hub.kernel.log.head
        await stage.clock.pass_time(60)

    async with stage.hub(held("after")) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(3600)

    assert stage.events("before") == stage.events("after") == []
    (told,) = stage.events("run.refused")
    assert told.subject == "automation.a"
    assert told.data["reason"] == "changed"
    assert told.data["message"] == "a 'for:' that ran is given up: it was changed meanwhile"
    assert told.cause is not None
    assert changed - 2 <= told.cause <= changed
    assert stage.log.items("hold") == {}


async def test_a_time_that_was_missed_by_what_changed_is_told(stage: Stage) -> None:
    def daily(at: timedelta, action: str) -> dict[str, Any]:
        due = (START + at).astimezone(Configuration.from_mapping({}).home.zone)
        return {
            "alias": "a", "trigger": {"trigger": "time", "at": f"{due:%H:%M:%S}"},
            "action": [{"event": action}],
        }  # fmt: skip

    async with stage.hub(daily(timedelta(hours=1), "before")) as hub:
        await until_ready(hub)
    stage.clock.advance(timedelta(hours=2))
    async with stage.hub(daily(timedelta(hours=3), "after")) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(7200)

    assert stage.events("before") == []
    assert len(stage.events("after")) == 1
    (told,) = stage.events("run.refused")
    assert "is not made up for: it was changed meanwhile" in told.data["message"]


async def test_a_reload_tells_of_a_for_that_it_ends(stage: Stage, tmp_path: Path) -> None:
    text = """
automation:
  - alias: a
    trigger: {trigger: state, entity_id: binary_sensor.door, to: "on", for: 60}
    action: [{event: before}]
"""
    (tmp_path / "casita.yaml").write_text(text)
    async with stage.hub(folder=tmp_path) as hub:
        await until_ready(hub)
        for state in ("off", "on"):
            hub.kernel.states.set("binary_sensor.door", state, source="test")
        (tmp_path / "casita.yaml").write_text(text.replace("before", "after"))
        await _reloaded(hub)
        await stage.clock.pass_time(120)

    assert stage.events("before") == stage.events("after") == []
    assert [one.data["reason"] for one in stage.events("run.refused")] == ["changed"]


async def test_a_run_survives_a_restart_however_often_was_reloaded(
    stage: Stage, tmp_path: Path
) -> None:
    """What tells programs apart must not be where they stood in memory."""

    def write(number: int) -> None:
        (tmp_path / "casita.yaml").write_text(
            f"automation: [{{alias: a, mode: parallel, max: 99, when_changed: finish,"
            f" trigger: {{trigger: event, event_type: go}},"
            f" action: [{{delay: 60}}, {{event: told, event_data: {{n: {number}}}}}]}}]\n"
        )

    write(0)
    async with stage.hub(folder=tmp_path) as hub:
        await until_ready(hub)
        for number in range(1, 30):
            write(number)
            await _reloaded(hub)
            gc.collect()
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await stage.clock.pass_time(1)
    async with stage.hub(folder=tmp_path) as hub:
        await until_ready(hub)
        await stage.clock.pass_time(61)

    assert [one.data["n"] for one in stage.events("told")] == [29]
    assert stage.results() == [("done", "")]


async def _reloaded(hub: Hub) -> None:
    call = hub.kernel.commands.call("automation.reload", source="test", expires_s=90)
    await call.finished()
    call.raise_for_failure()
