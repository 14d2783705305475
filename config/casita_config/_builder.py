"""Builds nodes from the events of a YAML parser, one file at a time."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any, Final

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from casita_config._limits import MAX_DEPTH, MAX_NODES, TooMuch
from casita_config._scalars import TEXT, NotAScalar, Scalars
from casita_config._syntax import EventSource
from casita_config.nodes import Broken, NodeDict, NodeList, NodeStr, Place

_OWN: Final = "tag:yaml.org,2002:"
_MAP: Final = f"{_OWN}map"
_SEQ: Final = f"{_OWN}seq"
_OPEN: Final = object()
_MERGE: Final = object()

Report = Callable[[Place, str], Broken]
"""Takes down what is wrong at a place; returns what stands in for it."""
ReadTag = Callable[[str, str, Place, int], tuple[Any, int]]
"""Given tag, text, place and depth: returns what a tag such as ``!include`` stands for, and how
many nodes of other files that is."""


class Builder:
    """One file's events on their way to nodes."""

    def __init__(
        self,
        source: EventSource,
        file: str,
        *,
        scalars: Scalars,
        layouts: dict[Any, Any],
        report: Report,
        read_tag: ReadTag,
    ) -> None:
        """``layouts`` are shared by all files, so that like mappings share their line tables."""
        self._next = source.get_event
        self._file = file
        self._scalars = scalars
        self._layouts = layouts
        self._report = report
        self._read_tag = read_tag
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        """How many keys, values and items were built so far."""
        self.included = 0
        """How many nodes of other files stand among them."""

    def build(self, depth: int) -> Any:
        """Return the file's one document, or None if it is empty.

        Raises `yaml.YAMLError` if it is not valid YAML, `TooMuch` if a limit is passed.
        """
        self._next()  # the stream's start
        if type(self._next()) is StreamEndEvent:
            return None
        tree = self._node(self._next(), depth)
        self._next()  # the document's end
        event = self._next()
        if type(event) is not StreamEndEvent:
            return self._report(
                self._place(event), "a file holds one document; take out what begins with '---'"
            )
        return tree

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1)

    def _node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        before = self.nodes + self.included
        self._count(1)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = (_OPEN, 0)
        if kind is ScalarEvent:
            node = self._scalar(event, depth)
        elif depth >= MAX_DEPTH:
            raise TooMuch(
                f"nested more than {MAX_DEPTH} levels deep; is a bracket missing?",
                line=event.start_mark.line + 1,
            )
        elif kind is MappingStartEvent:
            node = self._mapping(event, depth + 1)
        else:
            node = self._sequence(event, depth + 1)
        if anchor is not None:
            self._anchors[anchor] = (node, self.nodes + self.included - before)
        return node

    def _count(self, count: int) -> None:
        self.nodes += count
        if self.nodes > MAX_NODES:
            raise TooMuch(
                f"holds more than {MAX_NODES:,} values, with all that its aliases stand for; "
                f"split it, or use fewer aliases"
            )

    def _alias(self, event: Any) -> Any:
        node, size = self._anchors.get(event.anchor, (None, 0))
        if size == 0:
            why = (
                f"the alias *{event.anchor} stands inside of what it stands for; take it out"
                if node is _OPEN
                else f"the alias *{event.anchor} has no anchor &{event.anchor} above it"
            )
            return self._report(self._place(event), why)
        self._count(size)
        return node

    def _scalar(self, event: Any, depth: int) -> Any:
        text, tag = event.value, event.tag
        if tag is not None and tag != "!":
            return self._tagged(tag, text, self._place(event), depth)
        if tag is None and event.implicit[0]:
            try:
                meaning = self._scalars.meaning(text)
            except NotAScalar as err:
                return self._report(self._place(event), str(err))
            if meaning is not TEXT:
                return meaning
        node = NodeStr(text)
        node._file = self._file
        node._line = event.start_mark.line + 1
        return node

    def _tagged(self, tag: str, text: str, place: Place, depth: int) -> Any:
        if not tag.startswith(_OWN):
            node, included = self._read_tag(tag, text, place, depth)
            self.included += included
            return node
        try:
            value = self._scalars.tagged(tag, text)
        except NotAScalar as err:
            return self._report(place, str(err))
        if isinstance(value, str):
            value = NodeStr(value)
            value._file, value._line = place
        return value

    def _sequence(self, event: Any, depth: int) -> Any:
        node = NodeList()
        node._file = self._file
        node._line = line = event.start_mark.line + 1
        lines: list[int] = []
        while type(item := self._next()) is not SequenceEndEvent:
            lines.append(item.start_mark.line + 1 - line)
            node.append(self._node(item, depth))
        layout = tuple(lines)
        node._layout = self._layouts.setdefault(layout, layout)
        return node if event.tag in (None, _SEQ) else self._wrong_tag(event)

    def _mapping(self, event: Any, depth: int) -> Any:
        node = NodeDict()
        node._file = self._file
        node._line = line = event.start_mark.line + 1
        lines: list[int] = []
        merged: list[Any] = []
        twice: list[tuple[Any, Any]] = []
        broken: Broken | None = None
        while type(key_event := self._next()) is not MappingEndEvent:
            key = self._key(key_event, depth)
            value_event = self._next()
            value = self._node(value_event, depth)
            key_line = key_event.start_mark.line + 1
            if key is _MERGE:
                merged.append((Place(self._file, key_line), value))
            elif type(key) is Broken:
                broken = key
            elif key in node:
                twice.append((key_event, key))
            else:
                node[key] = value
                lines.append(key_line - line)
        shape = (tuple(node), tuple(lines))
        layout = self._layouts.get(shape)
        if layout is None:
            layout = self._layouts[shape] = dict(zip(*shape, strict=True))
        node._layout = layout
        if twice:
            return self._told_twice(node, twice)
        if merged and broken is None:
            return self._merge(node, merged)
        if event.tag not in (None, _MAP):
            return self._wrong_tag(event)
        return node if broken is None else broken

    def _told_twice(self, node: NodeDict, twice: list[tuple[Any, Any]]) -> Broken:
        first = node.places()
        for event, key in twice:
            broken = self._report(
                self._place(event),
                f"the key {_shown(event, key)} is here twice, first in line {first[key].line}; "
                f"take one out or join the two",
            )
        return broken

    def _key(self, event: Any, depth: int) -> Any:
        if type(event) is ScalarEvent and event.tag is None and event.anchor is None:
            self._count(1)
            text = event.value
            if not event.implicit[0]:
                return intern(text)
            if text == "<<":
                return _MERGE
            try:
                meaning = self._scalars.meaning(text)
            except NotAScalar as err:
                return self._report(self._place(event), str(err))
            return intern(text) if meaning is TEXT else meaning
        return self._odd_key(event, depth)

    def _odd_key(self, event: Any, depth: int) -> Any:
        """Read a key that is an alias, has a tag or an anchor, or is a mapping or list."""
        node = self._node(event, depth)
        if isinstance(node, str):
            return str(node)
        if isinstance(node, (NodeDict, NodeList)):
            return self._report(
                self._place(event),
                "a mapping or list cannot be a key; if this is a template {{ ... }}, put it in "
                "quotes",
            )
        return node

    def _merge(self, own: NodeDict, merged: list[tuple[Place, Any]]) -> Any:
        """Put the keys of ``<<`` below a mapping's own; the first of several wins."""
        sources: list[NodeDict] = []
        for place, value in merged:
            parts = value if isinstance(value, NodeList) else [value]
            for part in parts:
                if isinstance(part, Broken):
                    return part
                if not isinstance(part, NodeDict):
                    return self._report(place, "'<<' takes a mapping, or a list of mappings")
                self._count(len(part))
                sources.append(part)
        result = NodeDict()
        places: dict[Any, Place] = {}
        for source in (*reversed(sources), own):
            result.update(source)
            places.update(source.places())
        result._file, result._line, result._layout = own._file, own._line, places
        return result

    def _wrong_tag(self, event: Any) -> Broken:
        tag = event.tag.replace(_OWN, "!!")
        what = "a mapping" if type(event) is MappingStartEvent else "a list"
        return self._report(self._place(event), f"the tag {tag} cannot stand before {what}")


def _shown(event: Any, key: Any) -> str:
    text = getattr(event, "value", None)
    if isinstance(text, str) and text != key and not isinstance(key, str):
        return f"{text!r} (read as {key!r})"
    return repr(key)
