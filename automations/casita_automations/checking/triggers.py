"""Triggers that can never fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita.ids import domain_of
from casita_automations.checking.names import entities_in
from casita_automations.checking.report import Report
from casita_automations.checking.slips import misspells
from casita_automations.checking.values import has_no_number, possible_states
from casita_automations.checking.walk import Item, Part
from casita_automations.checking.world import World
from casita_automations.happening import OUR_NAMES
from casita_automations.parsing import listed
from casita_automations.templates import Templates, is_template
from casita_config import nearest

_CODE: Final = "never-fires"
_EVENTS: Final = (
    *OUR_NAMES, "timer.started", "timer.restarted", "timer.paused", "timer.cancelled",
    "timer.finished", "device.found", "device.adopted", "device.lost", "device.back",
    "command.failed", "run.finished", "entity_registry_updated", "device_registry_updated",
    "mobile_app_notification_action", "zha_event", "deconz_event", "zwave_js_value_notification",
    "telegram_command", "telegram_callback", "tag_scanned", "ios.action_fired",
)  # fmt: skip


def check_triggers(
    item: Item, world: World, templates: Templates, own_events: frozenset[str], report: Report
) -> None:
    """Tell of triggers in an item that can never fire."""
    for part in (*item.triggers, *item.waits):
        kind = part.kind
        if kind == "state":
            _state(part, world, report)
        elif kind == "numeric_state":
            _numeric(part, world, report)
        elif kind == "template":
            _template(part, item, templates, report)
        elif kind == "event":
            _event(part, own_events, report)
        elif kind == "time":
            _time(part, world, report)


def _state(part: Part, world: World, report: Report) -> None:
    data = part.data
    if "attribute" in data:
        return
    to, from_ = _texts(data.get("to")), _texts(data.get("from"))
    if len(to) == 1 and to == from_:
        report.error(
            _CODE, part.at.below("to"), f"'from' and 'to' are both {to[0]!r}: no change is"
        )
        return
    for key, wanted in (("to", to), ("from", from_)):
        for entity_id in entities_in(data.get("entity_id")):
            possible = possible_states(entity_id, world.attributes(entity_id))
            if possible is None or not wanted or "*" in wanted:
                continue
            wrong = [one for one in wanted if one not in possible]
            if len(wrong) == len(wanted):
                report.error(_CODE, part.at.below(key), never_is(entity_id, wrong[0], possible))


def never_is(entity_id: str, state: str, possible: frozenset[str]) -> str:
    """Say that an entity is never in a state, with what was probably meant."""
    near = nearest(state.lower(), possible)
    shown = ", ".join(sorted(possible - {"unavailable", "unknown"}))
    hint = f" Did you mean {near!r}?" if near else ""
    return f"{entity_id} is never {state!r}; it is one of {shown}.{hint}"


def _numeric(part: Part, world: World, report: Report) -> None:
    for entity_id in entities_in(part.data.get("entity_id")):
        message = beyond(part.data, entity_id, world)
        if message:
            report.error(_CODE, part.at, message)


def beyond(data: Mapping[str, Any], entity_id: str, world: World) -> str | None:
    """Say why an entity's number never lies between these limits; None if it may."""
    if "attribute" in data or "value_template" in data:
        return None
    if has_no_number(entity_id):
        return f"the state of {entity_id} is no number; name an 'attribute', or use a state"
    above, below = _number(data.get("above")), _number(data.get("below"))
    if above is not None and below is not None and above >= below:
        return f"nothing is above {above:g} and below {below:g}"
    attributes = world.attributes(entity_id)
    if domain_of(entity_id) not in ("input_number", "number"):
        return None
    low, high = _number(attributes.get("min")), _number(attributes.get("max"))
    if above is not None and high is not None and above >= high:
        return f"{entity_id} is never above {above:g}: its highest value is {high:g}"
    if below is not None and low is not None and below <= low:
        return f"{entity_id} is never below {below:g}: its lowest value is {low:g}"
    return None


def _template(part: Part, item: Item, templates: Templates, report: Report) -> None:
    source = part.data.get("value_template")
    if isinstance(source, str) and not item.data.get("trigger_variables"):
        result, reads = templates.template(source).render_tracked({})
        if isinstance(result, Exception):
            return
        if not (reads.entities or reads.domains or reads.all_states or reads.time):
            report.error(
                _CODE, part.at.below("value_template"),
                "the template looks at no state and no time: its result never changes",
            )  # fmt: skip


def _event(part: Part, own_events: frozenset[str], report: Report) -> None:
    for one in listed(part.data.get("event_type")):
        if not isinstance(one, str) or is_template(one) or one in _EVENTS or one in own_events:
            continue
        near = nearest(one, (*_EVENTS, *own_events))
        if near is not None and _alike(one, near):
            report.warning(
                _CODE, part.at.below("event_type"),
                f"nothing here emits the event {one!r}; is it a slip for {near!r}?",
            )  # fmt: skip


def _alike(word: str, known: str) -> bool:
    return word.lower() == known.lower() or misspells(word, known)


def _time(part: Part, world: World, report: Report) -> None:
    for one in listed(part.data.get("at")):
        entity_id = one.get("entity_id") if isinstance(one, Mapping) else one
        if not isinstance(entity_id, str) or domain_of(entity_id) != "sensor":
            continue
        attributes = world.attributes(entity_id)
        if attributes and attributes.get("device_class") != "timestamp":
            report.error(
                _CODE, part.at.below("at"),
                f"{entity_id} names no time: its device_class is not 'timestamp'",
            )  # fmt: skip


def _texts(value: Any) -> list[str]:
    return [one for one in listed(value) if isinstance(one, str)]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
