"""Options that name entities: they check the domain, and tell which entities a plugin asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import voluptuous as vol

from casita_config._sentences import shown
from casita_config._shapes import key_of
from casita_config.schemas import entity_id, entity_ids


class EntityOption:
    """Takes one entity id of certain domains; of any domain, if none is given."""

    def __init__(self, *domains: str) -> None:
        self.domains = domains

    def __call__(self, value: Any) -> str:
        return self._of_domain(entity_id(value))

    def __repr__(self) -> str:
        return f"entity({', '.join(map(repr, self.domains))})"

    def _of_domain(self, checked: str) -> str:
        if self.domains and checked.split(".")[-2] not in self.domains:
            wanted = " or ".join(self.domains)
            raise vol.Invalid(f"{shown(checked)} is no {wanted}; name one, as '{wanted}.hall'")
        return checked


class EntitiesOption(EntityOption):
    """Takes a list of entity ids of certain domains, or one text with commas."""

    def __call__(self, value: Any) -> list[str]:  # type: ignore[override]  # a list of the same
        return [self._of_domain(checked) for checked in entity_ids(value)]

    def __repr__(self) -> str:
        return f"entities({', '.join(map(repr, self.domains))})"


def entity(*domains: str) -> EntityOption:
    """Return a validator for one entity id, as ``entity("light")``."""
    return EntityOption(*domains)


def entities(*domains: str) -> EntitiesOption:
    """Return a validator for a list of entity ids."""
    return EntitiesOption(*domains)


def entities_in(schema: Any, value: Any) -> set[str]:
    """Return the entity ids that a checked value names where its schema has entity options.

    They are all that the value's owner may command. Of alternatives only the one that takes
    the value counts.
    """
    found: set[str] = set()
    for shape in _steps(schema, value):
        if isinstance(shape, EntityOption):
            found |= _taken(shape, value)
        elif isinstance(shape, Mapping) and isinstance(value, Mapping):
            found |= _in_mapping(shape, value)
        elif isinstance(shape, (list, tuple)) and isinstance(value, (list, tuple)):
            for item in value:
                found |= entities_in(vol.Any(*shape), item)
    return found


def _steps(schema: Any, value: Any) -> Iterator[Any]:
    """Go through the parts of a schema that a value has passed."""
    if isinstance(schema, (vol.Schema, vol.Msg)):
        yield from _steps(schema.schema, value)
    elif isinstance(schema, vol.All):
        for step in schema.validators:
            yield from _steps(step, value)
    elif isinstance(schema, (vol.Any, vol.Union, vol.SomeOf)):
        taking = [each for each in schema.validators if _takes(each, value)]
        for each in taking[:1] if isinstance(schema, vol.Any) else taking:
            yield from _steps(each, value)
    else:
        yield schema


def _in_mapping(shape: Mapping[Any, Any], value: Mapping[Any, Any]) -> set[str]:
    named = {key_of(key): below for key, below in shape.items()}
    found: set[str] = set()
    for key, item in value.items():
        if key in named:
            found |= entities_in(named[key], item)
            continue
        for wild, below in named.items():
            if callable(wild) and _takes(wild, key):
                found |= entities_in(wild, key) | entities_in(below, item)
    return found


def _takes(schema: Any, value: Any) -> bool:
    if schema is vol.Extra:
        return True
    try:
        vol.Schema(schema)(value)
    except Exception:  # noqa: BLE001 - a plugin's validator may raise anything
        return False
    return True


def _taken(option: EntityOption, value: Any) -> set[str]:
    if not _takes(option, value):
        return set()
    ids: str | list[str] = option(value)
    return {ids} if isinstance(ids, str) else set(ids)
