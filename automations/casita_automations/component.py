"""The automation engine as a part of the hub: loads, starts, serves and stops automations."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from casita.errors import ConfigError, Problem
from casita.plugin import Component
from casita.tasks import Tasks
from casita_automations import loading
from casita_automations.automation import Automation
from casita_automations.blueprints import Blueprints
from casita_automations.items import PythonItem, automation_item, python_item, script_item
from casita_automations.keeping import HOLDS, KeptHolds
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts
from casita_automations.python_automation import PythonAutomation
from casita_automations.resuming import Keeper
from casita_automations.running import Machine
from casita_automations.script import Script
from casita_automations.serving import Services
from casita_automations.shown import Shown
from casita_automations.triggers.source import Holds

_logger = logging.getLogger(__name__)


class Automations(Component):
    """All automations and scripts of a house."""

    async def start(self) -> None:
        """Read the configuration, arm the triggers, go on with what waited."""
        kernel = self.home.kernel
        self._parts = Parts.of(kernel)
        self.owners: dict[str, Owner] = {}
        """Automations and scripts by entity id."""
        self._shown = Shown(self._parts, self.owners)
        self._parts.freshen = self._shown.freshen
        self._keeper = Keeper(self._parts, self.owners)
        self._machine = Machine(self._parts, self._keeper.store)
        self._keeper.machine = self._machine
        self._holds: list[KeptHolds] = []
        self._blueprints = Blueprints(kernel.config.folder)
        self._tasks = Tasks(SOURCE, self._handler_failed)
        self._kept_holds: dict[str, Any] = dict(kernel.log.items(HOLDS))
        self._services = Services(self._parts, self.owners, self._shown)
        self._services.register()
        self._load()
        self._forget_gone()
        for owner in list(self.owners.values()):
            self._open(owner)
        self._drop_unclaimed_holds()
        self._keeper.restore()

    async def stop(self) -> None:
        """React no more; what waits is kept for the next start."""
        for holds in self._holds:
            holds.closed = True
        self._keeper.closed = True
        self._shown.close()
        await self._tasks.stop()
        for owner in self.owners.values():
            if isinstance(owner, Automation):
                owner.disarm()
            for run in owner.runs.values():
                for strand in run.strands.values():
                    if strand.wait is not None:
                        strand.wait.end()
        self._services.unregister()
        self._parts.close()

    # Loading

    def _load(self) -> None:
        config = self.home.kernel.config
        for number, declared in enumerate(loading.automations(config)):
            try:
                self._add(self._automation(declared, number))
            except ConfigError as err:
                self._tell(err.problems)
        for declared in loading.scripts(config):
            try:
                node = self._blueprints.expand(declared.node, declared.at, "script")
                script = script_item(
                    declared.name or "", node, declared.at, self._parts, self._machine
                )
            except ConfigError as err:
                self._tell(err.problems)
            else:
                self._add(Script(self._machine, script, changed=self._shown.changed))
        self._tell(self._parts.notes)

    def _automation(self, declared: loading.Declared, number: int) -> Automation:
        node, at, name = declared
        node = self._blueprints.expand(node, at, "automation")
        if isinstance(node, dict) and "use" in node:
            return self._python(python_item(node, at, name, number, self._parts))
        item = automation_item(node, at, name, number, self._parts, self._machine)
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
            holds=self._holds_of,
            changed=self._shown.changed,
            on_at_start=item.initial_state,
        )

    def _python(self, item: PythonItem) -> Automation:
        return PythonAutomation(
            self._machine,
            self._free_id(item.wish),
            item.kind,
            item.given,
            item_id=item.item_id,
            name=item.name,
            triggers=item.triggers,
            tasks=self._tasks,
            store=self._keeper.store,
            holds=self._holds_of,
            changed=self._shown.changed,
            on_at_start=item.initial_state,
        )

    def _add(self, owner: Owner) -> None:
        self.owners[owner.entity_id] = owner

    def _free_id(self, wish: str) -> str:
        entity_id, number = f"automation.{wish}", 2
        while entity_id in self.owners:
            entity_id = f"automation.{wish}_{number}"
            number += 1
        return entity_id

    def _open(self, owner: Owner) -> None:
        """Give an automation or a script its entity, and arm it unless it was turned off."""
        known = self.home.kernel.states.get(owner.entity_id)
        owner.recall(known)
        self._services.attach(owner)
        if isinstance(owner, Automation):
            was_on = known is None or known.state != "off"
            if was_on if owner.on_at_start is None else owner.on_at_start:
                self._turn_on(owner)
        self._shown.write(owner)

    def _turn_on(self, automation: Automation) -> None:
        try:
            automation.turn_on()
        except Exception as err:
            _logger.error("%s: its triggers could not be armed", automation.entity_id, exc_info=err)
            message = f"its triggers could not be armed: {err}"
            self._tell([Problem(message=message, key=automation.entity_id)])

    def _forget_gone(self) -> None:
        """Take away the entities of automations and scripts that are declared no more."""
        states = self.home.kernel.states
        for domain in ("automation", "script"):
            for state in states.of_domain(domain):
                if state.entity_id not in self.owners:
                    states.remove(state.entity_id, source=SOURCE)

    # Holds

    def _holds_of(self, automation: Automation, index: int) -> Holds:
        prefix = f"{automation.entity_id}/{index}"
        mine = {
            key.removeprefix(f"{prefix} "): self._kept_holds.pop(key)
            for key in [one for one in self._kept_holds if one.startswith(f"{prefix} ")]
        } if self._kept_holds else {}  # fmt: skip
        holds = KeptHolds(self.home.kernel.log, prefix, mine)
        self._holds.append(holds)
        return holds

    def _drop_unclaimed_holds(self) -> None:
        for key in self._kept_holds:
            self.home.kernel.log.remove(HOLDS, key)
        self._kept_holds.clear()

    @staticmethod
    def _handler_failed(name: str, err: Exception) -> None:
        _logger.error("%s failed: %r", name, err, exc_info=err)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            data = {
                "file": problem.file,
                "line": problem.line,
                "key": problem.key,
                "message": problem.message,
            }
            self.home.kernel.bus.emit(
                "config.problem", problem.file or "config", data, source=SOURCE
            )
