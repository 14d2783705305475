"""The automation engine as a part of the hub: loads, starts, serves and stops automations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from casita.errors import CommandFailed, ConfigError, Problem
from casita.events import State
from casita.plugin import Component
from casita.reloads import Difference, ReloadReport
from casita.tasks import Tasks
from casita_automations import speaking
from casita_automations.asking.answering import Answers
from casita_automations.automation import Automation
from casita_automations.building import Builder
from casita_automations.keeping import HOLDS, KeptHolds, forget, sort_out
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts
from casita_automations.reloading import Plan, broken_tests, leave, other_changes
from casita_automations.resuming import Keeper
from casita_automations.running import Machine
from casita_automations.serving import Services
from casita_automations.sharing import Sharing
from casita_automations.shown import Shown
from casita_automations.triggers.source import Holds
from casita_config import Configuration, load_config

_logger = logging.getLogger(__name__)


class Automations(Component):
    """All automations and scripts of a house."""

    async def start(self) -> None:
        """Read the configuration, arm the triggers, go on with what waited."""
        kernel = self.home.kernel
        self._tasks = Tasks(SOURCE, self._handler_failed)
        self._parts = Parts.of(kernel, self._tasks)
        self.owners: dict[str, Owner] = {}
        """Automations and scripts by entity id."""
        self._shown = Shown(self._parts, self.owners)
        self._parts.freshen = self._shown.freshen
        self._keeper = Keeper(self._parts, self.owners)
        machine = self._keeper.machine = Machine(self._parts, self._keeper.store)
        self._kept_holds: dict[str, Any] = dict(kernel.log.items(HOLDS))
        self._reloading = asyncio.Lock()
        self._leaving: list[Owner] = []
        """Those that a reload has replaced, and whose last runs are to finish."""
        self._builder = Builder(
            self._parts, machine, changed=self._shown.changed, store=self._keeper.store,
            holds=self._holds_of,
        )  # fmt: skip
        self._services = Services(self._parts, self.owners, self._shown)
        self._services.register(self.reload)
        kernel.commands.register(speaking.service(self._parts))
        self._take_in(kernel.config)
        self._drop_unclaimed_holds()
        self._keeper.restore()
        group = kernel.group
        if group is not None:
            sharing = Sharing(group, self.owners, self._keeper)
            sharing.recall()
            group.join(sharing)
        self._answers = Answers(
            self._parts, self.owners, holds=self._kept_holds, store=self._keeper.store
        )
        self._answers.start()
        kernel.asking.answered_by(self._answers)

    async def stop(self) -> None:
        """React no more; what waits is kept for the next start."""
        if self.home.kernel.group is not None:
            self.home.kernel.group.part()
        self.home.kernel.asking.answered_by(None)
        self._answers.stop()
        self._keeper.closed = True
        self._shown.close()
        await self._tasks.stop()
        for owner in (*self.owners.values(), *self._leaving):
            owner.suspend()
        self._services.unregister()
        self.home.kernel.commands.unregister(speaking.PROCESS)
        self._parts.close()

    async def reload(self, *, force: bool = False, dry_run: bool = False) -> ReloadReport:
        """Put the configuration folder as it is now in force: all of it, or nothing.

        What has not changed goes on undisturbed. A fault in it, or a test of it that does not
        pass, keeps all as it was, unless it is forced: then what is broken is left out.
        Raises `CommandFailed` if there is no folder, or its main file is wrong.
        """
        folder = self.home.kernel.config.folder
        if folder is None:
            raise CommandFailed("this hub has no configuration folder to read anew")
        async with self._reloading:
            try:
                config = await asyncio.to_thread(load_config, folder)
            except ConfigError as err:
                raise CommandFailed(str(err)) from err
            broken = await broken_tests(config, folder)
            return self._switch(config, broken, force=force, dry_run=dry_run)

    def _switch(
        self, config: Configuration, broken: Sequence[str], *, force: bool, dry_run: bool
    ) -> ReloadReport:
        """Put a configuration in force, if nothing speaks against it."""
        self._parts.templates.forget(config.macros)
        built = self._builder.build(config, config.folder)
        plan = Plan.of(self.owners, built)
        faults = [*config.problems, *self._builder.faults]
        if not dry_run and (force or not (faults or broken)):
            unarmed = self._arm(plan.coming)
            faults += unarmed
            active = force or not unarmed
        else:
            active = False
        report = ReloadReport(
            active=active, dry_run=dry_run, changes=plan.changes(self._config, config),
            unchanged=len(plan.kept), problems=[str(one) for one in faults],
            broken_tests=broken, after_restart=other_changes(self.home.kernel.config, config),
        )  # fmt: skip
        if active:
            self._put_in_force(config, plan, built)
        else:
            for owner in plan.coming:
                owner.suspend()
            self._parts.templates.forget(self._config.macros)
        if not dry_run:
            self._tell([*config.problems, *self._builder.problems])
            self._tell_reload(report)
        return report

    def _put_in_force(self, config: Configuration, plan: Plan, built: Mapping[str, Owner]) -> None:
        self._config = config
        for owner in plan.leaving:
            del self.owners[owner.entity_id]
            self._services.detach(owner)
        self.owners.update((owner.entity_id, owner) for owner in plan.coming)
        for key in plan.kept:
            self.owners[key].declared = built[key].declared
        self._forget_gone()
        for owner in plan.coming:
            self._services.attach(owner)
            self._shown.write(owner)
        self._leaving = [owner for owner in self._leaving if owner.current]
        for owner in plan.leaving:
            now = self.owners.get(owner.entity_id)
            if leave(owner, now, self._keeper.machine):
                self._leaving.append(owner)

    def _arm(self, owners: Sequence[Owner]) -> list[Problem]:
        """Arm new automations beside the old; return why some could not be."""
        problems = []
        for owner in owners:
            known = self.home.kernel.states.get(owner.entity_id)
            owner.recall(known)
            if isinstance(owner, Automation) and _is_to_be_on(owner, known):
                problems += self._turn_on(owner)
        return problems

    def _take_in(self, config: Configuration) -> None:
        """Take up what the configuration declares, when the hub starts."""
        self._config = config
        self.owners.update(self._builder.build(config, config.folder))
        self._tell(self._builder.problems)
        self._forget_gone()
        for owner in self.owners.values():
            known = self.home.kernel.states.get(owner.entity_id)
            owner.recall(known)
            self._services.attach(owner)
            if isinstance(owner, Automation) and _is_to_be_on(owner, known):
                self._tell(self._turn_on(owner))
            self._shown.write(owner)

    @staticmethod
    def _turn_on(automation: Automation) -> list[Problem]:
        """Arm an automation; return why it could not be, if so."""
        try:
            automation.turn_on()
        except Exception as err:
            _logger.error("%s: its triggers could not be armed", automation.entity_id, exc_info=err)
            message = f"its triggers could not be armed: {err}"
            return [Problem(message=message, key=automation.entity_id)]
        return []

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
        mine = [key for key in self._kept_holds if key.startswith(f"{prefix} ")]
        kept = {key: self._kept_holds.pop(key) for key in mine}
        kernel = self.home.kernel
        good = kept and sort_out(kernel, automation.entity_id, automation.identity, kept)
        return KeptHolds(
            kernel.log, prefix, {key.removeprefix(f"{prefix} "): good[key] for key in good},
            closed=lambda: self._keeper.closed, program=lambda: automation.identity,
        )  # fmt: skip

    def _drop_unclaimed_holds(self) -> None:
        for key, document in self._kept_holds.items():
            entity_id = key.partition("/")[0]
            why = "it was changed or removed meanwhile"
            forget(self.home.kernel, entity_id, key, document, why)
        self._kept_holds.clear()

    @staticmethod
    def _handler_failed(name: str, err: Exception) -> None:
        _logger.error("%s failed: %r", name, err, exc_info=err)

    def _tell_reload(self, report: ReloadReport) -> None:
        data = {
            one.value: [each.entity_id for each in report.changes if each.difference is one]
            for one in Difference
        }
        if report.active:
            self.home.kernel.bus.emit("config.reloaded", "config", data, source=SOURCE)
        else:
            against = {"problems": list(report.problems), "tests": list(report.broken_tests)}
            message = next(iter([*report.problems, *report.broken_tests]), "")
            self.home.kernel.bus.emit(
                "config.refused", "config", {**data, **against, "message": message}, source=SOURCE
            )

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


def _is_to_be_on(automation: Automation, known: State | None) -> bool:
    """Say whether an automation reacts from the start: as it is written, else as it was."""
    if automation.on_at_start is not None:
        return automation.on_at_start
    return known is None or known.state != "off"
