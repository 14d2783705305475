"""Where everything stands in YAML files that include one another, down to the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from casita.importing.texts import Texts, Unreadable

Role = tuple[Any, ...]
"""Keys and indices from the top of the configuration, includes resolved."""
_MAX_DEPTH: Final = 60
_ANCHOR: Final = re.compile(r"(?:^|[\s\[{,])&([^\s\[\]{},]+)")
_ALIAS: Final = re.compile(r"(?:^|[\s\[{,])\*([^\s\[\]{},]+)")
_Marks = list[tuple[int, str]]
_PACKAGES: Final = (("homeassistant", "packages"), ("packages",))
_ALONE: Final = frozenset({"trigger", "triggers", "action", "actions", "use_blueprint"})
"""A mapping with one of these under ``automation:`` is one automation."""


@dataclass(slots=True, eq=False)
class Piece:
    """An entry of a mapping, an item of a list, or a file of an included folder."""

    role: Role
    file: str
    first: int
    """First line, from 1."""
    last: int
    node: yaml.Node | None
    parent: Piece | None
    apart: bool
    """Whether its lines hold nothing else, so that they can be commented out."""
    whole_file: bool = False
    children: list[Piece] = field(default_factory=list)

    @property
    def own_role(self) -> Role:
        """The role within its package, or within the main document."""
        for packages in _PACKAGES:
            if self.role[: len(packages)] == packages:
                return self.role[len(packages) + 1 :]
        return self.role

    @property
    def section(self) -> str:
        """The section that it is in or is, without label; empty for a package."""
        role = self.own_role
        return str(role[0]).partition(" ")[0] if role else ""

    @property
    def holds_sections(self) -> bool:
        """Whether it is a package, or a file of its own."""
        return self.whole_file or any(self.role[:-1] == packages for packages in _PACKAGES)

    def up(self) -> Iterator[Piece]:
        """Go through the piece and all above it."""
        piece: Piece | None = self
        while piece is not None:
            yield piece
            piece = piece.parent

    def value(self, *keys: str) -> str:
        """Return the first text that the piece has under one of these keys, or nothing."""
        if isinstance(self.node, yaml.MappingNode):
            found = {key.value: value for key, value in self.node.value}
            for key in keys:
                node = found.get(key)
                if isinstance(node, yaml.ScalarNode) and node.value:
                    return str(node.value)
        return ""


class Layout:
    """All pieces of a configuration, by file and line."""

    def __init__(self, texts: Texts, main: str) -> None:
        self._texts = texts
        self.files: dict[str, Piece | None] = {main: None}
        """Files that belong to it, each with the piece that includes it."""
        self.broken: dict[str, str] = {}
        """Files that cannot be read, with the reason."""
        self.pieces: list[Piece] = []
        self._by_file: dict[str, list[Piece]] = {}
        self._by_line: dict[str, dict[int, Piece]] = {}
        self._known_marks: dict[str, tuple[_Marks, _Marks]] = {}
        self._document(main, (), None)

    def sections(self) -> Iterator[Piece]:
        """Go through the sections of the main document and of all packages."""
        return (piece for piece in self.pieces if len(piece.own_role) == 1)

    def items_of(self, piece: Piece) -> list[Piece]:
        """Return what stands in a section: its entries or items, from all included files."""
        return [piece] if _is_one_automation(piece) else piece.children

    def at(self, file: str, line: int | None) -> Piece | None:
        """Return the innermost piece at a line, or the one that includes the file."""
        found = None if line is None else self._innermost(file).get(line)
        return found or self.files.get(file)

    def unit(self, piece: Piece) -> Piece | None:
        """Return the smallest part around a piece that can be left out for itself."""
        way = [*takewhile(lambda one: bool(one.own_role), piece.up())]
        wanted = _unit_depth(way)
        fitting = (one for one in way if len(one.own_role) <= wanted and one.apart)
        around = (one for one in piece.up() if one.apart and one.holds_sections)
        return next(fitting, None) or next(around, None)

    def users_of_anchors(self, unit: Piece) -> list[Piece]:
        """Return the other parts of its file that repeat, by an alias, what stands in a part."""
        anchors, aliases = self._marks(unit.file)
        inside = range(unit.first, unit.last + 1)
        names = {name for line, name in anchors if line in inside}
        users: list[Piece] = []
        for line, name in aliases:
            if line not in inside and name in names:
                piece = self.at(unit.file, line)
                user = self.unit(piece) if piece is not None else None
                if user is not None and user is not unit and user not in users:
                    users.append(user)
        return users

    def _marks(self, file: str) -> tuple[_Marks, _Marks]:
        """Return the anchors of a file and the aliases, each with its line."""
        known = self._known_marks.get(file)
        if known is None:
            lines = list(enumerate(self._texts.text(file).splitlines(), 1))
            known = self._known_marks[file] = (
                [(number, name) for number, line in lines for name in _ANCHOR.findall(line)],
                [(number, name) for number, line in lines for name in _ALIAS.findall(line)],
            )
        return known

    def _innermost(self, file: str) -> dict[int, Piece]:
        """Return the innermost piece of each line of a file."""
        known = self._by_line.get(file)
        if known is None:
            known = self._by_line[file] = {}
            for piece in self._by_file.get(file, ()):
                for line in range(piece.first, piece.last + 1):
                    before = known.get(line)
                    if before is None or len(piece.role) > len(before.role):
                        known[line] = piece
        return known

    # Reading

    def _document(self, file: str, role: Role, parent: Piece | None) -> None:
        try:
            text = self._texts.text(file)
            node = _composed(text)
        except Unreadable as err:
            self.broken[file] = str(err)
            return
        except yaml.YAMLError as err:
            self.broken[file] = f"it is not valid YAML: {_short(err)}"
            return
        if node is not None:
            lines = text.splitlines()
            self._inside(node, file, role, parent, len(lines), lines)

    def _inside(
        self, node: yaml.Node, file: str, role: Role, parent: Piece | None, last: int,
        lines: list[str],
    ) -> None:  # fmt: skip
        """Take in what a node holds; ``last`` is the last line that may belong to it."""
        if len(role) > _MAX_DEPTH:
            return
        if isinstance(node, yaml.ScalarNode):
            if node.tag.startswith("!include"):
                self._include(node, file, role, parent)
            return
        marked = list(_entries(node, lines))
        for index, (key, value, first) in enumerate(marked):
            following = marked[index + 1][2] if index + 1 < len(marked) else None
            end = last if following is None else following - 1
            piece = Piece(
                role=(*role, key), file=file, first=first, last=_trimmed(lines, first, end),
                node=value, parent=parent,
                apart=not _in_flow(node) and following != first and _begins(lines, node, first),
            )  # fmt: skip
            self._keep(piece)
            self._inside(value, file, piece.role, piece, piece.last, lines)

    def _keep(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self._by_file.setdefault(piece.file, []).append(piece)
        if piece.parent is not None:
            piece.parent.children.append(piece)

    def _include(self, node: yaml.ScalarNode, file: str, role: Role, parent: Piece | None) -> None:
        try:
            name = self._texts.name(file, str(node.value))
        except (Unreadable, OSError, ValueError):
            return  # the check tells it
        if node.tag == "!include":
            self._included(name, role, parent)
            return
        for index, each in enumerate(self._texts.yaml_files(name)):
            if node.tag == "!include_dir_list":
                self._file_piece(each, (*role, index), parent)
            elif node.tag == "!include_dir_named":
                self._file_piece(each, (*role, PurePosixPath(each).stem), parent)
            else:
                self._included(each, role, parent, whole=True)

    def _included(
        self, file: str, role: Role, parent: Piece | None, *, whole: bool = False
    ) -> None:
        if file in self.files:
            return
        self.files[file] = parent
        self._document(file, role, parent)
        if whole and file in self.broken:
            self.files[file] = self._piece_of_file(file, role, parent)

    def _file_piece(self, file: str, role: Role, parent: Piece | None) -> None:
        if file in self.files:
            return
        piece = self._piece_of_file(file, role, parent)
        self._keep(piece)
        self.files[file] = piece
        self._document(file, role, piece)
        if file not in self.broken:
            piece.node = _composed(self._texts.text(file))

    def _piece_of_file(self, file: str, role: Role, parent: Piece | None) -> Piece:
        try:
            last = max(1, len(self._texts.text(file).splitlines()))
        except Unreadable:
            last = 1
        return Piece(role=role, file=file, first=1, last=last, node=None, parent=parent,
                     apart=True, whole_file=True)  # fmt: skip


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=1000)
def _composed(text: str) -> Any:
    """Return the nodes of a text. Most files of a folder are read again and again as they are.

    Raises ``yaml.YAMLError``.
    """
    return yaml.compose(text, Loader=_LOADER)


def _unit_depth(way: list[Piece]) -> int:
    """Return how deep the smallest part lies that makes sense without its neighbours."""
    if not way or _is_one_automation(way[-1]):
        return 1
    role = way[0].own_role
    if way[0].section == "template":
        index = next((index for index in (2, 3) if _is_list_item(role, index)), 1)
        return index + 1 if role[index - 1] not in _ABOUT_ALL else 2
    old = len(role) > 3 and isinstance(role[1], int) and str(role[2]) in _OLD_TEMPLATES
    return 4 if old else 2


def _is_one_automation(section: Piece) -> bool:
    """Say whether a section is itself an automation, and not a list or mapping of some."""
    if len(section.own_role) != 1 or not section.section.startswith("automation"):
        return False
    return any(child.role[-1] in _ALONE for child in section.children)


_ABOUT_ALL: Final = frozenset(
    {"trigger", "triggers", "condition", "conditions", "action", "actions"}
)
"""Keys of a block of template entities that hold lists of other things."""
_OLD_TEMPLATES: Final = frozenset(
    {"sensors", "switches", "lights", "covers", "fans", "locks", "vacuums", "panels"}
)
"""Keys under which old template platforms hold their entities by name."""


def _is_list_item(role: Role, index: int) -> bool:
    return len(role) > index and isinstance(role[index], int)


def _entries(node: yaml.Node, lines: list[str]) -> Iterator[tuple[Any, yaml.Node, int]]:
    """Go through keys or indices, values, and the lines where they begin."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else str(key)
            yield name, value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value, _dash(lines, value.start_mark.line + 1)


def _dash(lines: list[str], line: int) -> int:
    """Return the line of the dash before a list's item, which may stand above it."""
    above = line - 1
    if lines[line - 1].lstrip().startswith("- "):
        return line
    while above > 0 and (not lines[above - 1].strip() or lines[above - 1].lstrip()[0] == "#"):
        above -= 1
    return above if above > 0 and lines[above - 1].strip() == "-" else line


def _in_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _begins(lines: list[str], node: yaml.Node, line: int) -> bool:
    """Say whether nothing stands before an entry on its line."""
    text = lines[line - 1]
    indent = node.start_mark.column
    before = text[:indent]
    return not before.strip()


def _trimmed(lines: list[str], first: int, last: int) -> int:
    """Leave blank lines and comments after a piece to what follows."""
    while last > first and (not lines[last - 1].strip() or lines[last - 1].lstrip()[0] == "#"):
        last -= 1
    return last


def _short(err: yaml.YAMLError) -> str:
    mark = getattr(err, "problem_mark", None)
    what = getattr(err, "problem", None) or "it cannot be parsed"
    return f"line {mark.line + 1}: {what}" if mark is not None else str(what)
