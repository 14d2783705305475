"""Keys that have a newer name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from casita.asking import Respelling
from casita_automations.checking.report import Report
from casita_automations.checking.walk import Item
from casita_automations.parsing import At, listed

_OF_AUTOMATION: Final = {"trigger": "triggers", "condition": "conditions", "action": "actions"}
_OF_ACTION: Final = {
    "service": "action",
    "service_template": "action",
    "data_template": "data",
    "event_data_template": "event_data",
}
_BRANCHES: Final = ("sequence", "then", "else", "default", "parallel")


class _Old(NamedTuple):
    at: At
    old: str
    new: str


def check_spelling(item: Item, report: Report) -> None:
    """Tell of keys in an item that have a newer name."""
    if item.use is not None:
        return
    for at, old, new in _old_keys(item):
        report.hint(
            "deprecated", at, f"{old!r} is called {new!r} now", Respelling(old=old, new=new)
        )


def _old_keys(item: Item) -> Iterator[_Old]:
    data, at = item.data, item.at
    if item.kind == "automation":
        for old, new in _OF_AUTOMATION.items():
            if old in data and new not in data:
                yield _Old(at.below(old), old, new)
        for key in ("trigger", "triggers"):
            yield from _in_triggers(data.get(key), at.below(key))
    for key in ("action", "actions", "sequence"):
        if key in data and not isinstance(data[key], str):
            yield from _in_actions(data[key], at.below(key))


def _in_triggers(data: Any, at: At) -> Iterator[_Old]:
    for one, where in _each(data, at):
        if isinstance(one, Mapping) and "platform" in one and "trigger" not in one:
            yield _Old(where.below("platform"), "platform", "trigger")


def _in_actions(data: Any, at: At) -> Iterator[_Old]:
    for one, where in _each(data, at):
        if isinstance(one, list):
            yield from _in_actions(one, where)
        if not isinstance(one, Mapping):
            continue
        for old, new in _OF_ACTION.items():
            if old in one and new not in one:
                yield _Old(where.below(old), old, new)
        yield from _in_triggers(one.get("wait_for_trigger"), where.below("wait_for_trigger"))
        for option, inside in _each(one.get("choose"), where.below("choose")):
            if isinstance(option, Mapping):
                yield from _in_actions(option.get("sequence"), inside.below("sequence"))
        repeat = one.get("repeat")
        if isinstance(repeat, Mapping):
            yield from _in_actions(repeat.get("sequence"), where.below("repeat", "sequence"))
        for key in _BRANCHES:
            if key in one:
                yield from _in_actions(one[key], where.below(key))


def _each(data: Any, at: At) -> Iterator[tuple[Any, At]]:
    many = isinstance(data, list)
    for index, one in enumerate(listed(data)):
        yield one, at.below(index) if many else at
