"""Configuration as plain data that still knows the file and line of every part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from casita_config.errors import Problem

KeyPath = Sequence[Any]
"""Keys and list indices from the top, as voluptuous gives them."""


class Place(NamedTuple):
    """A line of a file."""

    file: str
    """Path relative to the configuration folder."""
    line: int
    """From 1."""


# Where a mapping's keys or a list's items stand: how far each is below the first line of the
# mapping or list, or a place in another file. Equally shaped mappings share one layout, so that
# lines cost next to nothing.
MappingLayout = Mapping[Any, int | Place | None]
ListLayout = Sequence[int | Place | None]


_NOWHERE: MappingLayout = {}


class _Node:
    """What every part has: the place where it begins. None where it came from no file."""

    __slots__ = ()
    _file: str
    _line: int

    @property
    def place(self) -> Place | None:
        """File and line where this begins."""
        file: str | None = getattr(self, "_file", None)
        return None if file is None else Place(file, self._line)

    def _absolute(self, where: int | Place | None) -> Place | None:
        if isinstance(where, int):
            return Place(self._file, self._line + where)
        return where or self.place


class NodeStr(_Node, str):
    """A text that knows its place."""

    __slots__ = ("_file", "_line")


class Secret:
    """What came from ``!secret`` or ``!env_var``. Its ``repr`` does not tell it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"


class SecretStr(Secret, NodeStr):
    """A secret text."""

    __slots__ = ()


class SecretInt(Secret, int):
    """A secret number, as a PIN is."""


class SecretFloat(Secret, float):
    """A secret number, as a coordinate is."""


class NodeDict(_Node, dict[Any, Any]):
    """A mapping that knows its place and the places of its keys."""

    __slots__ = ("_file", "_layout", "_line")
    _layout: MappingLayout

    def place_at(self, key: Any) -> Place | None:
        """Return the line of a key, or of the mapping if it is not known."""
        return self._absolute(getattr(self, "_layout", _NOWHERE).get(key))

    def places(self) -> dict[Any, Place]:
        """Return the line of every key, as far as they are known."""
        layout: MappingLayout = getattr(self, "_layout", _NOWHERE)
        places = ((key, self._absolute(where)) for key, where in layout.items())
        return {key: place for key, place in places if place is not None}


class NodeList(_Node, list[Any]):
    """A list that knows its place and the places of its items."""

    __slots__ = ("_file", "_layout", "_line")
    _layout: ListLayout

    def place_at(self, index: int) -> Place | None:
        """Return the line of an item, or of the list if it is not known."""
        layout: ListLayout = getattr(self, "_layout", ())
        return self._absolute(layout[index] if 0 <= index < len(layout) else None)


