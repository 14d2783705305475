"""What ``!include``, ``!secret`` and the other tags stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from casita_config._files import Folder
from casita_config._limits import Unreadable
from casita_config.errors import did_you_mean
from casita_config.nodes import Broken, Input, NodeDict, NodeList, NodeStr, Place, SecretStr
from casita_config.secrets import Secrets


class Loading(Protocol):
    """What tags need of the load under way."""

    folder: Folder | None
    secrets: Secrets
    environ: Mapping[str, str]

    def report(self, place: Place, message: str) -> Broken:
        """Take down what is wrong at a place; return what stands in for it."""
        ...

    def file(self, path: Path, asked: Place, depth: int, stack: tuple[Path, ...]) -> Any:
        """Load a file; return its tree."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where a tag stands."""

    place: Place
    depth: int
    stack: tuple[Path, ...]
    """The files that are being loaded, the one with the tag last."""


Named = tuple[Any, Any, Place]
"""A key, its value, and the place of the key."""


def read_tag(loading: Loading, tag: str, text: str, at: At) -> Any:
    """Return what a tag stands for; what is wrong is reported."""
    read = _TAGS.get(tag)
    if read is None:
        hint = did_you_mean(tag, _TAGS) or f" Known tags: {', '.join(_TAGS)}."
        return loading.report(at.place, f"unknown tag {tag!r}.{hint}")
    try:
        return read(loading, text, at)
    except Unreadable as err:
        return loading.report(at.place, f"{tag} {text}: {err}")


def _include(loading: Loading, text: str, at: At) -> Any:
    folder, base = _here(loading, at)
    tree = loading.file(folder.resolve(base, text), at.place, at.depth + 1, at.stack)
    return _empty(loading, at) if tree is None else tree


def _include_dir_list(loading: Loading, text: str, at: At) -> Any:
    items = [(tree, place) for _, place, tree in _each_file(loading, text, at)]
    return _list_of(at.place, [item for item in items if item[0] is not None])


def _include_dir_named(loading: Loading, text: str, at: At) -> Any:
    named: list[Named] = [
        (path.stem, _empty(loading, at) if tree is None else tree, place)
        for path, place, tree in _each_file(loading, text, at)
    ]
    return _mapping_of(loading, at.place, named)


def _include_dir_merge_list(loading: Loading, text: str, at: At) -> Any:
    items: list[tuple[Any, Place | None]] = []
    for _, place, tree in _each_file(loading, text, at):
        if isinstance(tree, NodeList):
            items += [(item, tree.place_at(index)) for index, item in enumerate(tree)]
        elif isinstance(tree, Broken):
            items.append((tree, place))
        elif tree is not None:
            loading.report(place, "a file for !include_dir_merge_list has to hold a list ('- ...')")
    return _list_of(at.place, items)


def _include_dir_merge_named(loading: Loading, text: str, at: At) -> Any:
    named: list[Named] = []
    for _, place, tree in _each_file(loading, text, at):
        if isinstance(tree, NodeDict):
            places = tree.places()
            named += [(key, value, places.get(key, place)) for key, value in tree.items()]
        elif tree is not None and not isinstance(tree, Broken):
            loading.report(
                place, "a file for !include_dir_merge_named has to hold a mapping ('name: ...')"
            )
    return _mapping_of(loading, at.place, named)


def _secret(loading: Loading, text: str, at: At) -> Any:
    _, base = _here(loading, at)
    return loading.secrets.find(text, base, at.place)


def _env_var(loading: Loading, text: str, at: At) -> Any:
    name, *default = text.split()
    value = loading.environ.get(name)
    if value is not None:
        loading.secrets.add(value)
        return _text(SecretStr(value), at.place)
    if default:
        return _text(NodeStr(" ".join(default)), at.place)
    return loading.report(
        at.place,
        f"the environment variable {name!r} is not set; set it, or write a default after its name",
    )


def _input(loading: Loading, text: str, at: At) -> Any:
    return Input(text, at.place)


_TAGS: Final[Mapping[str, Callable[[Loading, str, At], Any]]] = {
    "!include": _include,
    "!include_dir_list": _include_dir_list,
    "!include_dir_named": _include_dir_named,
    "!include_dir_merge_list": _include_dir_merge_list,
    "!include_dir_merge_named": _include_dir_merge_named,
    "!secret": _secret,
    "!env_var": _env_var,
    "!input": _input,
}


def _here(loading: Loading, at: At) -> tuple[Folder, Path]:
    """Return the configuration folder, and the folder of the file with the tag."""
    if loading.folder is None or not at.stack:
        raise Unreadable("this tag cannot be used here; only in files of a configuration folder")
    return loading.folder, at.stack[-1].parent


def _each_file(loading: Loading, text: str, at: At) -> list[tuple[Path, Place, Any]]:
    folder, base = _here(loading, at)
    return [
        (path, Place(folder.name(path), 1), loading.file(path, at.place, at.depth + 1, at.stack))
        for path in folder.yaml_files(folder.resolve(base, text))
    ]


def _empty(loading: Loading, at: At) -> NodeDict:
    """Return what an empty file is taken for, as Home Assistant does."""
    return _mapping_of(loading, at.place, [])


def _text(text: NodeStr, place: Place) -> NodeStr:
    text._file, text._line = place
    return text


def _list_of(place: Place, items: list[tuple[Any, Place | None]]) -> NodeList:
    node = NodeList(item for item, _ in items)
    node._file, node._line = place
    node._layout = [item_place for _, item_place in items]
    return node


def _mapping_of(loading: Loading, place: Place, named: list[Named]) -> NodeDict:
    node = NodeDict()
    places: dict[Any, Place] = {}
    for key, value, key_place in named:
        first = places.setdefault(key, key_place)
        if key in node:
            where = f"{first.file}:{first.line}"
            loading.report(
                key_place, f"the key {key!r} is here twice, first in {where}; rename one"
            )
        else:
            node[key] = value
    node._file, node._line = place
    node._layout = places
    return node
