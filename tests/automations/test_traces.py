"""What runs did is kept step by step, with the values that they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casita.testing import House
from casita.traces import Trace, trace, traces

WARM = {"condition": "numeric_state", "entity_id": "sensor.hall", "above": 20}


def _house(*actions: Mapping[str, Any], **more: Any) -> House:
    house = House()
    trigger = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
    house.automation({"alias": "Acts", "triggers": [trigger], "actions": list(actions), **more})
    house.sees("sensor.hall", "21.5")
    house.sees("light.hall", "off")
    house.sees("binary_sensor.door", "off")
    return house


def _opens(house: House) -> None:
    house.sees("binary_sensor.door", "off")
    house.sees("binary_sensor.door", "on")


def _runs(house: House, limit: int = 10) -> list[Trace]:
    return house.awaits(traces(house.kernel.log, "automation.acts", limit=limit))


def test_a_trace_tells_each_step_and_the_values_that_it_saw() -> None:
    light = {"action": "light.turn_on", "entity_id": "light.hall"}
    dark = {"condition": "state", "entity_id": "sensor.dark", "state": "yes"}
    choice = {"choose": [{"conditions": [WARM], "sequence": [{"delay": "5m"}, light]}]}
    with _house(choice, dark, light, conditions=[WARM]) as house:
        house.sees("sensor.dark", "no")
        _opens(house)
        house.passes("5m")
        (run,) = _runs(house)

    assert (run.result, run.seen) == ("done", {"sensor.hall": "21.5"})
    assert run.finished is not None
    assert (run.finished - run.started).total_seconds() == 300
    told = {one.path: list(one.told) for one in run.steps}
    assert told.pop("actions/0/choose/0/conditions", None) or told
    assert told["actions/1"] == [False, {"sensor.dark": "no"}]
    assert [True, {"sensor.hall": "21.5"}] in told.values()
    assert [300.0] in told.values()
    assert ["light.turn_on"] in told.values()


def test_one_run_alone_tells_what_it_did() -> None:
    with _house({"action": "light.turn_on", "entity_id": "light.hall"}) as house:
        _opens(house)
        one = house.awaits(trace(house.kernel.log, _runs(house)[0].run))
        none = house.awaits(trace(house.kernel.log, 1))

    assert one is not None
    assert [(event.type, event.subject) for event in one.did] == [("command.sent", "light.hall")]
    assert none is None


def test_runs_come_newest_first_and_those_under_way_are_among_them() -> None:
    with _house({"delay": "10m"}, mode="parallel") as house:
        for _ in range(3):
            _opens(house)
            house.passes("4m")
        newest, middle, oldest = _runs(house)
        (only,) = _runs(house, limit=1)

    assert newest.run > middle.run > oldest.run
    assert [one.result for one in (newest, middle, oldest)] == [None, None, "done"]
    assert newest.finished is None
    assert only == newest


def test_traces_are_there_after_a_restart() -> None:
    with _house({"delay": "10m"}, {"event": "rang"}) as house:
        _opens(house)
        house.passes("4m")
        house.crash(down="1m")
        house.passes("10m")
        (run,) = _runs(house)

    assert run.result == "done"
    assert [list(one.told) for one in run.steps] == [[600.0], ["rang"]]
