"""A command is sent again only where that does no harm, and ends only when its state says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import voluptuous as vol

from casita.clock import VirtualClock
from casita.errors import AnswerLost, CommandFailed, InvalidCommand, NotSent
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Call, Command, Kind, Service, Status
from casita_config import Configuration

GATE = Target(entity_id=["switch.gate"])


@pytest.fixture
def kernel(kernel: Kernel) -> Kernel:
    for name, kind in (("turn_on", Kind.SET), ("press", Kind.PULSE), ("lock", Kind.PULSE)):
        kernel.commands.register(
            Service(domain="switch", name=name, schema=vol.Schema({}), kind=kind)
        )
    kernel.states.set("switch.gate", "off", {}, source="test")
    return kernel


class Gate:
    """A device that answers each attempt as it is told to; then with yes."""

    def __init__(self, kernel: Kernel, *answers: Exception | None) -> None:
        self.tries = 0
        self._answers = list(answers)
        kernel.commands.attach("switch.gate", self._take)

    async def _take(self, command: Command) -> None:
        self.tries += 1
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer


def _call(kernel: Kernel, service: str, **options: Any) -> Call:
    return kernel.commands.call(f"switch.{service}", {}, GATE, source="test", **options)


def _ends(kernel: Kernel) -> list[str]:
    return [one.type for one in kernel.log.scan() if one.type.startswith("command.")]


@pytest.mark.parametrize(
    ("service", "answers", "tries", "status"),
    [
        ("turn_on", [AnswerLost("lost"), TimeoutError()], 3, Status.DONE),
        ("turn_on", [NotSent("away")], 2, Status.DONE),
        ("turn_on", [ConnectionResetError()], 2, Status.DONE),
        ("turn_on", [CommandFailed("no")], 1, Status.FAILED),
        ("turn_on", [AnswerLost("lost"), CommandFailed("no")], 2, Status.UNCERTAIN),
        ("turn_on", [AnswerLost("lost")] * 99, 5, Status.UNCERTAIN),
        ("turn_on", [NotSent("away")] * 99, 5, Status.FAILED),
        ("press", [AnswerLost("lost")], 1, Status.UNCERTAIN),
        ("press", [TimeoutError()], 1, Status.UNCERTAIN),
        ("press", [NotSent("away")], 2, Status.DONE),
        ("press", [NotSent("away"), AnswerLost("lost")], 2, Status.UNCERTAIN),
        ("press", [CommandFailed("no")], 1, Status.FAILED),
    ],
)
async def test_what_may_be_repeated_is_sent_again_within_its_time(
    kernel: Kernel,
    clock: VirtualClock,
    service: str,
    answers: list[Exception],
    tries: int,
    status: Status,
) -> None:
    gate = Gate(kernel, *answers)
    call = _call(kernel, service)

    await clock.pass_time(10)

    assert call.outcomes["switch.gate"].status is status
    assert gate.tries == tries
    assert _ends(kernel) == ["command.sent", f"command.{status}"]


async def test_the_state_may_have_to_say_so(kernel: Kernel, clock: VirtualClock) -> None:
    Gate(kernel)
    call = _call(kernel, "turn_on", until_confirmed=True)
    await clock.pass_time(3)
    before = call.done

    kernel.states.set("switch.gate", "on", {}, source="gate")
    await clock.pass_time(0)

    assert (before, call.outcomes["switch.gate"].status) == (False, Status.DONE)


async def test_a_yes_that_no_state_confirms_is_uncertain(
    kernel: Kernel, clock: VirtualClock
) -> None:
    gate = Gate(kernel)
    call = _call(kernel, "turn_on", until_confirmed=True, expires_s=4)

    await clock.pass_time(4)

    assert call.outcomes["switch.gate"].status is Status.UNCERTAIN
    assert "its state did not" in str(call.outcomes["switch.gate"].message)
    assert gate.tries == 1


async def test_a_state_stands_in_for_an_answer_that_was_lost(
    kernel: Kernel, clock: VirtualClock
) -> None:
    gate = Gate(kernel, AnswerLost("lost"))
    call = _call(kernel, "lock", until_confirmed=True)
    await clock.pass_time(3)

    kernel.states.set("switch.gate", "locked", {}, source="gate")
    await clock.pass_time(0)

    assert call.outcomes["switch.gate"].status is Status.DONE
    assert gate.tries == 1


def test_what_no_state_can_confirm_is_refused(kernel: Kernel) -> None:
    with pytest.raises(InvalidCommand, match="no state says when it is done"):
        _call(kernel, "press", until_confirmed=True)


async def test_what_was_under_way_at_a_crash_ends_uncertain_at_the_start(kernel: Kernel) -> None:
    async def silent(command: Command) -> None:
        await asyncio.Event().wait()

    kernel.commands.attach("switch.gate", silent)
    _call(kernel, "turn_on")
    await asyncio.sleep(0)
    kernel.commands.save()
    again = Kernel.assemble(Configuration.from_mapping({}), kernel.clock, kernel.log)

    again.restore()
    again.restore()

    assert _ends(again) == ["command.sent", "command.uncertain"]
    await kernel.commands.stop()
