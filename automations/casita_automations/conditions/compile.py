"""From what the configuration says of conditions to checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita_automations.conditions import device, foreign, simple, state, when
from casita_automations.conditions.condition import (
    ALWAYS,
    Condition,
    all_seen,
    any_of,
    every,
    none_of,
)
from casita_automations.parsing import At, enabled, expect_mapping, listed, unknown
from casita_automations.parts import Check, Parts
from casita_automations.templates import is_template
from casita_config.schemas import string

_Combine = Callable[[Sequence[Condition]], Check]
_COMBINED: Final[Mapping[str, _Combine]] = {"and": every, "or": any_of, "not": none_of}
_KINDS: Final[Mapping[str, Callable[[dict[str, Any], At, Parts], Condition]]] = {
    "device": device.compiled,
    "numeric_state": simple.numeric_state,
    "state": state.compiled,
    "sun": when.sun,
    "template": simple.template,
    "time": when.time_of,
    "trigger": simple.trigger,
    "zone": simple.zone,
}
_COMMON: Final = ("condition", "alias", "enabled")
_BASE: Final = vol.Schema({vol.Optional("alias"): string}, extra=vol.ALLOW_EXTRA)


def is_condition(item: Any) -> bool:
    """Say whether an item of a sequence is a condition."""
    return isinstance(item, Mapping) and (
        "condition" in item or any(word in item for word in _COMBINED)
    )


def compile_conditions(data: Any, at: At, parts: Parts) -> Condition | None:
    """Compile conditions that all have to hold; None if there are none. Raises `ConfigError`."""
    many = isinstance(data, list)
    found = [
        compile_condition(item, at.below(index) if many else at, parts)
        for index, item in enumerate(listed(data))
    ]
    found = [one for one in found if one is not ALWAYS]
    if not found:
        return None
    return found[0] if len(found) == 1 else Condition(every(found), all_seen(found))


def compile_condition(item: Any, at: At, parts: Parts) -> Condition:
    """Compile one condition. Raises `ConfigError`."""
    if isinstance(item, str):
        if not is_template(item):
            at.refuse(f"{item!r} is no condition; a text has to be a template in {{{{ }}}}")
        return simple.of_template(item, at, parts)
    mapping = expect_mapping(item, at, "a condition")
    if "alias" in mapping:
        at.check(_BASE, mapping)
    compiled = _compiled(mapping, at, parts)
    return compiled if enabled(parts.templates, mapping, at) else ALWAYS


def _compiled(item: dict[str, Any], at: At, parts: Parts) -> Condition:
    kind = item.get("condition")
    if kind is None:
        words = [word for word in _COMBINED if word in item]
        if len(words) == 1:
            unknown(item, at, (words[0], "alias", "enabled"))
            return _combined(words[0], item[words[0]] or [], at.below(words[0]), parts)
        at.refuse("a condition names its kind, as 'condition: state'")
    if isinstance(kind, list):
        unknown(item, at, _COMMON)
        return _combined("and", kind, at.below("condition"), parts)
    if not isinstance(kind, str):
        at.below("condition").refuse(f"{kind!r} is no kind of condition")
    if kind in _COMBINED:
        unknown(item, at, (*_COMMON, "conditions"))
        return _combined(kind, item.get("conditions"), at.below("conditions"), parts)
    own = {key: value for key, value in item.items() if key not in _COMMON}
    if kind in _KINDS:
        return _KINDS[kind](own, at, parts)
    supplied = parts.kernel.vocabulary.conditions
    if kind in supplied:
        return foreign.compiled(supplied[kind], own, at, parts)
    return at.below("condition").refuse(_unknown(kind, supplied))


def _unknown(kind: str, supplied: Iterable[str]) -> str:
    if "." in kind:
        return (
            f"there is no condition {kind!r}: conditions for a purpose are not taken; use a state, "
            "numeric_state or zone condition on the entity"
        )
    return f"there is no condition {kind!r}.{did_you_mean(kind, [*_KINDS, *_COMBINED, *supplied])}"


def _combined(word: str, data: Any, at: At, parts: Parts) -> Condition:
    if data is None:
        at.refuse("expected a list of conditions")
    many = isinstance(data, list)
    members = [
        compile_condition(one, at.below(index) if many else at, parts)
        for index, one in enumerate(listed(data))
    ]
    members = [one for one in members if one is not ALWAYS]
    return Condition(_COMBINED[word](members), all_seen(members))
