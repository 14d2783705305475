"""What was, over HTTP: the states of an entity, and its statistics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from casita.clock import VirtualClock
from casita.kernel import Kernel

from .conftest import Caller


@pytest.fixture
async def past(kernel: Kernel, clock: VirtualClock) -> AsyncIterator[Kernel]:
    """A house in which it got warmer for two hours."""
    kernel.statistics.open()
    for degrees in range(20, 28):
        kernel.states.set("sensor.t", str(degrees), {"unit": "C"}, source="test")
        await clock.pass_time(900)
    yield kernel
    await kernel.statistics.close()


async def test_history_is_told_in_order(ask: Caller, past: Kernel) -> None:
    reply = await ask("GET", "/api/history?entity_id=sensor.t")

    assert [one["state"] for one in reply.json] == [str(n) for n in range(20, 28)]
    assert reply.json[0]["at"] == "2024-03-12T09:00:00Z"
    assert reply.json[0]["attributes"] == {"unit": "C"}


async def test_a_span_begins_with_what_was_there(ask: Caller, past: Kernel) -> None:
    span = "from=2024-03-12T09:20:00Z&to=2024-03-12T09:50:00%2B00:00"
    reply = await ask("GET", f"/api/history?entity_id=sensor.t&{span}")

    assert [one["state"] for one in reply.json] == ["21", "22", "23"]


async def test_the_newest_are_told_if_there_are_too_many(ask: Caller, past: Kernel) -> None:
    reply = await ask("GET", "/api/history?entity_id=sensor.t&limit=2")

    assert [one["state"] for one in reply.json] == ["26", "27"]


async def test_statistics_are_told_by_period(ask: Caller, past: Kernel) -> None:
    hours = await ask("GET", "/api/statistics?entity_id=sensor.t")
    fine = await ask("GET", "/api/statistics?entity_id=sensor.t&period=5m")

    assert [(one["min"], one["max"], one["mean"]) for one in hours.json] == [
        (20, 23, 21.5),
        (24, 27, 25.5),
    ]
    assert [one["last"] for one in fine.json[:4]] == [20, 20, 20, 21]


async def test_both_come_as_csv(ask: Caller, past: Kernel) -> None:
    reply = await ask("GET", "/api/statistics?entity_id=sensor.t&format=csv")

    lines = reply.body.decode().splitlines()
    assert lines[0] == "start,min,max,mean,sum,last,seconds,states,times"
    assert lines[1].startswith("2024-03-12T09:00:00+00:00,20.0,23.0,21.5")


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("entity_id=sensor.tt", 404, "Did you mean 'sensor.t'?"),
        ("entity_id=sensor", 422, "no entity id"),
        ("entity_id=sensor.t&from=yesterday", 400, "a time is expected"),
        ("entity_id=sensor.t&from=2025-01-01&to=2024-01-01", 422, "'from' is after 'to'"),
        ("entity_id=sensor.t&format=xml", 400, "json, csv"),
        ("", 400, "entity_id"),
    ],
)
@pytest.mark.parametrize("what", ["history", "statistics"])
async def test_what_makes_no_sense_is_refused(
    ask: Caller, past: Kernel, what: str, query: str, status: int, says: str
) -> None:
    reply = await ask("GET", f"/api/{what}?{query}")

    assert reply.status == status
    assert says in reply.body.decode()
