"""Actions that wait: for time, for a template, for a trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita.events import Cause, Event, StateChanged
from casita.missed import AFTER_A_WAIT, Missed, of_a_wait
from casita_automations.actions.builder import Builder
from casita_automations.actions.due import HoldsOfWait, await_due
from casita_automations.parsing import At, duration_or_template, template_value
from casita_automations.program import WAIT
from casita_automations.running import AbortRun, Run, Strand
from casita_automations.templates import Template, TemplateError, as_boolean
from casita_automations.triggers import Arming, CompiledTrigger, compile_triggers
from casita_automations.triggers.tracking import Tracking
from casita_automations.values import Period
from casita_config.schemas import boolean, string

_LIMITS: Final[Mapping[Any, Any]] = {
    vol.Optional("timeout"): duration_or_template,
    vol.Optional("continue_on_timeout", default=True): boolean,
    vol.Optional("missed", default=AFTER_A_WAIT): of_a_wait,
}
_TEMPLATE: Final = vol.Schema({vol.Required("wait_template"): string, **_LIMITS})
_TRIGGER: Final = vol.Schema({vol.Required("wait_for_trigger"): object, **_LIMITS})
_DELAY: Final = vol.Schema(
    {
        vol.Required("delay"): duration_or_template,
        vol.Optional("missed", default=AFTER_A_WAIT): of_a_wait,
    }
)


def delay(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``delay``: go on after some time."""
    checked = at.check(_DELAY, config)
    period = _period(builder, checked["delay"], at.below("delay"))
    missed: Missed = checked["missed"]
    machine, here = builder.machine, builder.program.here

    def step(run: Run, strand: Strand) -> int:
        length = period.of(run.view(strand))
        run.note(path, length.total_seconds())
        if length <= timedelta():
            return here + 1
        machine.hold(run, strand, "delay", here, length, {"length": length})
        rearm(run, strand)
        return WAIT

    def rearm(run: Run, strand: Strand) -> None:
        await_due(machine, run, strand, missed, lambda: machine.resume(run, strand, here + 1))

    builder.program.add(step, rearm)


