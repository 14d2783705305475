"""The smaller conditions: numbers, templates, triggers, zones."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.states import UNAVAILABLE, UNKNOWN
from casita_automations.conditions.condition import Condition, any_of, every
from casita_automations.numeric import LIMITS, ConditionError, Limits, has_limit
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts, Variables
from casita_automations.templates import TemplateError
from casita_automations.zones import has_place, is_in
from casita_config.schemas import entity_ids, string

_NUMERIC: Final = vol.Schema(vol.All(dict(LIMITS), has_limit))
_TEMPLATE: Final = vol.Schema({vol.Required("value_template"): string})
_TRIGGER: Final = vol.Schema({vol.Required("id"): vol.All(listed, [string])})
_ZONE: Final = vol.Schema(
    {
        vol.Required("entity_id"): entity_ids,
        vol.Required("zone"): vol.All(entity_ids, vol.Length(min=1)),
        vol.Optional("event"): vol.In(["enter", "leave"]),
    }
)


def numeric_state(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``numeric_state``: a number lies between limits."""
    checked = at.check(_NUMERIC, config)
    source = checked.get("value_template")
    try:
        template = None if source is None else parts.templates.template(source)
    except TemplateError as err:
        at.below("value_template").refuse(str(err))
    limits = Limits(checked, template, parts.kernel.states)
    get = parts.kernel.states.get

    def of_entity(entity_id: str) -> Condition:
        return Condition(lambda variables: limits.hold_for(entity_id, get(entity_id), variables))

    def seen(variables: Variables) -> dict[str, Any]:
        return {one: limits.value_of(get(one), variables) for one in checked["entity_id"]}

    return Condition(every([of_entity(one) for one in checked["entity_id"]]), seen)


def template(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``template``: a template's text is ``true``."""
    checked = at.check(_TEMPLATE, config)
    return of_template(checked["value_template"], at.below("value_template"), parts)


def of_template(source: str, at: At, parts: Parts) -> Condition:
    """Compile a template to a condition. It holds if the rendered text is ``true``."""
    try:
        compiled = parts.templates.template(source)
    except TemplateError as err:
        at.refuse(str(err))

    def check(variables: Variables) -> bool:
        try:
            return compiled.render_text(variables).lower() == "true"
        except TemplateError as err:
            raise ConditionError(str(err)) from err

    return Condition(check, lambda variables: _result(compiled, variables))


def trigger(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``trigger``: the run was started by a trigger with this id."""
    ids = frozenset(at.check(_TRIGGER, config)["id"])

    def check(variables: Variables) -> bool:
        told = variables.get("trigger")
        return isinstance(told, dict) and told.get("id") in ids

    def seen(variables: Variables) -> dict[str, Any]:
        told = variables.get("trigger")
        return {"trigger.id": told.get("id") if isinstance(told, dict) else None}

    return Condition(check, seen)


def zone(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile ``zone``: entities are in a zone, or in one of several."""
    checked = at.check(_ZONE, config)
    states = parts.kernel.states

    def in_zone(entity_id: str, zone_id: str) -> Condition:
        def check(_variables: Variables) -> bool:
            zone, state = states.get(zone_id), states.get(entity_id)
            if zone is None or state is None:
                missing = zone_id if zone is None else entity_id
                raise ConditionError(f"{missing}: there is no such entity")
            if state.state in (UNAVAILABLE, UNKNOWN):
                return False
            if not has_place(state):
                raise ConditionError(f"{entity_id}: it does not tell where it is")
            return is_in(zone, state)

        return Condition(check)

    def of_entity(entity_id: str) -> Condition:
        return Condition(any_of([in_zone(entity_id, one) for one in checked["zone"]]))

    return Condition(every([of_entity(one) for one in checked["entity_id"]]))


def _result(compiled: Any, variables: Variables) -> Any:
    try:
        return {"template": compiled.render_text(variables)[:100]}
    except TemplateError as err:
        return {"template": str(err)}
