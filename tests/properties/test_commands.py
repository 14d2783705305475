"""A command is never repeated if repeating harms, never sent too late, and its end is known.

In full: 2,000 runs of 50 steps; ``poe proofs`` takes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import voluptuous as vol
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from casita.clock import VirtualClock
from casita.errors import AnswerLost, CommandFailed, NotSent
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.model import Target
from casita.services import Command, Kind, Service
from casita_config import Configuration
from proofs import share

DEVICE: Final = "switch.device"
EXPIRES_S: Final = 10.0
ENDS: Final = ("command.done", "command.failed", "command.uncertain")


class House(RuleBasedStateMachine):
    """A device that may answer late, twice, wrongly or never, and a hub that may crash."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
        self.log = MemoryLog(clock=self.clock)
        self.plan: list[str] = []
        self.arrived: list[tuple[int, str, float, float]] = []
        """Each arrival: the command's offset, its kind, when it was given and when it arrived."""
        self.calls: dict[int, float] = {}
        self._assemble()

    def teardown(self) -> None:
        try:
            self.crash()
            self.run(self.clock.pass_time(EXPIRES_S + 1))
            self.every_command_has_one_end_at_most()
            self.all_have_ended()
        finally:
            self.run(self.kernel.commands.stop())
            self.runner.close()

    # What may happen

    @rule(
        kind=st.sampled_from(["set", "pulse"]),
        answers=st.lists(
            st.sampled_from(["yes", "no", "lost", "away", "late", "never", "broken"]), max_size=4
        ),
    )
    def call(self, kind: str, answers: list[str]) -> None:
        self.plan = answers

        async def send() -> None:
            self.kernel.commands.call(
                f"switch.{kind}", {}, Target(entity_id=[DEVICE]), source="test",
                expires_s=EXPIRES_S,
            )  # fmt: skip

        self.run(send())

    @rule(seconds=st.sampled_from([0, 0.4, 1, 4, 11]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.clock.pass_time(seconds))

    @rule(state=st.sampled_from(["on", "off"]))
    def the_device_reports(self, state: str) -> None:
        self.kernel.states.set(DEVICE, state, {}, source="device")

    @rule(down=st.sampled_from([0, 1, 30]))
    def the_hub_crashes(self, down: float) -> None:
        self.crash()
        self.clock.lapse(down)

    @rule()
    def a_minute_is_over(self) -> None:
        self.kernel.commands.save()
        self.kernel.states.save()

    # What must hold

    @invariant()
    def a_pulse_arrives_once_at_most(self) -> None:
        pulses = [offset for offset, kind, _, _ in self.arrived if kind == "pulse"]
        assert len(pulses) == len(set(pulses))

    @invariant()
    def nothing_arrives_too_late(self) -> None:
        assert all(at - given <= EXPIRES_S for _, _, given, at in self.arrived)

    @invariant()
    def nothing_arrives_that_is_not_written_down(self) -> None:
        sent = {one.offset for one in self.log.scan() if one.type == "command.sent"}
        assert {offset for offset, _, _, _ in self.arrived} <= sent

    @invariant()
    def every_command_has_one_end_at_most(self) -> None:
        ends = [one.cause for one in self.log.scan() if one.type in ENDS]
        assert len(ends) == len(set(ends))

    def all_have_ended(self) -> None:
        sent = {one.offset for one in self.log.scan() if one.type == "command.sent"}
        assert sent == {one.cause for one in self.log.scan() if one.type in ENDS}

    # How it is done

    def crash(self) -> None:
        old, self.log = self.kernel, self.log.copy()
        self.run(old.commands.stop())
        self._assemble()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.runner.run(coroutine)

    def _assemble(self) -> None:
        self.kernel = Kernel.assemble(Configuration.from_mapping({}), self.clock, self.log)
        for kind in Kind:
            self.kernel.commands.register(
                Service(domain="switch", name=kind.value, schema=vol.Schema({}), kind=kind)
            )
        self.kernel.restore()
        if DEVICE not in self.kernel.states:
            self.kernel.states.set(DEVICE, "off", {}, source="device")
        self.kernel.commands.attach(DEVICE, self._take)

    async def _take(self, command: Command) -> None:
        answer = self.plan.pop(0) if self.plan else "yes"
        if answer == "away":
            raise NotSent("the device cannot be reached")
        kind = str(command.event.data["kind"])
        given = command.event.time.timestamp()
        self.arrived.append((command.event.offset, kind, given, self.clock.now().timestamp()))
        if answer == "late":
            await self.clock.sleep(3)
        elif answer == "never":
            await asyncio.Event().wait()
        elif answer == "lost":
            raise AnswerLost("the connection broke")
        elif answer == "broken":
            raise ConnectionResetError
        elif answer == "no":
            raise CommandFailed("the device says no")


_SETTINGS: Final = settings(
    max_examples=share(2000),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_UNSHRUNK: Final = settings(_SETTINGS, phases=[Phase.generate])


def test_commands_keep_their_promise() -> None:
    run_state_machine_as_test(House, settings=_SETTINGS)


def test_control_a_gateway_that_repeats_pulses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "casita.delivery.may_be_repeated", lambda outcome, _kind: outcome.status != "done"
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(House, settings=_UNSHRUNK)


def test_control_a_hub_that_forgets_what_was_under_way_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("casita.commands.Commands.restore", lambda _self: None)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(House, settings=_UNSHRUNK)
