"""Options that name entities: they check the domain, and tell which entities a plugin asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from casita_config._sentences import shown
from casita_config._shapes import key_of, opened
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
        if self.domains and checked.partition(".")[0] not in self.domains:
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

    They are all that the value's owner may command.
    """
    found: set[str] = set()
    for shape in opened(schema):
        if isinstance(shape, EntityOption):
            found |= _ids(value)
        elif isinstance(shape, Mapping) and isinstance(value, Mapping):
            found |= _in_mapping(shape, value)
        elif isinstance(shape, (list, tuple)) and isinstance(value, (list, tuple)):
            found.update(*(entities_in(part, item) for part in shape for item in value), set())
    return found


def _in_mapping(shape: Mapping[Any, Any], value: Mapping[Any, Any]) -> set[str]:
    named = {key_of(key): below for key, below in shape.items()}
    wild = [below for key, below in named.items() if callable(key)]
    found: set[str] = set()
    for key, item in value.items():
        for below in [named[key]] if key in named else wild:
            found |= entities_in(below, item)
    return found


def _ids(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()
