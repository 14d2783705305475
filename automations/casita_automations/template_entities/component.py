"""Template entities as a part of the hub: made of the configuration, and made anew on reload."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from casita.errors import CommandFailed, ConfigError, Problem
from casita.events import Event
from casita.plugin import Component
from casita.services import Command, Kind
from casita.timers import Timer
from casita_automations.keeping import KeptHolds
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_automations.resuming import Keeper
from casita_automations.running import Machine
from casita_automations.template_entities.acting import RUNS
from casita_automations.template_entities.block import Block
from casita_automations.template_entities.building import Builder
from casita_automations.template_entities.chains import Chains
from casita_automations.template_entities.entity import Surroundings, TemplateEntity
from casita_automations.triggers.source import Holds
from casita_config import Configuration, load_config

_HOLDS: Final = "template.hold"
_PROBLEM: Final = "config.problem"


class TemplateEntities(Component):
    """All template entities of a house."""

    async def start(self) -> None:
        """Make the entities of the configuration, each as it was when the hub ended."""
        kernel = self.home.kernel
        parts = Parts.of(kernel)
        self._owners: dict[str, Owner] = {}
        self._keeper = Keeper(parts, self._owners, rows=RUNS)
        machine = self._keeper.machine = Machine(parts, self._keeper.store)
        self._around = Surroundings(self.home, parts, machine, Chains())
        self._blocks: list[Block] = []
        self._kept_holds: dict[str, Any] = dict(kernel.log.items(_HOLDS))
        self.home.offer(
            "reload", self._reload, schema={}, kind=Kind.SET,
            description="Read the configuration anew; template entities that are the same go on.",
        )  # fmt: skip
        self._take_in(kernel.config)
        for key in self._kept_holds:
            kernel.log.remove(_HOLDS, key)
        self._kept_holds.clear()
        kernel.timers.claim(self.home.instance, self._rang)
        self._keeper.restore()

    async def stop(self) -> None:
        """Follow nothing any more; what is pending is kept for the next start."""
        self._keeper.closed = True
        self.home.kernel.timers.release(self.home.instance)
        for block in self._blocks:
            block.suspend()
        self._around.parts.close()

    async def _reload(self, _command: Command) -> None:
        folder = self.home.kernel.config.folder
        if folder is None:
            raise CommandFailed("this hub has no configuration folder to read anew")
        try:
            config = await asyncio.to_thread(load_config, folder)
        except ConfigError as err:
            raise CommandFailed(str(err)) from err
        self._around.parts.templates.forget(config.macros)
        self._take_in(config)

    def _take_in(self, config: Configuration) -> None:
        """Put what a configuration declares in the place of what was there before."""
        builder = Builder(self._around, config)
        plans = builder.plans()
        self._tell(builder.problems)
        before = {block.plan.key: block for block in self._blocks}
        wanted = {plan.key for plan in plans}
        for key, block in before.items():
            if key not in wanted:
                block.close()
        self._blocks = []
        for plan in plans:
            block = before.get(plan.key) or Block(plan, self._around, self._holds_of)
            self._blocks.append(block)
            if plan.key not in before:
                self._open(block)
        self._owners.clear()
        self._owners.update((one.key, one) for block in self._blocks for one in block.owners())
        self._forget_gone()

    def _open(self, block: Block) -> None:
        try:
            block.open()
        except Exception as err:
            self.home.logger.error("template entities could not start", exc_info=err)
            names = ", ".join(entity.unique_id for entity in block.entities)
            self._tell([Problem(message=f"could not be started: {err}", key=names)])

    def _forget_gone(self) -> None:
        """Take the states and timers away of entities that are declared no more."""
        kernel, instance = self.home.kernel, self.home.instance
        present = {id(entity) for entity in self._entities()}
        for entity in self.home.entities():
            if id(entity) not in present:
                self.home.withdraw(entity)
        there = {entity.entity_id for entity in self.home.entities()}
        for entry in kernel.registry.entities:
            if entry.source == instance and entry.entity_id not in there:
                kernel.states.remove(entry.entity_id, source=instance)
        known = {entity.unique_id for entity in self._entities()}
        for timer in list(kernel.timers):
            if timer.owner == instance and timer.name not in known:
                kernel.timers.cancel(instance, timer.name)

    def _entities(self) -> Iterable[TemplateEntity]:
        return (entity for block in self._blocks for entity in block.entities)

    def _rang(self, timer: Timer, event: Event) -> None:
        for entity in self._entities():
            if entity.unique_id == timer.name:
                entity.rang(timer, event)

    def _holds_of(self, unique_id: str, index: int) -> Holds:
        prefix = f"{unique_id}/{index}"
        mine = [key for key in self._kept_holds if key.startswith(f"{prefix} ")]
        before = {key.removeprefix(f"{prefix} "): self._kept_holds.pop(key) for key in mine}
        return KeptHolds(
            self.home.kernel.log, prefix, before,
            closed=lambda: self._keeper.closed, collection=_HOLDS,
        )  # fmt: skip

    def _tell(self, problems: Iterable[Problem]) -> None:
        for one in problems:
            data = {"file": one.file, "line": one.line, "key": one.key, "message": one.message}
            self.home.emit(_PROBLEM, one.file or "config", data)
