"""``state``: an entity, or one of its attributes, is in a state, for some time if wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from casita.errors import CasitaError
from casita.events import State
from casita_automations.conditions.condition import Condition, every
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At, duration_or_template, template_value
from casita_automations.parts import Check, Parts, Variables
from casita_automations.values import Period
from casita_config.schemas import entity_ids, string

_INPUT: Final = re.compile(r"input_(?:select|text|number|boolean|datetime)\.[a-z0-9_]+")


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    texts = _values(value)
    for text in texts:
        if not isinstance(text, str):
            shown = ("on" if text else "off") if isinstance(text, bool) else text
            raise vol.Invalid(f"a state is text; put it in quotes, as '{shown}'")
    return texts


_COMMON: Final[Mapping[Any, Any]] = {
    vol.Required("entity_id"): entity_ids,
    vol.Optional("match", default="all"): vol.All(vol.Lower, vol.In(["all", "any"])),
    vol.Optional("for"): duration_or_template,
    vol.Optional("from"): string,  # had a meaning until 2016; Home Assistant still takes it
}
_SCHEMA: Final = vol.Schema({**_COMMON, vol.Required("state"): _texts})
_ATTRIBUTE_SCHEMA: Final = vol.Schema(
    {**_COMMON, vol.Required("attribute"): string, vol.Required("state"): _values}
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile the condition from its keys."""
    checked = at.check(_ATTRIBUTE_SCHEMA if "attribute" in config else _SCHEMA, config)
    held = checked.get("for")
    period = None
    if held is not None:
        period = Period(template_value(parts.templates, held, at.below("for")))
    attribute = checked.get("attribute")
    single = [
        _of_entity(parts, one, attribute, checked["state"], period) for one in checked["entity_id"]
    ]
    check = _one_of(single) if checked["match"] == "any" else every(single)
    return Condition(check, _seen(parts, checked["entity_id"], attribute))


def _one_of(single: list[Condition]) -> Check:
    """Return a check that one holds; where one of them cannot be told, the whole cannot."""

    def check(variables: Variables) -> bool:
        found = [one.check(variables) for one in single]
        return any(found)

    return check


def _of_entity(
    parts: Parts, entity_id: str, attribute: str | None, wanted: list[Any], period: Period | None
) -> Condition:
    get, stale = parts.kernel.states.get, parts.stale
    inputs = [one for one in wanted if isinstance(one, str) and _INPUT.fullmatch(one)]

    def check(variables: Variables) -> bool:
        if entity_id in stale:
            parts.freshen(entity_id)
        state = get(entity_id)
        if state is None:
            raise ConditionError(f"{entity_id}: there is no such entity")
        if attribute is None:
            value: Any = state.state
        elif attribute in state.attributes:
            value = state.attributes[attribute]
        else:
            return False
        if value not in (_resolved(parts, wanted) if inputs else wanted):
            return False
        return period is None or _held(parts, state, period, variables)

    return Condition(check)


def _resolved(parts: Parts, wanted: list[Any]) -> list[Any]:
    """Put the states of input helpers in place of their ids."""
    values = []
    for one in wanted:
        if isinstance(one, str) and _INPUT.fullmatch(one):
            state = parts.kernel.states.get(one)
            if state is None:
                raise ConditionError(f"{one}: there is no such entity")
            values.append(state.state)
        else:
            values.append(one)
    return values


def _held(parts: Parts, state: State, period: Period, variables: Variables) -> bool:
    try:
        length = period.of(variables)
    except CasitaError as err:
        raise ConditionError(f"for: {err}") from err
    return parts.kernel.clock.now() - length > state.last_changed


def _seen(parts: Parts, entities: list[str], attribute: str | None) -> Any:
    def seen(_variables: Variables) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in entities:
            state = parts.kernel.states.get(one)
            if state is None:
                found[one] = None
            else:
                found[one] = state.state if attribute is None else state.attributes.get(attribute)
        return found

    return seen
