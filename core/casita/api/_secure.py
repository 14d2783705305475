"""Tells which commands reach a lock, an alarm or a door that lets people in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from casita.ids import domain_of
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Service

_DOMAINS: Final = frozenset({"lock", "alarm_control_panel"})
_COVERS: Final = frozenset({"garage", "gate", "door"})
"""Device classes of covers that a person can walk or drive through."""
_GROUP: Final = "group"
_INDIRECT: Final = ("device_id", "area_id", "floor_id", "label_id")


def secured(
    kernel: Kernel, service_id: str, target: Target | None, data: Mapping[str, Any]
) -> str | None:
    """Return what a call would reach that is secured, or None if nothing is.

    Entities count wherever they are named: in the target, as a member of a group or scene
    that is, or anywhere in the data.
    """
    if domain_of(service_id) in _DOMAINS:
        return service_id
    service = kernel.commands.service(service_id)
    if service is None:
        return None
    named = {*_addressed(kernel, service, target), *_mentioned(kernel, data)}
    return next((one for one in _with_members(kernel, named) if _is_secured(kernel, one)), None)


def _is_secured(kernel: Kernel, entity_id: str) -> bool:
    domain = domain_of(entity_id)
    if domain in _DOMAINS:
        return True
    state = kernel.states.get(entity_id)
    return (
        domain == "cover" and state is not None and state.attributes.get("device_class") in _COVERS
    )


def _addressed(kernel: Kernel, service: Service, target: Target | None) -> Iterator[str]:
    """Find the entities of a target that a call reaches: a group stands for its members."""
    if target is None:
        return
    everybody = "all" in target.entity_id
    ids = (one.entity_id for one in kernel.states) if everybody else kernel.registry.resolve(target)
    domains = service.targets or (service.domain,)
    for entity_id in _with_members(kernel, ids, of=_GROUP):
        if service.handler is not None or domain_of(entity_id) in domains:
            yield entity_id


def _mentioned(kernel: Kernel, value: Any) -> Iterator[str]:
    """Find entities in data: ids as values or keys, alone or parted by commas; areas and such."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            words = (word.strip().lower() for word in one.split(","))
            yield from (word for word in words if word in kernel.states)
        elif isinstance(one, Mapping):
            waiting.extend((*one.keys(), *one.values()))
            yield from kernel.registry.resolve(_target_in(one))
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def _target_in(data: Mapping[str, Any]) -> Target:
    found = {key: data[key] for key in _INDIRECT if key in data}
    lists = {key: [ids] if isinstance(ids, str) else ids for key, ids in found.items()}
    return Target(
        **{
            key: [one for one in ids if isinstance(one, str)]
            for key, ids in lists.items()
            if isinstance(ids, list | tuple)
        }
    )


def _with_members(
    kernel: Kernel, entity_ids: Iterable[str], *, of: str | None = None
) -> Iterator[str]:
    """Go through entities and the members of those that have some, or only ``of`` a domain."""
    waiting = list(entity_ids)
    seen: set[str] = set()
    while waiting:
        entity_id = waiting.pop()
        if entity_id in seen:
            continue
        seen.add(entity_id)
        yield entity_id
        state = kernel.states.get(entity_id)
        if state is not None and of in (None, state.domain):
            members = state.attributes.get("entity_id")
            if isinstance(members, list | tuple):
                waiting.extend(one for one in members if isinstance(one, str))
