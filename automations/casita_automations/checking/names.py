"""Names that lead nowhere: of entities, services, their fields, attributes, areas, devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita.ids import domain_of, is_entity_id
from casita.services import Service
from casita_automations.actions.call import listed_ids
from casita_automations.checking.reading import Mentions
from casita_automations.checking.report import Report
from casita_automations.checking.walk import Call, Item, Part
from casita_automations.checking.world import World
from casita_automations.parsing import At
from casita_automations.templates import is_template
from casita_config import nearest

_GROUP: Final = "group"
_WORDS: Final = {
    "area_id": "area", "device_id": "device", "floor_id": "floor", "label_id": "label",
}  # fmt: skip
_DYNAMIC: Final = frozenset({"notify", "rest_command", "shell_command", "python_script", "tts"})
"""Domains whose services are named by the people of the house."""


def check_names(item: Item, world: World, mentions: Mentions, report: Report) -> None:
    """Tell of every name in an item that leads nowhere."""
    for part in (*item.triggers, *item.waits, *item.conditions, *item.denied):
        for entity_id, at in _entities_of(part):
            _entity(entity_id, at, world, report)
        _attribute(part, world, report)
    for call in item.calls:
        _call(call, world, report)
    for text in item.texts:
        read = mentions.of(text.source)
        for entity_id in read.entities:
            _entity(entity_id, text.at, world, report)
        for entity_id, attribute in read.attributes:
            _one_attribute(entity_id, attribute, text.at, world, report)
        for message in read.faults:
            report.error("template-word", text.at, message)


def _entities_of(part: Part) -> Iterator[tuple[str, At]]:
    for key in ("entity_id", "zone"):
        yield from _ids(part.data.get(key), part.at.below(key))
    for key in ("above", "below"):
        value = part.data.get(key)
        if isinstance(value, str) and is_entity_id(value.strip().lower()) and value[:1].isalpha():
            yield value.strip().lower(), part.at.below(key)
    if part.kind == "time":
        for key in ("at", "after", "before"):
            yield from _moments(part.data.get(key), part.at.below(key))


def _moments(value: Any, at: At) -> Iterator[tuple[str, At]]:
    for one in value if isinstance(value, list) else [value]:
        yield from _ids(one.get("entity_id") if isinstance(one, Mapping) else one, at)


def _ids(value: Any, at: At) -> Iterator[tuple[str, At]]:
    if value is None or isinstance(value, Mapping):
        return
    many = isinstance(value, list)
    for index, one in enumerate(listed_ids(value)):
        if isinstance(one, str) and not is_template(one) and is_entity_id(one.strip().lower()):
            yield one.strip().lower(), at.below(index) if many else at


def _entity(entity_id: str, at: At, world: World, report: Report) -> None:
    if world.has(entity_id):
        return
    if world.is_certain(entity_id):
        near = world.nearest_entity(entity_id)
        hint = f" Did you mean {near!r}?" if near else ""
        report.warning("unknown-entity", at, f"there is no entity {entity_id}.{hint}")
        return
    near = world.misspelt_entity(entity_id)
    if near is not None:
        report.warning(
            "unknown-entity", at,
            f"{entity_id} is not declared here; is it a slip for {near!r}?",
        )  # fmt: skip


def _attribute(part: Part, world: World, report: Report) -> None:
    name = part.data.get("attribute")
    if isinstance(name, str):
        for entity_id, _ in _ids(part.data.get("entity_id"), part.at):
            _one_attribute(entity_id, name, part.at.below("attribute"), world, report)


def _one_attribute(entity_id: str, name: str, at: At, world: World, report: Report) -> None:
    known = world.attributes(entity_id)
    near = None if name in known else nearest(name, known)
    if near is not None:
        report.warning(
            "unknown-attribute",
            at,
            f"{entity_id} has no attribute {name!r}. Did you mean {near!r}?",
        )


def entities_in(value: Any) -> list[str]:
    """Return the entity ids that stand under ``entity_id``, templates left out."""
    if value is None or isinstance(value, Mapping):
        return []
    texts = (one.strip().lower() for one in listed_ids(value) if isinstance(one, str))
    return [one for one in texts if is_entity_id(one)]


# Services


def _call(call: Call, world: World, report: Report) -> None:
    _target_names(call, world, report)
    if is_template(call.service):
        return
    service = world.services.get(call.service)
    if service is None:
        _unknown_service(call, world, report)
        return
    _fields(call, service, report)
    if service.handler is None:
        _addressed(call, service, report)


def _target_names(call: Call, world: World, report: Report) -> None:
    for key, ids in call.targets.items():
        for one in ids:
            if not isinstance(one, str) or is_template(one):
                continue
            if key == "entity_id":
                if is_entity_id(one.lower()):
                    _entity(one.lower(), call.places.get(key, call.at), world, report)
            elif key in _WORDS:
                _named(one, key, call.places.get(key, call.at), world, report)


def _named(name: str, key: str, at: At, world: World, report: Report) -> None:
    known = world.names[key]
    if name in known:
        return
    near = nearest(name, known)
    if world.whole:
        hint = f" Did you mean {near!r}?" if near else ""
        report.warning(f"unknown-{_WORDS[key]}", at, f"there is no {_WORDS[key]} {name!r}.{hint}")
    elif near is not None:
        report.warning(
            f"unknown-{_WORDS[key]}", at,
            f"no {_WORDS[key]} {name!r} is declared here; is it a slip for {near!r}?",
        )  # fmt: skip


def _unknown_service(call: Call, world: World, report: Report) -> None:
    domain = domain_of(call.service)
    if domain in world.plugins or domain in _DYNAMIC:
        return
    why = did_you_mean(call.service, world.services)
    if domain not in {domain_of(one) for one in world.services}:
        why = why or " No plugin under 'plugins:' offers any of this kind."
    at = call.at.below(call.key)
    report.error("unknown-service", at, f"there is no service {call.service}.{why}")


def _fields(call: Call, service: Service, report: Report) -> None:
    """Check the data that is constant; what a template gives is known only when it runs."""
    constant = {key: value for key, value in call.data.items() if not _has_template(value)}
    try:
        service.schema(constant)
    except vol.MultipleInvalid as err:
        for one in err.errors:
            _field_fault(call, service, one, report)
    except vol.Invalid as err:
        _field_fault(call, service, err, report)
    for key in call.data.keys() - constant.keys():
        known = {str(name) for name in service.schema.schema} if _closed(service) else set()
        if known and key not in known:
            _unknown_field(call, service, key, known, report)


def _field_fault(call: Call, service: Service, err: vol.Invalid, report: Report) -> None:
    if err.error_message == "extra keys not allowed":
        known = {str(key) for key in service.schema.schema}
        _unknown_field(call, service, str(err.path[-1]), known, report)
        return
    if str(err.error_message).startswith("required key"):
        name = str(err.path[-1])
        if name not in call.data and not call.templated_target:
            report.error("bad-data", call.at, f"{service.id} needs the field {name!r}")
        return
    if err.path and len(call.data) > 0 and str(err.path[0]) in call.data:
        report.error(
            "bad-data",
            call.places.get(str(err.path[0]), call.at),
            f"{service.id}: {'.'.join(map(str, err.path))}: {err.error_message}",
        )


def _unknown_field(
    call: Call, service: Service, name: str, known: set[str], report: Report
) -> None:
    report.error(
        "unknown-field", call.places.get(name, call.at),
        f"{service.id} has no field {name!r}.{did_you_mean(name, known)}",
    )  # fmt: skip


def _closed(service: Service) -> bool:
    return isinstance(service.schema.schema, Mapping) and not service.schema.extra


def _addressed(call: Call, service: Service, report: Report) -> None:
    if call.templated_target:
        return
    if not any(call.targets.values()):
        report.error("no-target", call.at, f"{service.id} needs a target, as 'entity_id: ...'")
        return
    domains = service.targets or (service.domain,)
    for one in call.targets.get("entity_id", ()):
        wrong = isinstance(one, str) and is_entity_id(one.lower()) and not is_template(one)
        if wrong and domain_of(one.lower()) not in (*domains, _GROUP):
            report.error(
                "wrong-domain", call.places.get("entity_id", call.at),
                f"{service.id} does nothing for {one}: it is for {', '.join(sorted(domains))}",
            )  # fmt: skip


def _has_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_template(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_template(one) for one in value)
    return is_template(value)
