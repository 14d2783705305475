"""Conditions that are always false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from itertools import combinations
from typing import Any, Final

import voluptuous as vol

from casita_automations.checking.names import entities_in
from casita_automations.checking.reading import Mentions
from casita_automations.checking.report import Report
from casita_automations.checking.triggers import beyond, never_is
from casita_automations.checking.values import possible_states
from casita_automations.checking.walk import Item, Part
from casita_automations.checking.world import World
from casita_automations.parsing import listed
from casita_automations.templates import TemplateError, Templates, is_template
from casita_config.schemas import time_of_day

_CODE: Final = "always-false"


def check_conditions(
    item: Item, world: World, templates: Templates, mentions: Mentions, report: Report
) -> None:
    """Tell of conditions in an item that are always false."""
    for part in item.conditions:
        kind = part.kind
        if kind == "state":
            _state(part, world, report)
        elif kind == "numeric_state":
            for entity_id in entities_in(part.data.get("entity_id")):
                message = beyond(part.data, entity_id, world)
                if message:
                    report.error(_CODE, part.at, message)
        elif kind == "template":
            _template(part, templates, mentions, report)
        elif kind == "trigger":
            _trigger(part, item, report)
    for group in item.groups:
        for one, other in combinations(group.parts, 2):
            _contradiction(one, other, report)
        if group.whole:
            _against_triggers(item, group.parts, report)


def _state(part: Part, world: World, report: Report) -> None:
    if "attribute" in part.data:
        return
    wanted = _wanted(part)
    if not wanted or any("." in one for one in wanted):
        return
    for entity_id in entities_in(part.data.get("entity_id")):
        possible = possible_states(entity_id, world.attributes(entity_id))
        if possible is not None and not possible & wanted:
            message = never_is(entity_id, sorted(wanted)[0], possible)
            report.error(_CODE, part.at.below("state"), message)


def _template(part: Part, templates: Templates, mentions: Mentions, report: Report) -> None:
    source = part.data.get("value_template")
    if not isinstance(source, str) or not is_template(source) or mentions.of(source).names:
        return
    try:
        result = templates.template(source).render_text({})
    except TemplateError:
        return
    if result.lower() != "true":
        report.error(_CODE, part.at, f"the template looks at nothing and gives {result!r}")


def _trigger(part: Part, item: Item, report: Report) -> None:
    if item.kind != "automation":
        return
    ids = {str(one.data.get("id", index)) for index, one in enumerate(item.triggers)}
    wanted = [str(one) for one in listed(part.data.get("id"))]
    if wanted and not any(is_template(one) for one in wanted) and not ids.intersection(wanted):
        shown = ", ".join(sorted(ids))
        report.error(
            _CODE, part.at.below("id"), f"no trigger has the id {wanted[0]!r}, but {shown}"
        )


def _contradiction(one: Part, other: Part, report: Report) -> None:
    if one.kind != "state" or other.kind != "state":
        return
    if one.data.get("attribute") != other.data.get("attribute"):
        return
    first, second = _single(one), _single(other)
    if first is None or first != second:
        return
    wanted, also = _wanted(one), _wanted(other)
    if wanted and also and not wanted & also and not any("." in text for text in wanted | also):
        report.error(
            _CODE, other.at,
            f"{first} cannot be {_or(wanted)} and {_or(also)} at once",
        )  # fmt: skip


def _against_triggers(item: Item, parts: tuple[Part, ...], report: Report) -> None:
    """Tell of a condition that no trigger of the automation leaves a chance."""
    if not item.triggers:
        return
    for part in parts:
        if part.kind == "state" and "attribute" not in part.data and "for" not in part.data:
            becomes = [_becomes(one) for one in item.triggers]
            entity_id, wanted = _single(part), _wanted(part)
            if entity_id is None or any("." in one for one in wanted):
                continue
            if all(one is not None and one[0] == entity_id and not one[1] & wanted
                   for one in becomes):  # fmt: skip
                report.error(
                    _CODE, part.at,
                    f"{entity_id} has just become something else than {_or(wanted)} when a "
                    f"trigger fires",
                )  # fmt: skip
        elif part.kind == "time":
            _time_against_triggers(item, part, report)


def _becomes(trigger: Part) -> tuple[str, frozenset[str]] | None:
    """Return which entity is in which states when a trigger fires, if it says so."""
    data = trigger.data
    entity_id = _single(trigger)
    if trigger.kind != "state" or "attribute" in data or entity_id is None:
        return None
    to = frozenset(one for one in listed(data.get("to")) if isinstance(one, str))
    return (entity_id, to) if to and "*" not in to else None


def _time_against_triggers(item: Item, part: Part, report: Report) -> None:
    times = [one for trigger in item.triggers for one in _times(trigger)]
    after, before = _time(part.data.get("after")), _time(part.data.get("before"))
    given = [key for key in ("after", "before") if key in part.data]
    if not times or None in times or not given:
        return
    if ("after" in given and after is None) or ("before" in given and before is None):
        return
    begin, end = after or time(), before
    if not any(_within(one, begin, end) for one in times if one is not None):
        shown = ", ".join(sorted(one.strftime("%H:%M") for one in times if one is not None))
        report.error(_CODE, part.at, f"the triggers fire at {shown}, outside of this time")


def _times(trigger: Part) -> Iterator[time | None]:
    """Return the fixed times of a trigger; None for what is not fixed."""
    if trigger.kind != "time":
        yield None
        return
    for one in listed(trigger.data.get("at")):
        yield _time(one)


def _time(value: Any) -> time | None:
    if value is None or isinstance(value, Mapping) or is_template(value):
        return None
    try:
        return time_of_day(value)
    except vol.Invalid:
        return None


def _within(moment: time, begin: time, end: time | None) -> bool:
    if end is None:
        return begin <= moment
    if begin < end:
        return begin <= moment < end
    return not end <= moment < begin


def _wanted(part: Part) -> frozenset[str]:
    return frozenset(one for one in listed(part.data.get("state")) if isinstance(one, str))


def _single(part: Part) -> str | None:
    found = entities_in(part.data.get("entity_id"))
    return found[0] if len(found) == 1 else None


def _or(states: frozenset[str]) -> str:
    return " or ".join(repr(one) for one in sorted(states))
