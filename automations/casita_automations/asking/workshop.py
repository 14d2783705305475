"""A house beside the house: the same words and names, its own time, and nothing that acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from casita.clock import VirtualClock
from casita.commands import Commands
from casita.events import Cause, Event
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.services import Command, Outcome
from casita.states import States
from casita.vocabulary import Vocabulary
from casita_automations.automation import Automation
from casita_automations.items import automation_item, python_item, script_item
from casita_automations.owner import SOURCE, Owner
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.python_automation import PythonAutomation
from casita_automations.running import Machine, Run
from casita_automations.script import Script
from casita_automations.serving import Services
from casita_automations.shown import Shown
from casita_automations.templates import Value
from casita_automations.triggers.source import Holds, NoHolds

Triggered = Callable[[dict[str, Any], dict[str, Any] | None], None]
"""Given what a trigger tells, and the variables; None if these could not be rendered."""


class Workshop:
    """Automations can be built, armed and driven here; it needs no event loop.

    Services do nothing unless somebody attaches himself to an entity. The registry is that of
    the house itself, and is only read.
    """

    def __init__(self, like: Kernel, now: datetime) -> None:
        self.clock = VirtualClock(now)
        self.log = MemoryLog(clock=self.clock)
        made = Kernel.assemble(like.config, self.clock, self.log)
        vocabulary = Vocabulary()
        vocabulary.triggers.update(like.vocabulary.triggers)
        vocabulary.conditions.update(like.vocabulary.conditions)
        vocabulary.actions.update(like.vocabulary.actions)
        vocabulary.automations.update(like.vocabulary.automations)
        self.kernel = replace(
            made,
            registry=like.registry,
            commands=Commands(made.bus, self.clock, made.states, like.registry),
            vocabulary=vocabulary,
        )
        for service in like.commands.services():
            handler = None if service.handler is None else _nothing
            self.kernel.commands.register(msgspec.structs.replace(service, handler=handler))
        self.parts = Parts.of(self.kernel)
        self.machine = Machine(self.parts, lambda _run: None)
        self.owners: dict[str, Owner] = {}
        self._shown = Shown(self.parts, self.owners)
        self._services = Services(self.parts, self.owners, self._shown)

    @property
    def states(self) -> States:
        """The states of this house alone."""
        return self.kernel.states

    def automation(
        self,
        node: object,
        at: At,
        entity_id: str,
        *,
        holds: Callable[[Automation, int], Holds] = lambda _automation, _index: NoHolds(),
        triggered: Triggered | None = None,
    ) -> Automation:
        """Build an automation. Raises `ConfigError`.

        ``triggered`` is called instead of running it.
        """
        if isinstance(node, dict) and "use" in node:
            return self._python(node, at, entity_id, holds, triggered)
        item = automation_item(node, at, None, 0, self.parts, self.machine)
        automation = _Observed(
            self.machine, entity_id, item.program, item.limits, item_id=item.item_id,
            name=item.name, triggers=item.triggers, trigger_variables=item.trigger_variables,
            variables=item.variables, condition=item.condition, holds=holds,
            changed=_ignored, on_at_start=None,
        )  # fmt: skip
        automation.triggered = triggered
        return self._take_in(automation)

    def script(self, name: str, node: object, at: At) -> Script:
        """Build a script, which can be called from then on. Raises `ConfigError`."""
        item = script_item(name, node, at, self.parts, self.machine)
        script = Script(self.machine, item, changed=_ignored)
        self.owners[script.entity_id] = script
        self.states.set(script.entity_id, "off", {}, source=SOURCE)
        self._services.attach(script)
        return script

    def _python(
        self,
        node: dict[object, object],
        at: At,
        entity_id: str,
        holds: Callable[[Automation, int], Holds],
        triggered: Triggered | None,
    ) -> Automation:
        item = python_item(node, at, None, 0, self.parts)
        automation = _Silent(
            self.machine, entity_id, item.kind, item.given, item_id=item.item_id, name=item.name,
            triggers=item.triggers, store=lambda _run: None, holds=holds,
            changed=_ignored, on_at_start=None,
        )  # fmt: skip
        automation.triggered = triggered
        return self._take_in(automation)

    def _take_in(self, automation: Automation) -> Automation:
        self.owners[automation.entity_id] = automation
        self.states.set(automation.entity_id, "on", {}, source=SOURCE)
        self._services.attach(automation)
        return automation


class _Observed(Automation):
    """An automation that somebody may watch instead of letting it run."""

    triggered: Triggered | None = None

    def trigger(
        self,
        told: dict[str, Any],
        cause: Event | Cause | None,
        *,
        skip_condition: bool = False,
        extra: Value | None = None,
        by_hand: Mapping[str, Any] | None = None,
    ) -> Run | None:
        """Tell who watches with which variables it was triggered, or run it."""
        if self.triggered is None:
            return super().trigger(
                told, cause, skip_condition=skip_condition, extra=extra, by_hand=by_hand
            )
        self.triggered(told, self.variables_of(told, extra, by_hand))
        return None


class _Silent(PythonAutomation, _Observed):
    """A Python automation whose handler is not run: it may do anything."""

    def launch(self, run: Run) -> None:
        """Leave the handler alone."""


def _ignored(_owner: Owner) -> None:
    return


def _nothing(_command: Command) -> Outcome | None:
    return None
