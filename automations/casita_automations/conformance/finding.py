"""Finds automations, scripts and blueprints in people's files, however the files are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_AUTOMATION: Final = frozenset(
    {"trigger", "triggers", "action", "actions", "condition", "conditions", "use_blueprint"}
)
"""Keys of which an automation has one at least."""
_SCRIPT: Final = frozenset({"sequence", "use_blueprint"})
_OTHERS: Final = frozenset({"sensor", "binary_sensor", "entities", "sequence", "platform"})
"""Keys that template entities, scenes and sensors have, which are lists of mappings, too."""


@dataclass(frozen=True, slots=True)
class Found:
    """One item of a file."""

    kind: str
    """``automation``, ``script``, or ``blueprint:`` with a domain."""
    index: str
    """Its place among the automations of the file, or its name."""
    node: Any


def items_of(tree: Any, path: Path) -> Iterator[Found]:
    """Go through the items of a file; of a file that holds none, nothing comes."""
    if isinstance(tree, list):
        yield from _numbered(tree)
    elif isinstance(tree, Mapping):
        yield from _of_mapping(tree, path)


def _of_mapping(tree: Mapping[Any, Any], path: Path) -> Iterator[Found]:
    header = tree.get("blueprint")
    if isinstance(header, Mapping):
        yield Found(f"blueprint:{header.get('domain')}", "0", tree)
        return
    sections = list(_sections(tree))
    if sections:
        yield from _of_sections(sections)
    elif _SCRIPT & tree.keys() and not _AUTOMATION - {"use_blueprint"} & tree.keys():
        yield Found("script", path.stem, tree)
    elif _is_automation(tree):
        yield Found("automation", "0", tree)
    else:
        yield from _named(tree)


def _sections(tree: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Go through ``automation:``, ``automation kitchen:``, ``script:``, also those of packages."""
    for key, value in tree.items():
        word = str(key).split(" ")[0]
        if word in ("automation", "automations", "script"):
            if isinstance(value, Mapping | list):
                yield word.removesuffix("s"), value
        elif word == "homeassistant" and isinstance(value, Mapping):
            packages = value.get("packages")
            for package in packages.values() if isinstance(packages, Mapping) else ():
                if isinstance(package, Mapping):
                    yield from _sections(package)


def _of_sections(sections: list[tuple[str, Any]]) -> Iterator[Found]:
    automations: list[Any] = []
    for kind, value in sections:
        if kind == "script":
            if isinstance(value, Mapping):
                yield from (Found("script", str(name), node) for name, node in value.items())
        elif isinstance(value, list):
            automations += value
        elif _is_automation(value) or "alias" in value or "id" in value:
            automations.append(value)
        else:
            automations += value.values()
    for number, node in enumerate(_flat(automations)):
        yield Found("automation", str(number), node)


def _numbered(items: list[Any]) -> Iterator[Found]:
    """Take a bare list for automations, if one of its items is one."""
    flat = _flat(items)
    if any(isinstance(one, Mapping) and _is_automation(one) for one in flat):
        for number, node in enumerate(flat):
            yield Found("automation", str(number), node)


def _named(tree: Mapping[Any, Any]) -> Iterator[Found]:
    """Take a mapping of names for scripts, or for automations, by what stands under the names."""
    for number, (name, node) in enumerate(tree.items()):
        if not isinstance(node, Mapping):
            continue
        if "sequence" in node or "use_blueprint" in node:
            yield Found("script", str(name), node)
        elif _is_automation(node):
            yield Found("automation", str(number), node)


def _is_automation(node: Mapping[Any, Any]) -> bool:
    return bool(_AUTOMATION & node.keys()) and not _OTHERS & node.keys()


def _flat(items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for item in items:
        flat += item if isinstance(item, list) else [item]
    return [item for item in flat if item is not None]
