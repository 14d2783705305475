"""Commands that come over HTTP: how they end, and who may give which."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from casita.clock import VirtualClock, settle
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.services import Command, Outcome

from .conftest import Caller


async def test_a_command_answers_how_it_ended_and_where_it_stands(
    ask: Caller, kernel: Kernel, log: MemoryLog
) -> None:
    body = {"service": "light.turn_on", "target": "light.hall", "data": {"brightness": 9}}

    reply = await ask("POST", "/api/command", body)

    outcome = reply.json["outcomes"]["light.hall"]
    assert (reply.status, reply.json["stored"], outcome["status"]) == (200, True, "done")
    sent = await log.event(outcome["offset"])
    assert sent is not None
    assert (sent.type, sent.subject, sent.actor) == ("command.sent", "light.hall", "token:ann")
    assert kernel.states.require("light.hall").attributes["brightness"] == 9


@pytest.mark.parametrize(
    "target",
    [
        "light.hall",
        ["light.hall"],
        {"entity_id": "light.hall"},
        {"entity_id": ["light.hall"], "area_id": []},
    ],
)
async def test_a_target_can_be_written_in_several_ways(ask: Caller, target: Any) -> None:
    reply = await ask("POST", "/api/services/light/turn_on", {"target": target})

    assert list(reply.json["outcomes"]) == ["light.hall"]


async def test_each_entity_has_an_outcome_of_its_own(ask: Caller) -> None:
    reply = await ask("POST", "/api/services/light/turn_on", {"target": {"entity_id": "all"}})

    outcomes = {key: one["status"] for key, one in reply.json["outcomes"].items()}
    assert outcomes == {"light.hall": "done", "light.broken": "failed"}
    assert reply.json["outcomes"]["light.broken"]["message"] == "it does not answer"


@pytest.mark.parametrize(
    ("body", "status", "code", "hint"),
    [
        ({"service": "light.turn_onn", "target": "light.hall"}, 404, "unknown_service",
         "Did you mean 'light.turn_on'?"),
        ({"service": "light.turn_on", "target": "light.hal"}, 404, "unknown_entity",
         "Did you mean 'light.hall'?"),
        ({"service": "light.turn_on", "target": "light.hall", "data": {"brightnes": 1}}, 400,
         "invalid_command", "Did you mean 'brightness'?"),
        ({"service": "light.turn_on", "target": "cover.blind"}, 400, "invalid_command", "domain"),
        ({"service": "light.turn_on"}, 400, "invalid_command", "target"),
        ({"servic": "light.turn_on"}, 400, "invalid_body", "Did you mean 'service'?"),
        ({"service": 1}, 400, "invalid_body", "service"),
        ({"service": "light.turn_on", "target": {"entity": "x"}}, 400, "invalid_body",
         "target.entity"),
        ({"service": "light.turn_on", "target": 5}, 400, "invalid_body", "target"),
    ],
)  # fmt: skip
async def test_a_wrong_command_is_refused_with_what_to_do(
    ask: Caller, log: MemoryLog, body: dict[str, Any], status: int, code: str, hint: str
) -> None:
    reply = await ask("POST", "/api/command", body)

    assert (reply.status, reply.code) == (status, code)
    assert hint in reply.json["error"]["message"]
    assert not list(log.scan(types=["command.*"]))


async def test_a_wrong_field_is_named(ask: Caller) -> None:
    body = {"service": "light.turn_on", "target": {"entity_id": [7]}}

    reply = await ask("POST", "/api/command", body)

    assert reply.json["error"]["field"] == "target.entity_id"


async def test_a_command_that_is_not_waited_for_is_pending(ask: Caller, kernel: Kernel) -> None:
    answered = asyncio.Event()

    async def slow(command: Command) -> Outcome | None:
        await answered.wait()
        return None

    kernel.commands.attach("light.hall", slow)
    body = {"service": "light.turn_on", "target": "light.hall", "wait": False}

    reply = await ask("POST", "/api/command", body)
    answered.set()
    await settle()

    assert reply.json["outcomes"]["light.hall"]["status"] == "pending"


async def test_a_device_that_never_answers_is_uncertain_after_10_s(
    ask: Caller, kernel: Kernel, clock: VirtualClock
) -> None:
    reached = asyncio.Event()

    async def silent(command: Command) -> Outcome | None:
        reached.set()
        await asyncio.Event().wait()
        return None

    kernel.commands.attach("light.hall", silent)
    asking = asyncio.ensure_future(
        ask("POST", "/api/command", {"service": "light.turn_on", "target": "light.hall"})
    )
    await reached.wait()
    clock.advance(10)
    reply = await asking

    assert reply.json["outcomes"]["light.hall"]["status"] == "uncertain"


async def test_a_command_is_carried_out_also_if_the_client_goes(
    ask: Caller, kernel: Kernel
) -> None:
    reached, answered, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(command: Command) -> Outcome | None:
        reached.set()
        await answered.wait()
        return None

    kernel.commands.attach("light.hall", slow)
    kernel.bus.subscribe(lambda event: ended.set(), owner="test", type="command.done")
    asking = asyncio.ensure_future(
        ask("POST", "/api/command", {"service": "light.turn_on", "target": "light.hall"})
    )
    await reached.wait()
    asking.cancel()
    await settle()
    answered.set()

    async with asyncio.timeout(5):
        await ended.wait()


# What needs a scope of its own


@pytest.mark.parametrize(
    ("service", "target", "data"),
    [
        ("lock.unlock", "lock.front", {}),
        ("lock.unlock", None, {}),
        ("cover.open_cover", "cover.garage", {}),
        ("cover.open_cover", "all", {}),
        ("cover.open_cover", {"area_id": "hall"}, {}),
        ("homeassistant.turn_on", "lock.front", {}),
        ("homeassistant.turn_on", "group.doors", {}),
        ("cover.open_cover", "group.gates", {}),
        ("cover.open_cover", "cover.both", {}),
        ("homeassistant.turn_on", "scene.leaving", {}),
        ("homeassistant.turn_on", {"area_id": "hall"}, {}),
        ("scene.apply", None, {"entities": {"lock.front": "unlocked"}}),
        ("scene.apply", None, {"entities": {"LOCK.Front": "unlocked"}}),
        ("scene.apply", None, {"entities": {"list": ["light.hall, lock.front"]}}),
        ("scene.apply", None, {"entities": {"area_id": "hall"}}),
        ("scene.apply", {"entity_id": "group.doors"}, {"entities": {}}),
    ],
)
async def test_locks_and_garages_need_a_scope_of_their_own(
    ask: Caller, kernel: Kernel, log: MemoryLog, service: str, target: Any, data: Any
) -> None:
    kernel.registry.update_entity("lock.front", area_id="hall")
    kernel.registry.update_entity("cover.garage", area_id="hall")
    token = await ask.make_token("tablet", "control")
    body = {"service": service, "data": data, **({"target": target} if target else {})}

    reply = await ask("POST", "/api/command", body, token=token)

    assert (reply.status, reply.code) == (403, "missing_scope")
    assert not list(log.scan(types=["command.sent"]))


@pytest.mark.parametrize(
    ("service", "target"),
    [("light.turn_on", "light.hall"), ("cover.open_cover", "cover.blind"),
     ("homeassistant.turn_on", "light.hall"), ("light.turn_on", {"area_id": "hall"}),
     ("light.turn_on", "group.doors")],
)  # fmt: skip
async def test_all_else_is_open_to_who_may_control(
    ask: Caller, kernel: Kernel, service: str, target: Any
) -> None:
    for entity_id in ("lock.front", "light.hall"):
        kernel.registry.update_entity(entity_id, area_id="hall")
    token = await ask.make_token("tablet", "control")

    reply = await ask("POST", "/api/command", {"service": service, "target": target}, token=token)

    assert (reply.status, len(reply.json["outcomes"])) == (200, 1)


async def test_who_has_the_scope_opens_the_door_and_the_log_keeps_no_code(
    ask: Caller, log: MemoryLog
) -> None:
    token = await ask.make_token("phone", "control:secure")
    body = {"service": "lock.unlock", "target": "lock.front", "data": {"code": "8841"}}

    reply = await ask("POST", "/api/command", body, token=token)

    sent = next(iter(log.scan(types=["command.sent"])))
    assert reply.json["outcomes"]["lock.front"]["status"] == "done"
    assert (sent.actor, sent.data["data"]) == ("token:phone", {"code": "***"})


# Services and automations


async def test_services_are_listed_with_their_fields(ask: Caller) -> None:
    reply = await ask("GET", "/api/services")

    light = next(one for one in reply.json if one["id"] == "light.turn_on")
    assert (light["kind"], light["targets"]) == ("set", ["light"])
    assert light["fields"]["properties"]["brightness"] == {
        "type": "integer", "minimum": 0, "maximum": 255,
    }  # fmt: skip


async def test_automations_are_listed(ask: Caller) -> None:
    reply = await ask("GET", "/api/automations")

    assert reply.json == [
        {"entity_id": "automation.night", "name": "Night", "state": "on", "last_triggered": None,
         "mode": "single", "running": 0, "shadow": False}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "service"), [("enable", "turn_on"), ("disable", "turn_off"), ("trigger", "trigger")]
)
async def test_an_automation_is_commanded_through_its_services(
    ask: Caller, log: MemoryLog, verb: str, service: str
) -> None:
    reply = await ask("POST", f"/api/automations/automation.night/{verb}")

    sent = next(iter(log.scan(types=["command.sent"])))
    assert reply.status == 200
    assert (sent.data["service"], sent.subject) == (f"automation.{service}", "automation.night")


async def test_an_unknown_automation_is_named_with_the_nearest(ask: Caller) -> None:
    reply = await ask("POST", "/api/automations/automation.nigth/trigger")

    assert (reply.status, reply.code) == (404, "unknown_entity")
    assert "Did you mean 'automation.night'?" in reply.json["error"]["message"]
