"""The automation engine as a part of the hub: loads, starts, serves and stops automations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from casita.errors import CommandFailed, ConfigError, Problem
from casita.plugin import Component
from casita.tasks import Tasks
from casita_automations import speaking
from casita_automations.asking.answering import Answers
from casita_automations.automation import Automation
from casita_automations.building import Builder
from casita_automations.keeping import HOLDS, KeptHolds
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts
from casita_automations.resuming import Keeper
from casita_automations.running import Machine
from casita_automations.serving import Services
from casita_automations.shown import Shown
from casita_automations.triggers.source import Holds
from casita_config import Configuration, load_config

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
        machine = self._keeper.machine = Machine(self._parts, self._keeper.store)
        self._holds: list[KeptHolds] = []
        self._kept_holds: dict[str, Any] = dict(kernel.log.items(HOLDS))
        self._tasks = Tasks(SOURCE, self._handler_failed)
        self._builder = Builder(
            self._parts, machine, changed=self._shown.changed, store=self._keeper.store,
            holds=self._holds_of, tasks=self._tasks,
        )  # fmt: skip
        self._services = Services(self._parts, self.owners, self._shown)
        self._services.register(self.reload)
        kernel.commands.register(speaking.service(self._parts))
        self._take_in(kernel.config)
        self._drop_unclaimed_holds()
        self._keeper.restore()
        self._answers = Answers(
            self._parts, self.owners, holds=self._kept_holds, store=self._keeper.store
        )
        self._answers.start()
        kernel.asking.answered_by(self._answers)

    async def stop(self) -> None:
        """React no more; what waits is kept for the next start."""
        self.home.kernel.asking.answered_by(None)
        self._answers.stop()
        for holds in self._holds:
            holds.closed = True
        self._keeper.closed = True
        self._shown.close()
        await self._tasks.stop()
        for owner in self.owners.values():
            owner.suspend()
        self._services.unregister()
        self.home.kernel.commands.unregister(speaking.PROCESS)
        self._parts.close()

    async def reload(self) -> None:
        """Read the configuration folder anew; what has not changed there goes on undisturbed.

        Raises `CommandFailed` if there is no folder, or its main file is wrong.
        """
        folder = self.home.kernel.config.folder
        if folder is None:
            raise CommandFailed("this hub has no configuration folder to read anew")
        try:
            config = await asyncio.to_thread(load_config, folder)
        except ConfigError as err:
            raise CommandFailed(str(err)) from err
        self._parts.templates.forget(config.macros)
        self._take_in(config)

    def _take_in(self, config: Configuration) -> None:
        """Put what a configuration declares in the place of what was there before."""
        built = self._builder.build(config, self.home.kernel.config.folder)
        self._tell(self._builder.problems)
        kept = {key for key, owner in self.owners.items() if _same(owner, built.get(key))}
        for key in [key for key in self.owners if key not in kept]:
            self._close(self.owners.pop(key))
        new = [owner for key, owner in built.items() if key not in kept]
        self.owners.update((owner.entity_id, owner) for owner in new)
        self._forget_gone()
        for owner in new:
            self._open(owner)

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

    def _close(self, owner: Owner) -> None:
        """End an automation or a script that is declared no more, or differently."""
        if isinstance(owner, Automation):
            owner.disarm()
        owner.stop()
        self._services.detach(owner)

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
        mine = [key for key in self._kept_holds if key.startswith(f"{prefix} ")]
        before = {key.removeprefix(f"{prefix} "): self._kept_holds.pop(key) for key in mine}
        holds = KeptHolds(self.home.kernel.log, prefix, before)
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


def _same(owner: Owner, new: Owner | None) -> bool:
    return new is not None and owner.fingerprint == new.fingerprint
