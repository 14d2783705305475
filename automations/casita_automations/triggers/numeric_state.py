"""``numeric_state``: a number has come between limits, from outside of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita.events import State, StateChanged
from casita.missed import Missed, of_a_hold
from casita_automations.numeric import LIMITS, ConditionError, Limits, has_limit, possible
from casita_automations.parsing import At, duration_or_template
from casita_automations.parts import Parts
from casita_automations.templates import TemplateError
from casita_automations.triggers.hold import Hold, missed_of, period_of
from casita_automations.triggers.source import Arming, Cancel, all_of
from casita_automations.values import Period

_SCHEMA: Final = vol.Schema(
    vol.All(
        {**LIMITS, vol.Optional("for"): duration_or_template, vol.Optional("missed"): of_a_hold},
        has_limit,
        possible,
    )
)
_logger = logging.getLogger(__name__)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> NumericStateTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    source = checked.get("value_template")
    try:
        template = None if source is None else parts.templates.template(source)
    except TemplateError as err:
        at.below("value_template").refuse(str(err))
    period = period_of(checked.get("for"), at.below("for"), parts)
    limits = Limits(checked, template, parts.kernel.states)
    return NumericStateTrigger(parts, checked, limits, period, missed_of(checked, at))


class NumericStateTrigger:
    """A compiled ``numeric_state`` trigger."""

    def __init__(
        self,
        parts: Parts,
        config: Mapping[str, Any],
        limits: Limits,
        period: Period | None,
        missed: Missed,
    ) -> None:
        self._parts = parts
        self._entities: list[str] = config["entity_id"]
        self._limits = limits
        self._period = period
        self._missed = missed

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        hold = None
        if self._period is not None:
            hold = Hold(self._parts, arming, self._period, self._missed)
        entities = dict.fromkeys(self._entities)
        cancels = [self._arm_entity(one, arming, hold) for one in entities]
        if hold is not None:
            hold.resume(self._keeps(arming), self._facts)
            cancels.append(hold.cancel)
        return all_of(cancels)

    def _arm_entity(self, entity_id: str, arming: Arming, hold: Hold | None) -> Cancel:
        """Wait for the number to be outside; from then on its coming inside fires, once."""
        variables = self._variables(entity_id, arming)
        keeps = self._keeps(arming)
        ready = self._is_outside(entity_id, variables)

        def changed(event: StateChanged) -> None:
            nonlocal ready
            try:
                inside = self._limits.hold_for(entity_id, event.new, variables)
            except ConditionError as err:
                _logger.debug("numeric_state: %s", err)
                return
            if not inside:
                ready = True
            elif ready:
                ready = False
                if hold is None:
                    arming.fires(event, **self._facts(entity_id, event.old, event.new, None))
                else:
                    hold.begin(event, None, None, keeps, self._facts)

        return self._parts.watch.entity(entity_id, changed)

    def _is_outside(self, entity_id: str, variables: Mapping[str, Any]) -> bool:
        try:
            state = self._parts.kernel.states.get(entity_id)
            return not self._limits.hold_for(entity_id, state, variables)
        except ConditionError as err:
            _logger.debug("numeric_state: %s", err)
            return False

    def _variables(self, entity_id: str, arming: Arming) -> Mapping[str, Any]:
        told = {
            **arming.base,
            "platform": "numeric_state",
            "entity_id": entity_id,
            "above": self._limits.above,
            "below": self._limits.below,
        }
        return {**arming.variables, "trigger": told}

    def _keeps(self, arming: Arming) -> Any:
        def keeps(state: State | None, _before: Any, _now: Any) -> bool:
            if state is None:
                return False
            try:
                variables = self._variables(state.entity_id, arming)
                return self._limits.hold_for(state.entity_id, state, variables)
            except ConditionError:
                return False

        return keeps

    def _facts(
        self, entity_id: str, old: State | None, new: State | None, held: timedelta | None
    ) -> dict[str, Any]:
        return {
            "platform": "numeric_state",
            "entity_id": entity_id,
            "above": self._limits.above,
            "below": self._limits.below,
            "from_state": old,
            "to_state": new,
            "for": held,
            "description": f"numeric state of {entity_id}",
        }
