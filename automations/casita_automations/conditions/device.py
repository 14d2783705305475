"""``device``: as Home Assistant's editor writes it, mapped to the condition on an entity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

import voluptuous as vol

from casita_automations.conditions import simple, state
from casita_automations.conditions.condition import Condition, none_of
from casita_automations.devices import condition_of
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At
from casita_automations.parts import Parts, Variables
from casita_config.schemas import string

_SCHEMA: Final = vol.Schema(
    {vol.Required("device_id"): string, vol.Required("domain"): string}, extra=vol.ALLOW_EXTRA
)
_KINDS: Final[dict[str, Callable[[dict[str, Any], At, Parts], Condition]]] = {
    "numeric_state": simple.numeric_state,
    "state": state.compiled,
}


def compiled(config: dict[str, Any], at: At, parts: Parts) -> Condition:
    """Compile the condition; one that comes to none on an entity cannot be told."""
    at.check(_SCHEMA, config)
    mapped = condition_of(config)
    if mapped is not None:
        return _mapped(mapped, at, parts)
    parts.notes.append(
        at.problem("this device condition never holds: it names no entity that is known here; "
                   "use a state condition on the device's entity")
    )  # fmt: skip

    def check(_variables: Variables) -> NoReturn:
        raise ConditionError("a device condition that Casita cannot tell")

    return Condition(check)


def _mapped(mapped: dict[str, Any], at: At, parts: Parts) -> Condition:
    kind = mapped.pop("condition")
    if kind == "not":
        return Condition(none_of([_mapped(one, at, parts) for one in mapped["conditions"]]))
    return _KINDS[kind](mapped, at, parts)
