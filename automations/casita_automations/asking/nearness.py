"""Why a trigger did not fire over an event that it looks at, and how near that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from casita.errors import CasitaError
from casita.events import Event, State, StateChanged
from casita_automations.asking.declared import DeclaredTrigger
from casita_automations.checking.names import entities_in
from casita_automations.distance import distance_m
from casita_automations.happening import OUR_NAMES, data_of
from casita_automations.numeric import ConditionError, Limits
from casita_automations.parsing import listed
from casita_automations.parts import Parts
from casita_automations.zones import has_place, is_in

_ALMOST: Final = 0.0
_FAR: Final = 1.0


class Near(NamedTuple):
    """How near a trigger came."""

    distance: float
    """0: as near as can be; 1: it only looked at the same entity."""
    message: str


def near(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    """Say why a trigger did not fire over an event; None if the event is none of its business.

    The states of ``parts`` are those just after the event.
    """
    kind = _KINDS.get(trigger.kind)
    return None if kind is None else kind(trigger, event, parts, variables)


def _state(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    change = _change_of(trigger, event)
    if change is None:
        return None
    name, config = change.subject, trigger.config
    attribute = config.get("attribute")
    before, now = (_value(one, attribute) for one in (change.old, change.new))
    what = name if attribute is None else f"{attribute} of {name}"
    if before == now:
        return Near(_FAR, f"{what} stayed {_shown(now)}: only other details changed")
    fits_from = _fits(before, config, "from", "not_from")
    if _fits(now, config, "to", "not_to"):
        if fits_from:
            return None
        wanted = _wanted(config, "from", "not_from")
        return Near(_ALMOST, f"{what} came from {_shown(before)}, and {wanted} is asked for")
    wanted = _wanted(config, "to", "not_to")
    return Near(
        0.5 if fits_from and "from" in config else 0.8,
        f"{what} became {_shown(now)}, and {wanted} is asked for",
    )


def _numeric(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    change = _change_of(trigger, event)
    if change is None or change.new is None:
        return None
    config = trigger.config
    template = config.get("value_template")
    compiled = None if template is None else parts.templates.template(str(template))
    limits = Limits(dict(config), compiled, parts.kernel.states)
    try:
        inside = limits.hold_for(change.subject, change.new, variables)
    except ConditionError as err:
        return Near(_FAR, str(err))
    value = limits.value_of(change.new, variables)
    if inside:
        return Near(0.3, f"{change.subject} was {_shown(value)}: within the limits already, and "
                         f"it has to come from outside")  # fmt: skip
    bounds = [(key, _number(config.get(key), parts)) for key in ("above", "below")]
    missing = [
        (abs(float(value) - bound), key, bound)
        for key, bound in bounds
        if bound is not None and _is_number(value) and not _keeps(key, float(value), bound)
    ]
    if not missing:
        return Near(_FAR, f"{change.subject} was {_shown(value)}, which is no number")
    apart, key, bound = min(missing)
    return Near(
        min(0.9, apart / (abs(bound) + apart or 1.0)),
        f"{change.subject} was {_shown(value)}, which is not {key} {bound:g}",
    )


def _zone(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    change = _change_of(trigger, event)
    zone_id = str(trigger.config.get("zone"))
    zone = parts.kernel.states.get(zone_id)
    if change is None or change.new is None:
        return None
    if zone is None:
        return Near(_FAR, f"there is no {zone_id}")
    if not has_place(change.new):
        return Near(_FAR, f"{change.subject} did not say where it is")
    leaves = trigger.config.get("event", "enter") == "leave"
    inside, was = is_in(zone, change.new), change.old is not None and is_in(zone, change.old)
    if inside == was:
        where = "in" if inside else "outside of"
        metres = _metres(zone, change.new)
        apart = "" if metres is None else f", {metres:.0f} m from its middle"
        closeness = _FAR if metres is None else min(0.9, metres / (metres + 1000.0))
        return Near(closeness, f"{change.subject} stayed {where} {zone.name}{apart}")
    did = "entered" if inside else "left"
    wanted = "leaving" if leaves else "entering"
    return Near(0.4, f"{change.subject} {did} {zone.name}, and {wanted} is asked for")


def _event(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    names = [str(one) for one in listed(trigger.config.get("event_type"))]
    if event.type not in {OUR_NAMES.get(name, name) for name in names}:
        return None
    wanted = trigger.config.get("event_data")
    data = data_of(event)
    if isinstance(wanted, Mapping):
        for key, value in wanted.items():
            if data.get(key) != value:
                return Near(0.2, f"its {key} was {_shown(data.get(key))}, and {_shown(value)} is "
                                 f"asked for")  # fmt: skip
    context = trigger.config.get("context")
    users = listed(context.get("user_id")) if isinstance(context, Mapping) else []
    if users and event.actor not in users:
        return Near(0.2, f"it came from {event.actor or 'nobody'}, and {users[0]} is asked for")
    return None


def _template(
    trigger: DeclaredTrigger, event: Event, parts: Parts, variables: Mapping[str, Any]
) -> Near | None:
    source = str(trigger.config.get("value_template", ""))
    try:
        template = parts.templates.template(source)
    except CasitaError as err:
        return Near(_FAR, str(err))
    result, reads = template.render_tracked(variables)
    if event.subject not in reads.entities:
        return None
    values = ", ".join(f"{one} {_state_of(parts, one)}" for one in sorted(reads.entities))
    if isinstance(result, Exception):
        return Near(0.6, f"the template failed: {result}")
    if str(result).lower() in ("true", "on", "yes", "1"):
        return Near(0.3, f"the template was true already ({values}); it has to be false first")
    return Near(0.5, f"the template gave {_shown(result)} ({values})")


def _change_of(trigger: DeclaredTrigger, event: Event) -> StateChanged | None:
    watched = entities_in(trigger.config.get("entity_id"))
    return event if isinstance(event, StateChanged) and event.subject in watched else None


def _value(state: State | None, attribute: str | None) -> Any:
    if state is None:
        return None
    return state.state if attribute is None else state.attributes.get(attribute)


def _fits(value: Any, config: Mapping[str, Any], wanted: str, unwanted: str) -> bool:
    if config.get(wanted) is not None:
        values = listed(config[wanted])
        return "*" in values or value in values
    if unwanted in config:
        return config[unwanted] is not None and value not in listed(config[unwanted])
    return True


def _wanted(config: Mapping[str, Any], wanted: str, unwanted: str) -> str:
    if config.get(wanted) is not None:
        return " or ".join(_shown(one) for one in listed(config[wanted]))
    return f"not {' or '.join(_shown(one) for one in listed(config.get(unwanted)))}"


def _number(value: Any, parts: Parts) -> float | None:
    if isinstance(value, str):
        state = parts.kernel.states.get(value.strip().lower())
        value = value if state is None else state.state
    return float(value) if _is_number(value) else None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _keeps(key: str, value: float, bound: float) -> bool:
    return value > bound if key == "above" else value < bound


def _metres(zone: State, state: State) -> float | None:
    here, there = zone.attributes, state.attributes
    try:
        return distance_m(
            float(here["latitude"]), float(here["longitude"]),
            float(there["latitude"]), float(there["longitude"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def _state_of(parts: Parts, entity_id: str) -> str:
    state = parts.kernel.states.get(entity_id)
    return "is missing" if state is None else state.state


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"{value!r}" if isinstance(value, str) else str(value)


_KINDS: Final[
    Mapping[str, Callable[[DeclaredTrigger, Event, Parts, Mapping[str, Any]], Near | None]]
] = {
    "event": _event,
    "numeric_state": _numeric,
    "state": _state,
    "template": _template,
    "zone": _zone,
}
