"""Makes automations and scripts of a configuration, each for itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from casita.errors import ConfigError, Problem
from casita_automations import loading
from casita_automations.automation import Automation
from casita_automations.blueprints import Blueprints
from casita_automations.items import (
    AutomationItem,
    PythonItem,
    automation_item,
    is_shadow,
    python_item,
    script_item,
)
from casita_automations.owner import Owner
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.python_automation import PythonAutomation
from casita_automations.running import Machine, Run
from casita_automations.script import Script
from casita_automations.triggers.source import Holds
from casita_config import Configuration, plain

HoldsOf = Callable[[Automation, int], Holds]


class Builder:
    """Builds what a configuration declares; a fault is taken down and spoils one item."""

    def __init__(
        self,
        parts: Parts,
        machine: Machine,
        *,
        changed: Callable[[Owner], None],
        store: Callable[[Run], None],
        holds: HoldsOf,
    ) -> None:
        self._parts = parts
        self._machine = machine
        self._changed = changed
        self._store = store
        self._holds = holds
        self._built: dict[str, Owner] = {}
        self._blueprints = Blueprints(None)
        self.problems: list[Problem] = []
        self.faults: list[Problem] = []
        """Those of the problems that keep an item from working."""

    def build(self, config: Configuration, folder: Path | None) -> dict[str, Owner]:
        """Return all automations and scripts by entity id; what was wrong is in ``problems``."""
        self._built = {}
        self._blueprints = Blueprints(folder)
        self.problems = []
        self._parts.notes.clear()
        for number, declared in enumerate(loading.automations(config)):
            self._try(partial(self._automation, declared, number))
        for declared in loading.scripts(config):
            self._try(partial(self._script, declared))
        self.faults = list(self.problems)
        self.problems += self._parts.notes + self._blueprints.notes
        return self._built

    def _try(self, make: Callable[[], Owner]) -> None:
        try:
            owner = make()
        except ConfigError as err:
            self.problems += err.problems
        else:
            self._built[owner.entity_id] = owner

    def _automation(self, declared: loading.Declared, number: int) -> Automation:
        node, at = self._expanded(declared, "automation")
        name = declared.name
        automation: Automation
        if isinstance(node, Mapping) and "use" in node:
            automation = self._python(python_item(node, at, name, number, self._parts))
        else:
            item = automation_item(node, at, name, number, self._parts, self._machine)
            automation = self._declared(item)
        automation.fingerprint = _fingerprint(node)
        automation.declared = (node, at)
        automation.shadow = is_shadow(node, at)
        return automation

    def _declared(self, item: AutomationItem) -> Automation:
        return Automation(
            self._machine,
            self._free_id(item.wish),
            item.program,
            item.limits,
            item_id=item.item_id,
            name=item.name,
            triggers=item.triggers,
            trigger_variables=item.trigger_variables,
            variables=item.variables,
            condition=item.condition,
            holds=self._holds,
            changed=self._changed,
            on_at_start=item.initial_state,
        )

    def _python(self, item: PythonItem) -> PythonAutomation:
        return PythonAutomation(
            self._machine,
            self._free_id(item.wish),
            item.kind,
            item.given,
            item_id=item.item_id,
            name=item.name,
            triggers=item.triggers,
            store=self._store,
            holds=self._holds,
            changed=self._changed,
            on_at_start=item.initial_state,
        )

    def _script(self, declared: loading.Declared) -> Script:
        node, at = self._expanded(declared, "script")
        item = script_item(declared.name or "", node, at, self._parts, self._machine)
        script = Script(self._machine, item, changed=self._changed)
        script.fingerprint = _fingerprint(node)
        script.declared = (node, at)
        return script

    def _expanded(self, declared: loading.Declared, domain: str) -> tuple[Any, At]:
        """Return an item with its blueprint filled in, and where its parts then stand."""
        node = self._blueprints.expand(declared.node, declared.at, domain)
        return node, declared.at if node is declared.node else At(node, str(declared.at))

    def _free_id(self, wish: str) -> str:
        entity_id, number = f"automation.{wish}", 2
        while entity_id in self._built:
            entity_id = f"automation.{wish}_{number}"
            number += 1
        return entity_id


def _fingerprint(node: Any) -> str:
    """Return what is the same for an item that was not changed."""
    return json.dumps(plain(node), default=str, sort_keys=True)
