"""Numbers between limits, for the ``numeric_state`` trigger and condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from casita.errors import CasitaError
from casita.events import State
from casita.ids import domain_of, is_entity_id
from casita.states import UNAVAILABLE, UNKNOWN, States
from casita_automations.templates import Template, TemplateError
from casita_config.schemas import entity_ids, number, string

_LIMIT_DOMAINS: Final = ("input_number", "number", "sensor", "zone")
_ABSENT: Final = (None, UNAVAILABLE, UNKNOWN)


class ConditionError(CasitaError):
    """Whether a condition holds cannot be told."""


def limit(value: Any) -> float | str:
    """Check a limit: a number, or an entity whose state is one; a schema's validator."""
    entity_id = value.strip().lower() if isinstance(value, str) else ""
    if entity_id[:1].isalpha() and is_entity_id(entity_id):
        if domain_of(entity_id) not in _LIMIT_DOMAINS:
            raise vol.Invalid(f"{entity_id} cannot be a limit; use a sensor or an input_number")
        return entity_id
    return number(value)


LIMITS: Final[Mapping[Any, Any]] = {
    vol.Required("entity_id"): entity_ids,
    vol.Optional("above"): limit,
    vol.Optional("below"): limit,
    vol.Optional("attribute"): vol.Maybe(string),
    vol.Optional("value_template"): string,
}
"""Keys that trigger and condition share."""


def has_limit(config: dict[str, Any]) -> dict[str, Any]:
    """Refuse a configuration without any limit; a schema's validator."""
    if "above" not in config and "below" not in config:
        raise vol.Invalid("give 'above', 'below' or both")
    return config


def possible(config: dict[str, Any]) -> dict[str, Any]:
    """Refuse limits that no number lies between; a schema's validator."""
    above, below = config.get("above"), config.get("below")
    if isinstance(above, float) and isinstance(below, float) and above > below:
        raise vol.Invalid(f"nothing is above {above:g} and below {below:g}")
    return config


class Limits:
    """What a number has to lie between."""

    def __init__(
        self, config: Mapping[str, Any], template: Template | None, states: States
    ) -> None:
        self.above: float | str | None = config.get("above")
        self.below: float | str | None = config.get("below")
        self._attribute: str | None = config.get("attribute")
        self._template = template
        self._states = states

    def hold_for(self, entity_id: str, state: State | None, variables: Mapping[str, Any]) -> bool:
        """Say whether an entity's number lies between the limits.

        Raises `ConditionError` if the entity is missing or shows no number.
        """
        if state is None:
            raise ConditionError(f"{entity_id}: there is no such entity")
        value = self._value(state, variables)
        if value in _ABSENT:
            return False
        try:
            number_ = float(value)
        except (TypeError, ValueError):
            raise ConditionError(f"{entity_id}: {value!r} is no number") from None
        return self._within(number_)

    def value_of(self, state: State | None, variables: Mapping[str, Any]) -> Any:
        """Return what would be compared, for showing it."""
        try:
            return None if state is None else self._value(state, variables)
        except ConditionError as err:
            return str(err)

    def _value(self, state: State, variables: Mapping[str, Any]) -> Any:
        if self._template is not None:
            try:
                return self._template.render({**variables, "state": state})
            except TemplateError as err:
                raise ConditionError(str(err)) from err
        if self._attribute is not None:
            return state.attributes.get(self._attribute)
        return state.state

    def _within(self, value: float) -> bool:
        if self.below is not None:
            below = self._number(self.below)
            if below is None or value >= below:
                return False
        if self.above is not None:
            above = self._number(self.above)
            if above is None or value <= above:
                return False
        return True

    def _number(self, limit: float | str) -> float | None:
        """Return a limit's number; None if its entity has no value at present."""
        if not isinstance(limit, str):
            return limit
        state = self._states.get(limit)
        if state is None:
            raise ConditionError(f"{limit}: there is no such entity")
        if state.state in _ABSENT:
            return None
        try:
            return float(state.state)
        except ValueError:
            raise ConditionError(f"{limit}: {state.state!r} is no number") from None
