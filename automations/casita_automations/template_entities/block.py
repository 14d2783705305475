"""Blocks that live: entities that render themselves, or are rendered when a trigger fires."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from casita.errors import CasitaError
from casita.events import Cause, Event
from casita_automations.numeric import ConditionError
from casita_automations.owner import Owner
from casita_automations.template_entities.acting import Preparing
from casita_automations.template_entities.building import Plan
from casita_automations.template_entities.entity import Surroundings, TemplateEntity
from casita_automations.template_entities.rendering import Rendering
from casita_automations.template_entities.this import this_of
from casita_automations.templates import TemplateError
from casita_automations.triggers import Arming, CompiledTrigger
from casita_automations.triggers.source import Cancel, Holds

HoldsOf = Callable[[str, int], Holds]
"""Given the unique id of a block's first entity and a trigger's index."""
_ONLY_TRIGGERED: Final = ("state", "event_type", "attributes.")
_logger = logging.getLogger(__name__)


class Block:
    """The entities of one plan."""

    def __init__(self, plan: Plan, around: Surroundings, holds: HoldsOf) -> None:
        self.plan = plan
        self.entities = [item.kind(item, around) for item in plan.items]
        self._around = around
        self._holds = holds
        self._cancels: list[Cancel] = []
        self._preparing: Preparing | None = None
        if plan.program is not None:
            self._preparing = Preparing(around.machine, plan.program, done=self._render_all)

    def open(self) -> None:
        """Give the entities their places, and let them follow what they depend on."""
        for entity in self.entities:
            self._around.home.add(entity)
            entity.begin()
        for entity in self.entities:
            if not entity.entity_id:  # a person disabled it
                continue
            if self.plan.triggered:
                entity.take(_constants(entity), None)
            else:
                self._follow(entity)
        if self._preparing is not None:
            self._preparing.entity_id = self._name
        for index, trigger in enumerate(self.plan.triggers):
            if trigger.enabled:
                self._arm(trigger, index)

    def close(self) -> None:
        """Follow nothing any more, and end what is under way; the entities stay as they are."""
        self._let_go()
        for owner in self.owners():
            owner.stop()

    def suspend(self) -> None:
        """Do nothing more in this process; what is under way goes on after a restart."""
        self._let_go()
        for owner in self.owners():
            owner.suspend()

    def owners(self) -> Iterator[Owner]:
        """Go through all that has runs here."""
        if self._preparing is not None:
            yield self._preparing
        for entity in self.entities:
            yield from entity.owners()

    def _let_go(self) -> None:
        for cancel in self._cancels:
            cancel()
        self._cancels = []

    @property
    def _name(self) -> str:
        """The entity under which what the block does is told."""
        return next((one.entity_id for one in self.entities if one.entity_id), "template")

    # By itself

    def _follow(self, entity: TemplateEntity) -> None:
        own = self.plan.variables

        def variables() -> dict[str, Any]:
            found: dict[str, Any] = {"this": entity.this}
            if own is not None:
                own.render_into(found)
            return found

        rendering = Rendering(self._around.parts, entity.item.fields, variables, entity.take_change)
        self._cancels.append(rendering.cancel)
        rendering.start()

    # When a trigger fires

    def _arm(self, trigger: CompiledTrigger, index: int) -> None:
        def fire(told: dict[str, Any], cause: Event | Cause | None) -> None:
            self._fired(trigger, told, cause)

        holds = self._holds(self.plan.items[0].unique_id, index)
        arming = Arming(fire=fire, base=trigger.base, variables={}, holds=holds)
        self._cancels.append(trigger.source.arm(arming))

    def _fired(
        self, trigger: CompiledTrigger, told: dict[str, Any], cause: Event | Cause | None
    ) -> None:
        variables: dict[str, Any] = {"trigger": told}
        try:
            for value in (trigger.variables, self.plan.variables):
                if value is not None:
                    value.render_into(variables)
            if self.plan.condition is not None and not self.plan.condition.check(variables):
                return
        except (ConditionError, CasitaError) as err:
            _logger.warning("%s: %s", self._name, err)
            return
        if self._preparing is None:
            self._render_all(variables, cause)
        else:
            started = {"trigger": told.get("description"), "id": told.get("id")}
            self._preparing.start(variables, cause, started)

    def _render_all(self, variables: Mapping[str, Any], cause: Event | Cause | None) -> None:
        for entity in self.entities:
            state = self._around.home.state(entity.entity_id)
            given = {**variables, "this": this_of(state, entity.entity_id)}
            results: dict[str, Any] = {}
            for name, value in entity.item.fields.items():
                try:
                    results[name] = value.render(given)
                except TemplateError as err:
                    results[name] = err
            entity.take(results, cause)


def _constants(entity: TemplateEntity) -> dict[str, Any]:
    """Return what is known of an entity before its trigger has fired."""
    return {
        name: value.source
        for name, value in entity.item.fields.items()
        if value.constant and not name.startswith(_ONLY_TRIGGERED)
    }
