"""Finds the automations and scripts of all files, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from casita_automations.parsing import At
from casita_config import Configuration

SECTIONS: Final = ("automation", "automations")
_MARKS: Final = frozenset(
    {"trigger", "triggers", "action", "actions", "use", "use_blueprint", "alias", "id"}
)
"""Keys of which an automation has at least one; a mapping without them holds automations."""


class Declared(NamedTuple):
    """An item as it stands in a file."""

    node: Any
    at: At
    name: str | None
    """Its key, where it stands in a mapping."""


def automations(config: Configuration) -> Iterator[Declared]:
    """Go through all automations, in the order of the files."""
    for section in SECTIONS:
        for share in config.sections.get(section, ()):
            yield from _items(share.node, At(share.node, section))


def scripts(config: Configuration) -> Iterator[Declared]:
    """Go through all scripts, in the order of the files."""
    for share in config.sections.get("script", ()):
        at = At(share.node, "script")
        if isinstance(share.node, Mapping):
            for name, node in share.node.items():
                yield Declared(node, at.below(name), str(name))
        elif share.node:
            yield Declared(share.node, at, None)


def _items(node: Any, at: At) -> Iterator[Declared]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _items_of_list(item, at.below(index))
    elif isinstance(node, Mapping) and not _MARKS & node.keys():
        for name, item in node.items():
            yield Declared(item, at.below(name), str(name))
    elif node is not None:
        yield Declared(node, at, None)


def _items_of_list(item: Any, at: At) -> Iterator[Declared]:
    """Open a list in the list, as an include of a file with a list makes it."""
    if isinstance(item, list):
        for index, inner in enumerate(item):
            yield Declared(inner, at.below(index), None)
    elif item is not None:
        yield Declared(item, at, None)
