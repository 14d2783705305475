"""Kinds of condition that a plugin supplies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import voluptuous as vol

from casita.events import State
from casita.kernel import Kernel
from casita.vocabulary import ConditionKind
from casita_automations.conditions.condition import Condition
from casita_automations.handlers import Settings
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At, template_value
from casita_automations.parts import Parts, Variables
from casita_automations.values import jsonable


class _Sight:
    """The house as a condition sees it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def state(self, entity_id: str) -> State | None:
        """Return the present state of an entity."""
        return self._kernel.states.get(entity_id)

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._kernel.clock.now()


def compiled(kind: ConditionKind, config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile the condition from its keys, by the schema of the plugin that supplies the kind."""
    value = template_value(parts.templates, config, at)
    fixed = Settings(at.check(kind.schema, config)) if value.constant else None
    house = _Sight(parts.kernel)

    def settings(variables: Variables) -> Settings:
        if fixed is not None:
            return fixed
        try:
            return Settings(kind.schema(value.render(variables)))
        except vol.Invalid as err:
            raise ConditionError(f"{kind.name}: {err}") from err

    def check(variables: Variables) -> bool:
        given = settings(variables)
        try:
            return bool(kind.holds(given, house))
        except Exception as err:
            raise ConditionError(f"{kind.name}: {type(err).__name__}: {err}") from err

    def seen(variables: Variables) -> Mapping[str, Any]:
        return {kind.name: jsonable(value.render(variables))}

    return Condition(check, seen)
