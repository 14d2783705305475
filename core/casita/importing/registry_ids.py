"""Puts entities in the place of ids that only Home Assistant's registries know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from casita.ids import domain_of
from casita.importing.layout import Layout, Piece
from casita.importing.names import EntityNames
from casita.importing.texts import Texts

_ID: Final = re.compile(r"(?<![0-9a-z_])[0-9a-f]{32}(?![0-9a-z_])")
_SECTIONS: Final = frozenset({"automation", "automations", "script", "scene"})
_DEVICE: Final = "device_id"
_TARGETS: Final = ("target", "data")
_CALLS: Final = ("action", "service")
_ANY_DOMAIN: Final = "homeassistant"


def name_entities(texts: Texts, layout: Layout, names: EntityNames) -> Iterator[tuple[Piece, str]]:
    """Write entity ids where a file names entities, or the target of a call, by registry ids.

    The number of lines stays. Yields each target of which the devices were replaced, with the
    entities.
    """
    for piece in layout.pieces:
        if piece.section not in _SECTIONS:
            continue
        if isinstance(piece.node, yaml.ScalarNode) and _named(piece.node.value, names) is not None:
            for number in range(piece.first, max(piece.first, piece.last) + 1):
                line = texts.line(piece.file, number)
                texts.replace_line(piece.file, number, _named(line, names) or line)
        if piece.role[-1] == _DEVICE:
            entities = _entities_of_target(piece, names)
            if entities and _replaced(texts, piece, entities):
                yield piece, ", ".join(entities)


def _named(text: str, names: EntityNames) -> str | None:
    """Return a text with entity ids in the place of registry ids; None if it has none."""
    known = names.by_registry_id
    if not any(one in known for one in _ID.findall(text)):
        return None
    return _ID.sub(lambda found: known.get(found[0], found[0]), text)


def _entities_of_target(piece: Piece, names: EntityNames) -> list[str]:
    """Return what a call reaches through the devices that it names; nothing if that is unclear."""
    target = piece.parent
    call = target.parent if target is not None else None
    if target is None or call is None or target.role[-1] not in _TARGETS:
        return []
    service = call.value(*_CALLS)
    if not service or "{" in service or "entity_id" in _keys(target.node):
        return []
    found: list[str] = []
    for device_id in _texts(piece.node):
        entities = names.reached_in(device_id)
        if entities is None:
            return []
        domain = domain_of(service)
        found += [one for one in entities if domain in (_ANY_DOMAIN, domain_of(one))]
    return list(dict.fromkeys(found))


def _replaced(texts: Texts, piece: Piece, entities: Sequence[str]) -> bool:
    """Name entities in the lines of ``device_id``; say whether that could be done."""
    named = (
        f"entity_id: {entities[0]}" if len(entities) == 1 else f"entity_id: [{', '.join(entities)}]"
    )
    first = texts.line(piece.file, piece.first)
    if piece.apart and first.lstrip().startswith(_DEVICE):
        indent = first[: len(first) - len(first.lstrip())]
        texts.replace_line(piece.file, piece.first, f"{indent}{named}")
        for number in range(piece.first + 1, piece.last + 1):
            texts.replace_line(piece.file, number, f"{indent}#")
        return True
    ids = _texts(piece.node)
    written = re.compile(rf"""\b{_DEVICE}:\s*["']?{ids[0]}["']?(?=[\s,}}]|$)""") if ids else None
    if written is None or len(ids) > 1 or len(written.findall(first)) != 1:
        return False
    texts.replace_line(piece.file, piece.first, written.sub(named, first))
    return True


def _texts(node: yaml.Node | None) -> list[str]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [str(one.value) for one in nodes if isinstance(one, yaml.ScalarNode)]


def _keys(node: Any) -> set[str]:
    return (
        {str(key.value) for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    )
