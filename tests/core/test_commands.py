"""Everything that acts goes through the gateway, and each command ends in one of three ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import voluptuous as vol

from casita.clock import VirtualClock
from casita.errors import (
    CommandFailed,
    HopLimitReached,
    InvalidCommand,
    UnknownEntity,
    UnknownService,
)
from casita.events import Cause
from casita.ids import Offset
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Command, Outcome, Service, Status

HALL = Target(entity_id=["light.hall"])


@pytest.fixture
def kernel(kernel: Kernel) -> Kernel:
    schema = vol.Schema({vol.Optional("brightness"): vol.All(int, vol.Range(0, 255))})
    kernel.commands.register(Service(domain="light", name="turn_on", schema=schema))
    kernel.states.set("light.hall", "off", {}, source="test")
    return kernel


def _types(kernel: Kernel) -> list[str]:
    return [event.type for event in kernel.log.scan() if event.type.startswith("command.")]


def test_a_command_is_written_down_before_it_is_sent_and_when_it_ends(kernel: Kernel) -> None:
    seen: list[tuple[Command, list[str]]] = []
    kernel.commands.attach("light.hall", lambda command: seen.append((command, _types(kernel))))

    call = kernel.commands.call("light.turn_on", {"brightness": 9}, HALL, source="test")

    command, before = seen[0]
    assert (command.service, command.data) == ("light.turn_on", {"brightness": 9})
    assert before == ["command.sent"]
    assert call.done
    assert _types(kernel) == ["command.sent", "command.done"]


def test_what_a_command_causes_carries_it(kernel: Kernel) -> None:
    def turn_on(command: Command) -> None:
        kernel.states.set("light.hall", "on", {}, source="lamp")

    kernel.commands.attach("light.hall", turn_on)
    kernel.commands.call("light.turn_on", {}, HALL, source="test", actor="person:ann")

    events = {event.type: event for event in kernel.log.scan(after=1)}
    assert events["command.sent"].actor == "person:ann"
    assert events["state.changed"].cause == events["command.sent"].offset
    assert events["command.done"].cause == events["command.sent"].offset


@pytest.mark.parametrize(
    ("service", "data", "target", "error", "message"),
    [
        ("light.turn_onn", {}, HALL, UnknownService, "Did you mean 'light.turn_on'"),
        ("light.turn_on", {"brightnes": 1}, HALL, InvalidCommand, "Did you mean 'brightness'"),
        ("light.turn_on", {"brightness": 300}, HALL, InvalidCommand, "brightness: value must be"),
        ("light.turn_on", {}, None, InvalidCommand, "needs a target"),
        ("light.turn_on", {}, Target(entity_id=["light.hal"]), UnknownEntity, "light.hall"),
        ("light.turn_on", {}, Target(entity_id=["sensor.x"]), UnknownEntity, "no such entity"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    kernel: Kernel,
    service: str,
    data: dict[str, Any],
    target: Target | None,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        kernel.commands.call(service, data, target, source="test")

    assert _types(kernel) == []


def test_a_chain_through_too_many_runs_is_stopped_and_told(kernel: Kernel) -> None:
    cause = Cause(offset=Offset(1), root=Offset(1), hops=17)

    with pytest.raises(HopLimitReached):
        kernel.commands.call("light.turn_on", {}, HALL, source="test", cause=cause)

    assert _types(kernel) == ["command.refused"]


def test_a_device_that_says_no_makes_it_failed(kernel: Kernel) -> None:
    def refuse(command: Command) -> None:
        raise CommandFailed("the lamp is broken")

    kernel.commands.attach("light.hall", refuse)

    call = kernel.commands.call("light.turn_on", {}, HALL, source="test")

    assert call.outcomes["light.hall"] == Outcome(
        status=Status.FAILED, message="the lamp is broken"
    )
    with pytest.raises(CommandFailed, match="the lamp is broken"):
        call.raise_for_failure()


def test_a_handler_that_raises_harms_only_its_command(kernel: Kernel) -> None:
    def bug(command: Command) -> None:
        raise KeyError("oops")

    kernel.commands.attach("light.hall", bug)

    call = kernel.commands.call("light.turn_on", {}, HALL, source="test")

    assert call.outcomes["light.hall"].status is Status.FAILED


def test_an_entity_without_a_running_plugin_fails_with_a_reason(kernel: Kernel) -> None:
    call = kernel.commands.call("light.turn_on", {}, HALL, source="test")

    assert "no running plugin" in str(call.outcomes["light.hall"].message)


async def test_an_answer_that_does_not_come_is_uncertain(
    kernel: Kernel, clock: VirtualClock
) -> None:
    async def silent(command: Command) -> None:
        await asyncio.Event().wait()

    kernel.commands.attach("light.hall", silent)
    call = kernel.commands.call("light.turn_on", {}, HALL, source="test", expires_s=5)

    await clock.pass_time(5)

    assert call.outcomes["light.hall"].status is Status.UNCERTAIN
    assert _types(kernel) == ["command.sent", "command.uncertain"]


async def test_commands_for_one_entity_go_one_after_another(
    kernel: Kernel, clock: VirtualClock
) -> None:
    done: list[int] = []

    async def slow(command: Command) -> None:
        await clock.sleep(1 if command.data["brightness"] == 2 else 3)
        done.append(command.data["brightness"])

    kernel.commands.attach("light.hall", slow)
    for brightness in (1, 2):
        kernel.commands.call("light.turn_on", {"brightness": brightness}, HALL, source="test")

    await clock.pass_time(10)

    assert done == [1, 2]


async def test_a_command_whose_turn_comes_too_late_is_not_sent(
    kernel: Kernel, clock: VirtualClock
) -> None:
    sent: list[int] = []

    async def stuck(command: Command) -> None:
        sent.append(command.data["brightness"])
        await asyncio.Event().wait()

    kernel.commands.attach("light.hall", stuck)
    first = kernel.commands.call("light.turn_on", {"brightness": 1}, HALL, source="t", expires_s=9)
    second = kernel.commands.call("light.turn_on", {"brightness": 2}, HALL, source="t", expires_s=5)

    await clock.pass_time(9)

    assert sent == [1]
    assert first.outcomes["light.hall"].status is Status.UNCERTAIN
    assert second.outcomes["light.hall"].status is Status.FAILED


async def test_stopping_ends_what_is_under_way_as_uncertain(kernel: Kernel) -> None:
    async def silent(command: Command) -> None:
        await asyncio.Event().wait()

    kernel.commands.attach("light.hall", silent)
    call = kernel.commands.call("light.turn_on", {}, HALL, source="test")
    await asyncio.sleep(0)

    await kernel.commands.stop()

    assert call.outcomes["light.hall"].status is Status.UNCERTAIN


def test_secrets_are_not_logged(kernel: Kernel) -> None:
    got: list[str] = []
    kernel.commands.register(
        Service(
            domain="lock", name="unlock", schema=vol.Schema({"code": str}), secret_fields=("code",)
        )
    )
    kernel.states.set("lock.door", "locked", {}, source="test")
    kernel.commands.attach("lock.door", lambda command: got.append(command.data["code"]))

    kernel.commands.call(
        "lock.unlock", {"code": "4711"}, Target(entity_id=["lock.door"]), source="test"
    )

    assert got == ["4711"]
    assert "4711" not in repr(list(kernel.log.scan()))


def test_a_target_of_areas_devices_and_labels_is_resolved(kernel: Kernel) -> None:
    area = kernel.registry.ensure_area("Hall")
    for name in ("one", "two"):
        kernel.registry.add_entity(
            source="test", unique_id=name, domain="light", name=name, area_id=area.id
        )
        kernel.states.set(f"light.{name}", "off", {}, source="test")
    kernel.registry.add_entity(
        source="test", unique_id="s", domain="sensor", name="s", area_id=area.id
    )

    call = kernel.commands.call("light.turn_on", {}, Target(area_id=["hall"]), source="test")

    assert list(call.outcomes) == ["light.one", "light.two"]
