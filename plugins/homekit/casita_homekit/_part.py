"""One entity made of one service of an accessory: how it is read, and how it is commanded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohomekit.model.services.service import Service

from casita import Command, Entity

Values = Mapping[str, Any]
"""Values of a service's characteristics, by type."""
Report = tuple[str | bool | float | None, Mapping[str, Any]]
"""State and attributes, as `Entity.observe` takes them."""
Writes = Mapping[str, Any]
"""What to write, by type of characteristic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An entity and its place in the accessory."""

    entity: Entity
    read: Callable[[Values], Report]
    write: Callable[[Command, Values], Writes] | None = None


def unique_id(service: Service) -> str:
    """Return what tells a service from all others of its bridge."""
    return f"{service.accessory.aid}.{service.iid}"


def values_of(service: Service) -> dict[str, Any]:
    """Return the present values of a service's characteristics."""
    return {char.type: char.value for char in service.characteristics}


def limit(service: Service, kind: str, *, low: bool) -> float | None:
    """Return the least or the greatest value of a characteristic, if it has it and says so."""
    if not service.has(kind):
        return None
    char = service[kind]
    value = char.minValue if low else char.maxValue
    return None if value is None else float(value)