def wait_template(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``wait_template``: go on once a template is true."""
    checked = at.check(_TEMPLATE, config)
    try:
        template = builder.parts.templates.template(checked["wait_template"])
    except TemplateError as err:
        at.below("wait_template").refuse(str(err))
    _Waiting(builder, checked, at, path, "template").for_template(template)


def wait_for_trigger(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``wait_for_trigger``: go on once one of several triggers fires."""
    checked = at.check(_TRIGGER, config)
    triggers = compile_triggers(
        checked["wait_for_trigger"], at.below("wait_for_trigger"), builder.parts
    )
    _Waiting(builder, checked, at, path, "trigger").for_triggers(triggers)


class _Waiting:
    """A wait with an optional time limit, while it is compiled."""

    def __init__(
        self, builder: Builder, config: dict[str, Any], at: At, path: str, kind: str
    ) -> None:
        self._builder = builder
        self._machine = builder.machine
        self._parts = builder.parts
        self._path = path
        self._kind = kind
        self._here = builder.program.here
        self._goes_on: bool = config["continue_on_timeout"]
        self._missed: Missed = config["missed"]
        limit = config.get("timeout")
        self._limit = None if limit is None else _period(builder, limit, at.below("timeout"))

    def for_template(self, template: Template) -> None:
        """Wait for a template to be true; one that is already is no wait."""

        def step(run: Run, strand: Strand) -> int:
            view = run.view(strand)
            limit = self._limit_of(run, strand)
            self._tell(run, strand, completed=False, remaining_s=_seconds(limit))
            if template.render_text(view).lower() == "true":
                self._tell(run, strand, completed=True, remaining_s=_seconds(limit))
                return self._here + 1
            return self._begin(run, strand, limit, rearm)

        def rearm(run: Run, strand: Strand) -> None:
            self._track(template, run, strand)

        self._builder.program.add(step, rearm)

    def for_triggers(self, triggers: list[CompiledTrigger]) -> None:
        """Wait for a trigger to fire."""

        def step(run: Run, strand: Strand) -> int:
            limit = self._limit_of(run, strand)
            told = _seconds(limit)
            self._tell(run, strand, completed=False, remaining_s=told, trigger=None)
            if not any(one.enabled for one in triggers):
                return self._here + 1
            return self._begin(run, strand, limit, rearm)

        def rearm(run: Run, strand: Strand) -> None:
            self._arm(triggers, run, strand)

        self._builder.program.add(step, rearm)

    def _limit_of(self, run: Run, strand: Strand) -> timedelta | None:
        return None if self._limit is None else self._limit.of(run.view(strand))

    def _begin(
        self,
        run: Run,
        strand: Strand,
        limit: timedelta | None,
        rearm: Callable[[Run, Strand], None],
    ) -> int:
        if limit is not None and limit <= timedelta():
            return self._ran_out(run, strand)
        run.note(self._path, "waits")
        self._machine.hold(run, strand, self._kind, self._here, limit, {"length": limit})
        rearm(run, strand)
        return WAIT

    def _track(self, template: Template, run: Run, strand: Strand) -> None:
        wait = strand.wait
        ready = wait is None or wait.began is None

        def rendered(result: Any, _change: StateChanged | None) -> None:
            """Take a result; what is as good as true from the first has to be false before."""
            nonlocal ready
            holds = not isinstance(result, TemplateError) and as_boolean(result)
            if holds and ready:
                self._came(run, strand)
            ready = not holds

        self._await_limit(run, strand)
        tracking = Tracking(self._parts, template, run.view(strand), rendered)
        if strand.wait is not None:
            strand.wait.cancels.append(tracking.cancel)
            tracking.start()

    def _arm(self, triggers: list[CompiledTrigger], run: Run, strand: Strand) -> None:
        self._await_limit(run, strand)
        wait = strand.wait
        view, begun = run.view(strand), self._parts.kernel.log.head
        if wait is None or wait.began is None:
            begun = 0

        def fire(told: dict[str, Any], cause: Event | Cause | None) -> None:
            """Take what has come; what came about before the wait is only dispatched late."""
            if cause is None or cause.offset > begun:
                self._came(run, strand, trigger=told)

        for index, trigger in enumerate(triggers):
            if not trigger.enabled or wait is None:
                continue

            holds = HoldsOfWait(self._machine, run, strand, wait, index)
            arming = Arming(fire=fire, base=trigger.base, variables=view, holds=holds)
            cancel = trigger.source.arm(arming)
            if strand.wait is wait:
                wait.cancels.append(cancel)
            else:
                cancel()

    def _await_limit(self, run: Run, strand: Strand) -> None:
        if strand.wait is not None and strand.wait.due is not None:
            await_due(self._machine, run, strand, self._missed, lambda: self._due(run, strand))

    def _came(self, run: Run, strand: Strand, **facts: Any) -> None:
        wait = strand.wait
        if wait is None or wait.pc != self._here:
            return
        remaining_s = None
        if wait.due is not None:
            remaining_s = (wait.due - self._parts.kernel.clock.now()).total_seconds()
        self._tell(run, strand, completed=True, remaining_s=remaining_s, **facts)
        run.note(self._path, "came")
        self._machine.resume(run, strand, self._here + 1)

    def _due(self, run: Run, strand: Strand) -> None:
        try:
            following = self._ran_out(run, strand)
        except AbortRun as err:
            self._machine.fail(run, strand, self._here, err)
        else:
            self._machine.resume(run, strand, following)

    def _ran_out(self, run: Run, strand: Strand) -> int:
        facts = {"trigger": None} if self._kind == "trigger" else {}
        self._tell(run, strand, completed=False, remaining_s=0.0, **facts)
        run.note(self._path, "timeout")
        if not self._goes_on:
            raise AbortRun("the wait ran out")
        return self._here + 1

    @staticmethod
    def _tell(
        run: Run, strand: Strand, *, completed: bool, remaining_s: float | None, **facts: Any
    ) -> None:
        run.set_local(strand, "wait", {"completed": completed, "remaining": remaining_s, **facts})


def _period(builder: Builder, source: Any, at: At) -> Period:
    return Period(template_value(builder.parts.templates, source, at))


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
