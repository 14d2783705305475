"""No automation loop takes the house down: it ends soon, alone, and everything else goes on.

The control lets chains go on for longer than they may, and has to fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

import pytest

from automations.loops.shapes import SHAPES, Shape
from casita.testing import House

_LONGEST_S: Final = 1.0
_MOST_RUNS: Final = 50
_REACTS_WITHIN_S: Final = 0.25
_BELLS: Final = 20
_BYSTANDER: Final = {
    "alias": "bystander",
    "triggers": {"trigger": "event", "event_type": "bell"},
    "actions": [{"event": "rung"}],
    "mode": "parallel",
}
_EACH = pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.name.replace(" ", "-"))


@contextmanager
def _house(shape: Shape) -> Iterator[House]:
    config = {"automation": [*shape.automations, _BYSTANDER], **shape.sections}
    if shape.names:
        config["plugins"] = dict.fromkeys(shape.names)
    plugins = [make() for make in shape.plugins]
    with House(config, plugins=plugins) as house:
        house.passes("2s")
        yield house


def _runs(house: House, after: int = 0) -> list[str]:
    return [
        one.subject
        for one in house.events
        if one.type == "run.started" and one.offset > after and one.subject.startswith("automation")
        and one.subject != "automation.bystander"
    ]  # fmt: skip


def _refused(house: House, after: int = 0) -> list[str]:
    return [one.subject for one in house.events if one.type == "run.refused" and one.offset > after]


def _begin(shape: Shape, house: House) -> float:
    """Set a loop going, let a minute pass, and return how long that took in real time."""
    began = perf_counter()
    shape.begin(house)
    house.passes("60s")
    return perf_counter() - began


def test_there_are_twenty_five_shapes() -> None:
    assert len({one.name for one in SHAPES}) == 25


@_EACH
def test_a_loop_ends_soon(shape: Shape) -> None:
    with _house(shape) as house:
        before = house.events[-1].offset

        took_s = _begin(shape, house)

        runs = _runs(house, before)
        assert _refused(house, before), "this shape is no loop"
        assert len(runs) <= _MOST_RUNS
        assert took_s <= _LONGEST_S
        times = [one.time for one in house.events if one.offset > before
                 and one.type == "run.started"]  # fmt: skip
        assert (times[-1] - times[0]).total_seconds() <= _LONGEST_S


@_EACH
def test_only_the_chain_that_loops_is_stopped(shape: Shape) -> None:
    with _house(shape) as house:
        _begin(shape, house)
        before = house.events[-1].offset

        _begin(shape, house)

        assert _runs(house, before)


def test_others_go_on_meanwhile() -> None:
    took: list[float] = []
    for shape in SHAPES:
        with _house(shape) as house:
            shape.begin(house)
            for _ in range(_BELLS):
                shape.begin(house)
                before = house.events[-1].offset
                began = perf_counter()
                house.fires("bell")
                took.append(perf_counter() - began)
                heard = [one for one in house.events if one.offset > before and one.type == "rung"]
                assert len(heard) == 1, shape.name

    assert sorted(took)[int(len(took) * 0.99)] <= _REACTS_WITHIN_S


def test_a_wide_reaction_to_one_event_is_no_loop() -> None:
    crowd = [
        {"alias": f"a{n}", "triggers": {"trigger": "event", "event_type": "go"},
         "actions": [{"event": f"done_{n}"}]}
        for n in range(200)
    ]  # fmt: skip
    seconds = [
        {"alias": f"b{n}", "triggers": {"trigger": "event", "event_type": f"done_{n}"},
         "actions": [{"event": "end"}]}
        for n in range(200)
    ]  # fmt: skip
    with House({"automation": [*crowd, *seconds]}, plugins=[]) as house:
        house.fires("go")

        assert len(_runs(house)) == 400
        assert _refused(house) == []


def test_a_chain_that_rests_goes_on_for_ever() -> None:
    steps = [
        {"triggers": {"trigger": "event", "event_type": one},
         "actions": [{"delay": "00:10:00"}, {"event": other}]}
        for one, other in (("on", "off"), ("off", "on"))
    ]  # fmt: skip
    with House({"automation": steps}, plugins=[]) as house:
        house.fires("on")

        house.passes("10h")

        assert len(_runs(house)) > 50
        assert _refused(house) == []


@pytest.mark.parametrize("name", ["a pair by events", "self by a toggle", "a storm of events"])
def test_without_the_limits_the_suite_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casita_automations.owner.HOP_LIMIT", 7 if "storm" in name else 120)
    monkeypatch.setattr("casita.commands.HOP_LIMIT", 200)
    monkeypatch.setattr("casita_automations.storms.MOST", 10_000)
    shape = next(one for one in SHAPES if one.name == name)

    with _house(shape) as house:
        _begin(shape, house)

        assert len(_runs(house)) > _MOST_RUNS
