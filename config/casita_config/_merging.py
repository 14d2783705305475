"""Joins sections that several files hold, by Home Assistant's rule for packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casita_config.errors import Problem
from casita_config.nodes import NodeDict, NodeList, Place, key_path, place_of, problem_at


def merged(nodes: Sequence[Any], section: str) -> tuple[Any, list[Problem]]:
    """Join a section's mappings key by key, or its lists, and tell what cannot be joined.

    Mappings are joined all the way down, lists one after the other; any other value may be
    given once. A single mapping among lists is an item of its own.
    """
    nodes = [node for node in nodes if node is not None]
    if len(nodes) < 2:
        return (nodes[0] if nodes else None), []
    if all(isinstance(node, Mapping) for node in nodes):
        joining = _Joining()
        return joining.mappings(nodes, section), joining.problems
    return merged_list(nodes), []


def merged_list(nodes: Sequence[Any]) -> NodeList:
    """Join lists; whatever is no list is an item."""
    items = [item for node in nodes for item in _items(node)]
    result = NodeList(item for item, _ in items)
    result._layout = [place for _, place in items]
    if items and items[0][1] is not None:
        result._file, result._line = items[0][1]
    return result


def _items(node: Any) -> list[tuple[Any, Place | None]]:
    if isinstance(node, list):
        return [(item, place_of(node, (index,))) for index, item in enumerate(node)]
    return [] if node is None else [(node, place_of(node))]


class _Joining:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def mappings(self, nodes: Sequence[Mapping[Any, Any]], section: str) -> NodeDict:
        result = NodeDict()
        places: dict[Any, Place | None] = {}
        for node in nodes:
            known = node.places() if isinstance(node, NodeDict) else {}
            for key, value in node.items():
                place = known.get(key)
                if result.get(key) is None:
                    result[key], places[key] = value, place
                elif value is not None:
                    where = key_path(section, (key,))
                    result[key] = self._both(result[key], value, places[key], place, where)
        first = next((place for node in nodes if (place := place_of(node))), None)
        if first is not None:
            result._file, result._line = first
        result._layout = places
        return result

    def _both(
        self, one: Any, two: Any, first: Place | None, second: Place | None, where: str
    ) -> Any:
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            return self.mappings((one, two), where)
        if isinstance(one, list) or isinstance(two, list):
            return merged_list((one, two))
        there = f" ({first.file}:{first.line})" if first else ""
        why = f"is given by another file already{there}; take one of the two out"
        self.problems.append(problem_at(second, why, where))
        return one