@dataclass(frozen=True, slots=True)
class Input:
    """``!input name`` in a blueprint: stands for what its user gives."""

    name: str
    place: Place | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"!input {self.name}"


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where the file holds something that could not be loaded; it was reported."""

    place: Place | None = None


def place_of(tree: Any, path: KeyPath = ()) -> Place | None:
    """Return the line of what a path leads to, or of the nearest part above it that is known.

    A key's line is that of the key, not of its value. An index into what is not a list is
    passed over, as one item may stand for a list of one.
    """
    place: Place | None = getattr(tree, "place", None)
    for parent, key, value in _steps(tree, path):
        found = parent.place_at(key) if isinstance(parent, (NodeDict, NodeList)) else None
        place = found or getattr(value, "place", None) or place
    return place


def value_at(tree: Any, path: KeyPath, default: Any = None) -> Any:
    """Return what a path leads to, or ``default`` if it leads nowhere."""
    steps = list(_steps(tree, path))
    indices = sum(1 for key in path if isinstance(key, int))
    if len(steps) < len(path) - indices:
        return default
    return steps[-1][2] if steps else tree


def _steps(tree: Any, path: KeyPath) -> Iterator[tuple[Any, Any, Any]]:
    """Go down a path as far as it leads: parent, key and value of each step."""
    for key in path:
        if _holds(tree, key):
            yield tree, key, tree[key]
            tree = tree[key]
        elif not isinstance(key, int) or isinstance(tree, list):
            return


def _holds(tree: Any, key: Any) -> bool:
    if isinstance(tree, Mapping):
        return key in tree
    return isinstance(tree, list) and isinstance(key, int) and 0 <= key < len(tree)


def key_path(section: str, path: KeyPath) -> str:
    """Return a path as people read it: ``automation[3].trigger[0].to``."""
    text = section
    for key in path:
        if isinstance(key, int) and not isinstance(key, bool):
            text += f"[{key}]"
        else:
            text += f".{key}" if text else str(key)
    return text


def problem_at(place: Place | None, message: str, key: str | None = None) -> Problem:
    """Return a problem at a place, or one that has none."""
    file, line = place or (None, None)
    return Problem(message=message, file=file, line=line, key=key or None)


def plain(tree: Any) -> Any:
    """Return the data without places: nothing but ``dict``, ``list``, ``str`` and scalars.

    Encoders such as msgspec's refuse subclasses of ``str``.
    """
    if isinstance(tree, str):
        return str(tree)
    if isinstance(tree, Secret):
        return int(tree) if isinstance(tree, SecretInt) else float(tree)  # type: ignore[arg-type]
    if isinstance(tree, Mapping):
        return {plain(key): plain(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [plain(item) for item in tree]
    return tree


def as_nodes(data: Any) -> Any:
    """Return plain data as nodes without places."""
    if isinstance(data, (NodeDict, NodeList)):
        return data
    if isinstance(data, Mapping):
        return NodeDict((key, as_nodes(value)) for key, value in data.items())
    if isinstance(data, (list, tuple)):
        return NodeList(as_nodes(item) for item in data)
    return data


def rebuilt(tree: Any, replace: Callable[[Any], Any]) -> Any:
    """Return a copy in which each leaf is what ``replace`` makes of it; places stay known.

    What comes from elsewhere in a leaf's place is known to stand there.
    """
    if isinstance(tree, NodeDict):
        return _rebuilt_mapping(tree, replace)
    if isinstance(tree, NodeList):
        return _placed_as(tree, NodeList(rebuilt(item, replace) for item in tree))
    if isinstance(tree, Mapping):
        return {key: rebuilt(value, replace) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [rebuilt(item, replace) for item in tree]
    return replace(tree)


def joined(*trees: Mapping[Any, Any]) -> NodeDict:
    """Return one mapping of several; the last that has a key gives its value and its place."""
    node = NodeDict()
    places: dict[Any, Place] = {}
    for tree in trees:
        node.update(tree)
        if isinstance(tree, NodeDict):
            places.update(tree.places())
            if tree.place is not None:
                node._file, node._line = tree.place
    node._layout = places
    return node


def without(tree: Mapping[Any, Any], *keys: Any) -> NodeDict:
    """Return a mapping without some of its keys; places stay known."""
    node = joined(tree)
    for key in keys:
        node.pop(key, None)
    return node


def renamed(tree: Mapping[Any, Any], names: Mapping[Any, Any]) -> NodeDict:
    """Return a mapping in which keys are called otherwise; places stay known."""
    places = tree.places() if isinstance(tree, NodeDict) else {}
    node = joined(tree)
    node.clear()
    node.update((names.get(key, key), value) for key, value in tree.items())
    node._layout = {names.get(key, key): place for key, place in places.items()}
    return node


def _rebuilt_mapping(tree: NodeDict, replace: Callable[[Any], Any]) -> NodeDict:
    copy: NodeDict = _placed_as(tree, NodeDict((k, rebuilt(v, replace)) for k, v in tree.items()))
    moved = {
        key: value.place
        for key, value in copy.items()
        if value is not tree[key] and isinstance(tree[key], Input) and isinstance(value, _Node)
    }
    if moved:
        copy._layout = {**tree.places(), **moved}
    return copy


def _placed_as(origin: Any, copy: Any) -> Any:
    for slot in ("_file", "_line", "_layout"):
        value = getattr(origin, slot, None)
        if value is not None:
            setattr(copy, slot, value)
    return copy


def leaves(tree: Any) -> Iterator[Any]:
    """Go through every value that is neither a mapping nor a list."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from leaves(item)
    else:
        yield tree
