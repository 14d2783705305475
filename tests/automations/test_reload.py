"""Reading the configuration anew, while the hub runs: all of it, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casita.clock import VirtualClock, settle
from casita.errors import CommandFailed
from casita.events import Event
from casita.host import own_plugins
from casita.hub import Hub
from casita.testing import START
from casita_config import Configuration, load_config

BEFORE = """
automation:
  - alias: same
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: same}]
  - alias: other
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: before}]
script:
  gone: {sequence: []}
"""
AFTER = """
automation:
  - alias: same
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: same}]
    tests: [{do: [{event: go}, {after: 1m}], expect: {event: same}}]
  - alias: other
    trigger: {platform: event, event_type: go}
    action: [{delay: 60}, {event: after}]
"""
BROKEN = (
    AFTER
    + """
  - alias: broken
    trigger: {platform: nonsense}
    action: []
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "casita.yaml").write_text(BEFORE)
    return tmp_path


def make(folder: Path, clock: VirtualClock) -> Hub:
    config = load_config(folder)
    return Hub(config, folder=None, clock=clock, plugins=own_plugins(), api=False)


async def reload(hub: Hub, folder: Path, text: str, **data: Any) -> dict[str, Any]:
    (folder / "casita.yaml").write_text(text)
    call = hub.kernel.commands.call("automation.reload", data, source="test", expires_s=90)
    await call.finished()
    response: dict[str, Any] = dict(call.outcomes["automation.reload"].response or {})
    return response


def events(hub: Hub, type: str) -> list[Event]:
    return list(hub.kernel.log.scan(types=(type,)))


async def test_what_changed_is_replaced_and_what_did_not_goes_on(folder: Path) -> None:
    clock = VirtualClock(START)
    async with make(folder, clock) as hub:
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(30)

        await reload(hub, folder, AFTER)
        await clock.pass_time(30)

        assert len(events(hub, "same")) == 1
        assert events(hub, "before") == []


async def test_what_is_gone_has_no_entity_and_no_service(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        await reload(hub, folder, AFTER)
        await settle()

        assert "script.gone" not in hub.kernel.states
        assert hub.kernel.commands.service("script.gone") is None


async def test_a_reload_tells_what_differs(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        report = await reload(hub, folder, AFTER)

        assert [(one["difference"], one["entity_id"]) for one in report["changes"]] == [
            ("changed", "automation.other"), ("removed", "script.gone"),
        ]  # fmt: skip
        lines = report["changes"][0]["diff"]
        assert [line for line in lines if line[0] in "+-"] == [
            "-- event: before",
            "+- event: after",
        ]
        assert report["unchanged"] == 1
        assert events(hub, "config.reloaded")[0].data["changed"] == ["automation.other"]


async def test_with_a_fault_everything_stays_as_it_was(folder: Path) -> None:
    clock = VirtualClock(START)
    async with make(folder, clock) as hub:
        report = await reload(hub, folder, BROKEN)
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(60)

        assert report["active"] is False
        assert "casita.yaml:12" in report["problems"][0]
        assert "nonsense" in report["problems"][0]
        assert len(events(hub, "before")) == 1
        assert events(hub, "after") == []
        assert hub.kernel.commands.service("script.gone") is not None
        assert "nonsense" in events(hub, "config.refused")[0].data["message"]


async def test_force_leaves_out_what_is_broken(folder: Path) -> None:
    clock = VirtualClock(START)
    async with make(folder, clock) as hub:
        report = await reload(hub, folder, BROKEN, force=True)
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(60)

        assert report["active"] is True
        assert len(events(hub, "after")) == 1


async def test_triggers_that_cannot_be_armed_keep_all_as_it_was(folder: Path) -> None:
    clock = VirtualClock(START)
    unarmed = (
        AFTER
        + """
  - alias: unarmed
    trigger_variables: {when: nonsense}
    trigger: {platform: time, at: "{{ when }}"}
    action: []
"""
    )
    async with make(folder, clock) as hub:
        report = await reload(hub, folder, unarmed)
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(60)

        assert report["active"] is False
        assert "could not be armed" in report["problems"][0]
        assert len(events(hub, "before")) == 1
        assert events(hub, "after") == []


async def test_a_test_that_breaks_keeps_all_as_it_was_unless_it_is_forced(folder: Path) -> None:
    clock = VirtualClock(START)
    failing = AFTER.replace("expect: {event: same}", "expect: {event: other}")
    async with make(folder, clock) as hub:
        refused = await reload(hub, folder, failing)
        forced = await reload(hub, folder, failing, force=True)

        assert refused["active"] is False
        assert refused["broken_tests"][0].startswith("casita.yaml:6: same: test 1: expected event")
        assert (forced["active"], len(forced["broken_tests"])) == (True, 1)


async def test_a_dry_run_changes_nothing(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        head = hub.kernel.log.head
        report = await reload(hub, folder, AFTER, dry_run=True)

        assert (report["active"], report["dry_run"], len(report["changes"])) == (False, True, 2)
        assert hub.kernel.commands.service("script.gone") is not None
        written = [one.type for one in hub.kernel.log.scan(after=head)]
        assert {one.partition(".")[0] for one in written} <= {"command", "hub"}


@pytest.mark.parametrize(
    ("policy", "came"),
    [("drop", {"before": 0, "after": 0}), ("finish", {"before": 1, "after": 0}),
     ("restart", {"before": 0, "after": 1})],
)  # fmt: skip
async def test_runs_of_what_changed_follow_their_policy(
    folder: Path, policy: str, came: dict[str, int]
) -> None:
    clock = VirtualClock(START)
    async with make(folder, clock) as hub:
        hub.kernel.bus.emit("go", "go", {}, source="test")
        await clock.pass_time(30)

        report = await reload(hub, folder, f"{AFTER}    when_changed: {policy}\n")
        await clock.pass_time(60)

        assert {key: len(events(hub, key)) for key in came} == came
        change = report["changes"][0]
        assert (change["runs"], change["when_changed"]) == (1, policy)
        stopped = [
            one.data["message"]
            for one in events(hub, "run.finished")
            if one.data["result"] == "stopped"
        ]
        assert len(stopped) == (0 if policy == "finish" else 1)


async def test_what_waits_for_a_trigger_to_hold_goes_on_where_nothing_changed(
    folder: Path,
) -> None:
    clock = VirtualClock(START)
    held = """
  - alias: held
    trigger: {platform: state, entity_id: sensor.a, to: "1", for: 60}
    action: [{event: held}]
"""
    (folder / "casita.yaml").write_text(BEFORE.split("script:")[0] + held)
    async with make(folder, clock) as hub:
        hub.kernel.states.set("sensor.a", "0", source="test")
        hub.kernel.states.set("sensor.a", "1", source="test")
        await clock.pass_time(30)

        await reload(hub, folder, AFTER + held)
        await clock.pass_time(30)

        assert len(events(hub, "held")) == 1


async def test_sections_that_only_a_restart_brings_are_named(folder: Path) -> None:
    async with make(folder, VirtualClock(START)) as hub:
        report = await reload(hub, folder, AFTER + "input_boolean: {guests: }\n")

        assert report["after_restart"] == ["input_boolean"]


async def test_without_a_folder_there_is_nothing_to_reload() -> None:
    nothing, clock = Configuration.from_mapping({}), VirtualClock(START)
    async with Hub(nothing, folder=None, clock=clock, plugins=own_plugins(), api=False) as hub:
        call = hub.kernel.commands.call("automation.reload", source="test")
        await call.finished()

        with pytest.raises(CommandFailed, match="no configuration folder"):
            call.raise_for_failure()
