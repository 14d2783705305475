"""Finds the template entities of all files, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from casita.errors import ConfigError, Problem
from casita_automations.parsing import At, expect_mapping
from casita_automations.template_entities import old_spelling
from casita_config import Configuration

SECTION: Final = "template"


class Declared(NamedTuple):
    """A block: entities, with the triggers that they share if they have any."""

    node: Any
    at: At
    domain: str | None = None
    """Of an entity in the old spelling."""
    object_id: str | None = None
    """Its key in the old spelling, which is the wish for its entity id."""


def blocks(config: Configuration, problems: list[Problem]) -> Iterator[Declared]:
    """Go through all blocks, in the order of the files; what is wrong goes to ``problems``."""
    for share in config.sections.get(SECTION, ()):
        for node, at in _items(share.node, At(share.node, SECTION)):
            yield Declared(node, at)
    for domain, container in old_spelling.CONTAINERS.items():
        for share in config.sections.get(domain, ()):
            for node, at in _items(share.node, At(share.node, domain)):
                try:
                    yield from _of_platform(node, at, domain, container)
                except ConfigError as err:
                    problems += err.problems


def _of_platform(node: Any, at: At, domain: str, container: str | None) -> Iterator[Declared]:
    item = expect_mapping(node, at, "a platform")
    platform = item.get("platform")
    if platform != old_spelling.PLATFORM:
        at.below("platform").refuse(
            f"there is no platform {platform!r} for {domain}; here stands 'platform: template', "
            f"other devices come from a plugin under 'plugins:'"
        )
    if container is None:
        yield Declared(item, at, domain)
        return
    if container not in item:
        at.refuse(f"the key {container!r} is missing; the entities stand under it by name")
    named = expect_mapping(item[container], at.below(container), "entities by name")
    for name, entity in named.items():
        yield Declared(entity, at.below(container, name), domain, str(name))


def _items(node: Any, at: At) -> Iterator[tuple[Any, At]]:
    """Go through a list, and the lists in it, as includes make them; a mapping is one item."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _items(item, at.below(index))
    elif isinstance(node, Mapping) or node is not None:
        yield node, at
