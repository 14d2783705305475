"""From what the configuration says of triggers to triggers that can be armed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol

from casita_automations.parsing import (
    At,
    enabled,
    expect_mapping,
    listed,
    quoted,
    template_value,
)
from casita_automations.parts import Parts
from casita_automations.templates import Value
from casita_automations.triggers import (
    calendar,
    conversation,
    device,
    event,
    foreign,
    geo_location,
    homeassistant,
    numeric_state,
    persistent_notification,
    state,
    sun,
    tag,
    template,
    time,
    time_pattern,
    webhook,
    zone,
)
from casita_automations.triggers.source import Source

_COMMON: Final = ("platform", "trigger", "id", "alias", "enabled", "variables")
_KINDS: Final[Mapping[str, Callable[[dict[str, Any], At, Parts], Source]]] = {
    "calendar": calendar.compiled,
    "conversation": conversation.compiled,
    "device": device.compiled,
    "event": event.compiled,
    "geo_location": geo_location.compiled,
    "homeassistant": homeassistant.compiled,
    "numeric_state": numeric_state.compiled,
    "persistent_notification": persistent_notification.compiled,
    "state": state.compiled,
    "sun": sun.compiled,
    "tag": tag.compiled,
    "template": template.compiled,
    "time": time.compiled,
    "time_pattern": time_pattern.compiled,
    "webhook": webhook.compiled,
    "zone": zone.compiled,
}


_BASE: Final = vol.Schema(
    {
        vol.Optional("id"): quoted,
        vol.Optional("alias"): quoted,
        vol.Optional("variables"): dict,
        vol.Optional("enabled"): object,
    },
    extra=vol.ALLOW_EXTRA,
)


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """A trigger of an automation, or of a wait."""

    source: Source
    base: dict[str, Any]
    """What its ``trigger`` variable has in any case: id, idx, alias."""
    variables: Value | None
    """Its own ``variables:``, rendered when it fires."""
    enabled: bool


def compile_triggers(data: Any, at: At, parts: Parts) -> list[CompiledTrigger]:
    """Compile triggers, also those in nested ``triggers:`` lists. Raises `ConfigError`."""
    found = []
    for index, (item, where) in enumerate(flat(data, at)):
        found.append(_compiled(item, where, index, parts))
    return found


def flat(data: Any, at: At) -> list[tuple[dict[str, Any], At]]:
    """Return each trigger with its place, also those in nested lists. Raises `ConfigError`."""
    found: list[tuple[dict[str, Any], At]] = []
    many = isinstance(data, list)
    for index, item in enumerate(listed(data)):
        where = at.below(index) if many else at
        mapping = expect_mapping(item, where, "a trigger")
        if mapping.keys() == {"triggers"}:
            found += flat(mapping["triggers"], where.below("triggers"))
        else:
            found.append((mapping, where))
    return found


def _compiled(item: dict[str, Any], at: At, index: int, parts: Parts) -> CompiledTrigger:
    kind = _kind(item, at, parts)
    config = {key: value for key, value in item.items() if key not in _COMMON}
    compiled = _KINDS.get(kind)
    if compiled is not None:
        source = compiled(config, at, parts)
    else:
        source = foreign.compiled(kind, config, at, parts)
    given = at.check(_BASE, {key: item[key] for key in _COMMON if key in item})
    base = {
        "id": given.get("id", str(index)),
        "idx": str(index),
        "alias": given.get("alias"),
        "platform": kind,
    }
    variables = None
    if item.get("variables"):
        variables = template_value(parts.templates, item["variables"], at.below("variables"))
    return CompiledTrigger(source, base, variables, enabled(parts.templates, item, at))


def _kind(item: Mapping[str, Any], at: At, parts: Parts) -> str:
    if "platform" in item and "trigger" in item:
        at.below("platform").refuse("both 'platform' and 'trigger' are given; keep 'trigger'")
    kind = item.get("trigger", item.get("platform"))
    known = {*_KINDS, *parts.kernel.vocabulary.triggers, *foreign.ELSEWHERE}
    if not isinstance(kind, str):
        at.refuse("a trigger names its kind, as 'trigger: state'")
    if kind not in known:
        at.refuse(foreign.refused(kind, known))
    return kind
