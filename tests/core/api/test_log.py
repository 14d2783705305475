"""Reading the log page by page, adding to it, and asking it why."""

from __future__ import annotations

from typing import Any

import pytest

from casita.kernel import Kernel
from casita.log import MemoryLog

from .conftest import Caller


def happen(kernel: Kernel, count: int) -> None:
    for number in range(count):
        kernel.bus.emit("doorbell_rang", f"bell.{number % 3}", {"number": number}, source="test")


async def test_the_newest_page_comes_unless_another_is_asked_for(
    ask: Caller, kernel: Kernel
) -> None:
    happen(kernel, 30)

    newest = (await ask("GET", "/api/log?limit=5")).json
    older = (await ask("GET", f"/api/log?limit=5&before={newest['events'][0]['offset']}")).json
    after = (await ask("GET", f"/api/log?limit=3&after={older['events'][0]['offset']}")).json

    assert newest["head"] == kernel.log.head
    assert [one["data"]["number"] for one in newest["events"]] == [25, 26, 27, 28, 29]
    assert [one["data"]["number"] for one in older["events"]] == [20, 21, 22, 23, 24]
    assert [one["data"]["number"] for one in after["events"]] == [21, 22, 23]


async def test_a_page_can_be_of_some_types_and_subjects(ask: Caller, kernel: Kernel) -> None:
    happen(kernel, 9)

    reply = await ask("GET", "/api/log?types=doorbell_*&subjects=bell.1&subjects=bell.2&limit=3")

    assert [one["data"]["number"] for one in reply.json["events"]] == [5, 7, 8]


async def test_a_renamed_entity_keeps_its_history(ask: Caller, kernel: Kernel) -> None:
    kernel.registry.rename_entity("light.hall", "light.lamp")

    reply = await ask("GET", "/api/log?subjects=light.lamp&types=state.changed")

    assert [one["subject"] for one in reply.json["events"]] == ["light.hall"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "after=-1", "after=1e3", "types=[ab]", "types=a*b*c*d*e",
     "subjects=" + "x" * 300, "sentences=maybe", "nonsense=1", "after=" + "9" * 40],
)  # fmt: skip
async def test_a_wrong_query_is_refused(ask: Caller, query: str) -> None:
    reply = await ask("GET", f"/api/log?{query}")

    assert (reply.status, reply.code) == (400, "invalid_query")


# Adding


async def test_an_event_of_ones_own_is_put_on_the_bus(ask: Caller, log: MemoryLog) -> None:
    body = {"type": "doorbell_rang", "subject": "front", "data": {"who": "postman"}}

    reply = await ask("POST", "/api/events", body)

    event = await log.event(reply.json["offset"])
    assert event is not None
    assert reply.json["stored"]
    assert (event.type, event.subject, event.data, event.source, event.actor) == (
        "doorbell_rang", "front", {"who": "postman"}, "api", "token:ann",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "state.changed", "subject": "lock.front"}, 403),
        ({"type": "command.sent"}, 403),
        ({"type": "token.created"}, 403),
        ({"type": "timer:fired"}, 403),
        ({"type": "a b"}, 400),
        ({"type": "x\n"}, 400),
        ({"type": ""}, 400),
        ({"type": "x" * 101}, 400),
        ({"type": "x", "data": {"text": "x" * 70_000}}, 413),
        ({"type": "x", "data": []}, 400),
    ],
)
async def test_events_that_only_the_hub_may_emit_are_refused(
    ask: Caller, log: MemoryLog, body: dict[str, Any], status: int
) -> None:
    head = log.head

    reply = await ask("POST", "/api/events", body)

    assert reply.status == status
    assert log.head == head


# Why


async def test_why_goes_back_to_the_root(ask: Caller, kernel: Kernel) -> None:
    rang = kernel.bus.emit("doorbell_rang", "front", {}, source="test")
    run = kernel.bus.emit("run.started", "automation.night", {}, source="x", cause=rang, hop=True)
    kernel.states.set("light.hall", "on", {"friendly_name": "Hall"}, source="test", cause=run)

    by_entity = await ask("GET", "/api/why/light.hall")
    by_offset = await ask("GET", f"/api/why/{kernel.log.head}")

    assert by_entity.json == by_offset.json
    chain = by_entity.json["chain"]
    assert [one["type"] for one in chain] == ["state.changed", "run.started", "doorbell_rang"]
    assert chain[0]["sentence"] == "Hall turned on"
    assert "Night" in chain[1]["sentence"]
    assert by_entity.json["missing"] is None


async def test_why_tells_what_something_led_to(ask: Caller, kernel: Kernel) -> None:
    rang = kernel.bus.emit("doorbell_rang", "front", {}, source="test")
    kernel.states.set("light.hall", "on", {}, source="test", cause=rang)

    without = await ask("GET", f"/api/why/{rang.offset}")
    reply = await ask("GET", f"/api/why/{rang.offset}?effects=true")

    assert without.json["effects"] == []
    assert [one["subject"] for one in reply.json["effects"]] == ["light.hall"]


@pytest.mark.parametrize("what", ["999999", "light.hal", "nothing", "0", "-1"])
async def test_why_of_nothing_is_not_found(ask: Caller, what: str) -> None:
    reply = await ask("GET", f"/api/why/{what}")

    assert reply.status == 404


# What runs did


async def test_runs_are_listed_and_told_step_by_step(ask: Caller, kernel: Kernel) -> None:
    run = kernel.bus.emit("run.started", "automation.night", {"trigger": "dusk"}, source="x")
    kernel.bus.emit("command.sent", "light.hall", {}, source="x", cause=run)
    end = {"result": "done", "trace": [("actions/0", True, {"light.hall": "off"})]}
    kernel.bus.emit("run.finished", "automation.night", end, source="x", cause=run)

    (listed,) = (await ask("GET", "/api/automations/automation.night/runs?limit=5")).json
    one = (await ask("GET", f"/api/runs/{run.offset}")).json

    assert (listed["run"], listed["result"], listed["trigger"]) == (run.offset, "done", "dusk")
    assert one["steps"] == [{"path": "actions/0", "told": [True, {"light.hall": "off"}]}]
    assert [event["subject"] for event in one["did"]] == ["light.hall"]


@pytest.mark.parametrize(
    "path", ["/api/runs/9", "/api/runs/x", "/api/automations/automation.nope/runs"]
)
async def test_a_run_that_is_not_there_is_not_found(ask: Caller, path: str) -> None:
    assert (await ask("GET", path)).status == 404
