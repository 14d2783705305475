"""Conditions taken apart: which part of them said no, and to what value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from casita.asking import Clause
from casita.errors import CasitaError
from casita_automations.conditions import Condition, compile_condition
from casita_automations.conditions.condition import ALWAYS
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts, Variables
from casita_automations.values import jsonable
from casita_config import place_of

_COMBINED: Final = ("and", "or", "not")
_WORDS: Final = {"or": "one of these holds", "not": "none of these holds"}


class Clauses:
    """The conditions of an automation, each part compiled for itself."""

    def __init__(self, data: Any, at: At, parts: Parts) -> None:
        """Raises `ConfigError` if one of them is wrong."""
        self._parts = parts
        self._asked = list(self._all_of(data, at))

    def at_present(self, variables: Variables) -> list[Clause]:
        """Return every part, and what it says now; that of groups before their members."""
        return [self._told(says, condition, at, variables) for says, condition, at in self._asked]

    def holds(self, variables: Variables) -> bool:
        """Say whether all of them hold: the members of groups are left to their groups."""
        depth_one = [one for one in self._asked if not one[0].startswith(_INDENT)]
        return all(self._told(*one, variables).holds is True for one in depth_one)

    def _all_of(self, data: Any, at: At, depth: int = 0) -> Iterator[tuple[str, Condition, At]]:
        many = isinstance(data, list)
        for index, item in enumerate(listed(data)):
            where = at.below(index) if many else at
            yield from self._one(item, where, depth)

    def _one(self, item: Any, at: At, depth: int) -> Iterator[tuple[str, Condition, At]]:
        condition = compile_condition(item, at, self._parts)
        if condition is ALWAYS:
            return
        word, key = _combination(item)
        if word == "and":
            yield from self._all_of(item[key], at.below(key), depth)
            return
        says = _WORDS[word] if word else said(item)
        yield f"{_INDENT * depth}{says}", condition, at
        if word:
            yield from self._all_of(item[key], at.below(key), depth + 1)

    def _told(self, says: str, condition: Condition, at: At, variables: Variables) -> Clause:
        place = place_of(at.tree, at.path)
        holds: bool | None
        try:
            holds = condition.check(variables)
            seen = _seen(condition, variables)
        except CasitaError as err:
            holds, seen = None, str(err)
        return Clause(
            says=says, holds=holds, seen=seen,
            file=place.file if place else None, line=place.line if place else None,
        )  # fmt: skip


_INDENT: Final = "  "


def _combination(item: Any) -> tuple[str | None, str]:
    """Return ``and``, ``or`` or ``not``, and the key of the members; None if it is neither."""
    if not isinstance(item, Mapping):
        return None, ""
    kind = item.get("condition")
    if kind in _COMBINED:
        return str(kind), "conditions"
    word = next((one for one in _COMBINED if one in item), None) if kind is None else None
    return word, word or ""


def _seen(condition: Condition, variables: Variables) -> Any:
    seen = condition.seen(variables)
    if isinstance(seen, Mapping) and len(seen) == 1:
        return jsonable(next(iter(seen.values())))
    return jsonable(seen)


def said(item: Any) -> str:
    """Say in words what a condition asks for."""
    if not isinstance(item, Mapping):
        return f"{item} is true"
    if item.get("alias"):
        return str(item["alias"])
    words = _OF_KIND.get(str(item.get("condition")))
    return words(item) if words else f"the condition {item.get('condition')} holds"


def _state(item: Mapping[str, Any]) -> str:
    what = _any(item.get("entity_id"))
    if "attribute" in item:
        what = f"{item['attribute']} of {what}"
    held = f" for {item['for']}" if "for" in item else ""
    return f"{what} is {_any(item.get('state'))}{held}"


def _numeric(item: Mapping[str, Any]) -> str:
    what = _any(item.get("entity_id"))
    if "attribute" in item:
        what = f"{item['attribute']} of {what}"
    limits = [f"{key} {item[key]}" for key in ("above", "below") if key in item]
    return f"{what} is {' and '.join(limits)}"


def _time(item: Mapping[str, Any]) -> str:
    bounds = [f"{key} {item[key]}" for key in ("after", "before") if key in item]
    days = f"on {_any(item['weekday'])}" if "weekday" in item else ""
    return f"it is {', '.join([*bounds, days] if days else bounds)}"


def _sun(item: Mapping[str, Any]) -> str:
    bounds = []
    for key in ("after", "before"):
        if key in item:
            offset = item.get(f"{key}_offset")
            bounds.append(f"{key} {item[key]}" + (f" {offset}" if offset else ""))
    return f"it is {' and '.join(bounds)}"


def _any(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


_OF_KIND: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "state": _state,
    "numeric_state": _numeric,
    "time": _time,
    "sun": _sun,
    "zone": lambda item: f"{_any(item.get('entity_id'))} is in {_any(item.get('zone'))}",
    "trigger": lambda item: f"it was triggered by {_any(item.get('id'))}",
    "template": lambda item: f"{' '.join(str(item.get('value_template')).split())} is true",
}
