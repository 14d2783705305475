"""An automation: what starts it, whether it may, and what it then does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, Final

from casita.errors import CasitaError
from casita.events import Cause, Event
from casita.workers import Group
from casita_automations.conditions import Condition
from casita_automations.keeping import KeptHolds
from casita_automations.numeric import ConditionError
from casita_automations.owner import Limits, Owner
from casita_automations.parts import Fire
from casita_automations.program import Program
from casita_automations.running import Machine, Run
from casita_automations.templates import Value
from casita_automations.triggers import Arming, CompiledTrigger
from casita_automations.triggers.source import Cancel, Holds, Pending
from casita_automations.turns import fired_document, firing_of, from_fired_document

SKIPS: Final = "skip"
"""The log's documents of what a person has cancelled for once."""
_PUNCTUAL: Final = timedelta(minutes=1)
_BY_COMMAND: Final = "a command"
_logger = logging.getLogger(__name__)


class Automation(Owner):
    """A declared automation."""

    def __init__(
        self,
        machine: Machine,
        entity_id: str,
        program: Program,
        limits: Limits,
        *,
        item_id: str | None,
        name: str,
        triggers: list[CompiledTrigger],
        trigger_variables: Value | None,
        variables: Value | None,
        condition: Condition | None,
        holds: Callable[[Automation, int], Holds],
        changed: Callable[[Owner], None],
        on_at_start: bool | None,
    ) -> None:
        super().__init__(machine, entity_id, program, limits, changed=changed)
        self.item_id = item_id
        self.name = name
        self.enabled = False
        self.on_at_start = on_at_start
        """``initial_state``: whether it is on after a start, whatever it was; None: as it was."""
        self._triggers = triggers
        self._trigger_variables = trigger_variables
        self._variables = variables
        self._condition = condition
        self._holds = holds
        self._kept: dict[int, Holds] = {}
        self._cancels: dict[int, Cancel] = {}
        self._static: dict[str, Any] = {}
        self.skips: dict[int, datetime] = {}
        """Next times of triggers, by their index, that a person has cancelled."""

    def turn_on(self) -> None:
        """Arm its triggers."""
        if not self.enabled:
            self.enabled = True
            self._arm()
            self._changed(self)

    def turn_off(self, *, stop_runs: bool = True) -> None:
        """Disarm its triggers, and end its runs unless they are to go on."""
        if not self.enabled:
            return
        self.enabled = False
        self.disarm()
        if stop_runs:
            self.stop()
        self._changed(self)

    def suspend(self) -> None:
        """Do nothing more in this process."""
        self.disarm()
        super().suspend()

    def disarm(self) -> None:
        """React no more."""
        for index in list(self._cancels):
            self._disarm_one(index)

    def running(self) -> Iterator[Pending]:
        """Yield the ``for:`` that run in its triggers, and what else these keep."""
        for index in self._cancels:
            holds = self._kept[index]
            if isinstance(holds, KeptHolds):
                yield from holds.running()

    def arm_anew(self, index: int, between: Callable[[], None]) -> None:
        """Disarm one trigger, which forgets what it waits for, and arm it once that is mended."""
        if index in self._cancels:
            self._disarm_one(index)
            between()
            self._arm_one(index)

    @property
    def static(self) -> Mapping[str, Any]:
        """Its ``trigger_variables``, as they were when its triggers were armed."""
        return self._static

    @property
    def triggers(self) -> Sequence[CompiledTrigger]:
        """Its triggers, in the order in which they are declared."""
        return self._triggers

    def trigger(
        self,
        told: dict[str, Any],
        cause: Event | Cause | None,
        *,
        skip_condition: bool = False,
        extra: Value | None = None,
        by_hand: Mapping[str, Any] | None = None,
    ) -> Run | None:
        """Run it, if its conditions hold and its mode lets it."""
        variables = self.variables_of(told, extra, by_hand)
        if variables is None:
            return None
        started = {
            "name": self.name,
            "trigger": told.get("description", _BY_COMMAND),
            "id": told.get("id"),
        }
        if self._condition is not None and not skip_condition:
            holds, seen = self._asked(self._condition, variables)
            if not holds:
                self._tell_skipped(started, seen, cause)
                return None
            if seen is not None:
                started["seen"] = seen
        if self.shadow:
            started["shadow"] = True
        return self.start(variables, cause, started)

    def variables_of(
        self, told: dict[str, Any], extra: Value | None, by_hand: Mapping[str, Any] | None
    ) -> dict[str, Any] | None:
        """Return the variables of a run; None if they cannot be rendered, which is logged."""
        variables: dict[str, Any] = {**self._static, **(by_hand or {}), "trigger": told}
        if self.program.wants_this:
            variables["this"] = self.this()
        try:
            over = self._static.keys() - (by_hand or {}).keys() if self._static else set[str]()
            for value in (extra, self._variables):
                if value is not None:
                    value.render_into(variables, over)
                    over = over - value.names if over else over
        except CasitaError as err:
            _logger.error("%s: variables: %s", self.entity_id, err)
            return None
        return variables

    @staticmethod
    def _asked(condition: Condition, variables: dict[str, Any]) -> tuple[bool, Any]:
        """Return whether a condition holds, and what it has looked at."""
        try:
            return condition.check(variables), condition.seen(variables)
        except ConditionError as err:
            return False, str(err)

    def _tell_skipped(
        self, started: Mapping[str, Any], seen: Any, cause: Event | Cause | None
    ) -> None:
        self._kernel.bus.emit(
            "run.skipped", self.entity_id, {**started, "seen": seen},
            source=self.source, cause=cause,
        )  # fmt: skip

    def _arm(self) -> None:
        self._static = {}
        try:
            self._render_static()
        except CasitaError as err:
            _logger.error("%s: trigger_variables: %s", self.entity_id, err)
            return
        for index, trigger in enumerate(self._triggers):
            if trigger.enabled:
                self._arm_one(index)

    def _render_static(self) -> None:
        value, templates = self._trigger_variables, self._machine.parts.templates
        if value is not None:
            with templates.limited() if not value.constant else nullcontext():
                value.render_into(self._static)

    def _arm_one(self, index: int) -> None:
        trigger = self._triggers[index]
        limited = {**self._static, "this": self.this()} if self.program.wants_this else self._static
        holds = self._kept[index] = self._holds(self, index)
        arming = Arming(
            fire=self._fire_of(index, self._kernel.group),
            base=trigger.base,
            variables=limited,
            holds=holds,
        )
        self._cancels[index] = trigger.source.arm(arming)

    def _disarm_one(self, index: int) -> None:
        self._cancels.pop(index)()

    def _fire_of(self, index: int, group: Group | None) -> Callable[..., None]:
        extra = self._triggers[index].variables

        def fire(told: dict[str, Any], cause: Event | Cause | None) -> None:
            if self.skips and self._is_skipped(index, told):
                return
            self.trigger(told, cause, extra=extra)

        return fire if group is None else self._shared(group, index, fire)

    def _shared(self, group: Group, index: int, fire: Fire) -> Fire:
        """Return what fires only in the worker to which this automation falls."""

        def fired(told: dict[str, Any], cause: Event | Cause | None) -> None:
            now = self._kernel.clock.now()
            firing = firing_of(group, f"{self.entity_id}/{index}", told, cause, now)
            group.fired(
                self.entity_id, firing, lambda: fire(told, cause),
                lambda: {"owner": self.entity_id, "index": index, **fired_document(told, cause)},
            )  # fmt: skip

        return fired

    def fire_again(self, group: Group, firing: str, document: Mapping[str, Any]) -> None:
        """Take up a firing that no worker had dealt with when this one ended."""
        told, cause = from_fired_document(document)
        fire = self._fire_of(document["index"], group=None)
        group.fired(self.entity_id, firing, lambda: fire(told, cause), dict)

    def _is_skipped(self, index: int, told: dict[str, Any]) -> bool:
        """Say whether a person has cancelled what is due now, and take note of it."""
        due, now = self.skips.get(index), self._kernel.clock.now()
        if due is None or due > now:
            return False
        del self.skips[index]
        self._kernel.log.remove(SKIPS, f"{self.entity_id}/{index}")
        if now - due > _PUNCTUAL and "missed_by" not in told:
            return False
        self._kernel.bus.emit(
            "run.skipped", self.entity_id,
            {"trigger": told.get("description"), "id": told.get("id"), "reason": "cancelled",
             "message": "a person cancelled it for this one time"},
            source=self.source,
        )  # fmt: skip
        return True
