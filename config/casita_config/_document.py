"""Takes a root document apart: the hub's own keys, plugins, and everybody else's sections."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from casita_config._sentences import shown
from casita_config.errors import Problem
from casita_config.nodes import Broken, NodeDict, Place, place_of, problem_at
from casita_config.settings import HOME_ASSISTANT_HOME, HOME_ASSISTANT_HTTP

_SHARED_KEYS: Final = frozenset({"plugins", "areas", "floors", "labels", "entities"})
"""Keys of the hub's own that a package may hold, too."""
OWN_KEYS: Final = _SHARED_KEYS | {"home", "http", "log", "network", "packages"}
_HOME_ASSISTANT: Final = "homeassistant"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One file's share of a section; ``automation kitchen:`` has the label ``kitchen``."""

    label: str | None
    node: Any
    place: Place | None = None
    """Where its key stands."""


@dataclass(slots=True)
class Document:
    """A root document and its packages, taken apart."""

    own: dict[str, list[Any]] = field(default_factory=dict)
    """What stands under each of the hub's own keys, the root document's first."""
    sections: dict[str, list[Labelled]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, tree: Mapping[Any, Any]) -> None:
        """Take in the root document, with the packages it names."""
        for key, node in tree.items():
            if key == _HOME_ASSISTANT:
                self.own.setdefault("home", []).append(_without(node, HOME_ASSISTANT_HOME))
            elif key == "http" and _HOME_ASSISTANT in tree:
                self.own.setdefault("http", []).append(_without(node, HOME_ASSISTANT_HTTP))
            elif key in OWN_KEYS:
                self.own.setdefault(key, []).append(node)
            else:
                self._add_section(tree, key, node)
        for packages in self.own.pop("packages", ()):
            self._add_packages(tree, packages)
        for home in self.own.get("home", ()):
            if isinstance(home, Mapping) and "packages" in home:
                self._add_packages(home, home["packages"])
        self.own["home"] = [_without(node, {"packages"}) for node in self.own.get("home", ())]

    def tell(self, tree: Any, path: tuple[Any, ...], key: str, message: str) -> None:
        """Take down what is wrong with a part of a tree."""
        self.problems.append(problem_at(place_of(tree, path), message, key))

    def _add_section(self, tree: Any, key: Any, node: Any) -> None:
        if not isinstance(key, str) or not key.strip():
            self.tell(tree, (key,), "", f"{shown(key)} cannot be the name of a section")
            return
        name, _, label = key.partition(" ")
        if not isinstance(node, Broken):
            share = Labelled(label.strip() or None, node, place_of(tree, (key,)))
            self.sections.setdefault(name, []).append(share)

    def _add_packages(self, holder: Mapping[Any, Any], packages: Any) -> None:
        if packages is None or isinstance(packages, Broken):
            return
        if not isinstance(packages, Mapping):
            self.tell(
                holder, ("packages",), "packages",
                f"expected a mapping of a name to each package, got {shown(packages)}; use "
                f"!include_dir_named",
            )  # fmt: skip
            return
        for name, package in packages.items():
            if isinstance(package, Mapping):
                self._add_package(str(name), package)
            elif package is not None and not isinstance(package, Broken):
                self.tell(
                    packages, (name,), f"packages.{name}",
                    f"a package is a mapping of sections, got {shown(package)}",
                )  # fmt: skip

    def _add_package(self, name: str, package: Mapping[Any, Any]) -> None:
        for key, node in package.items():
            if key in _SHARED_KEYS:
                self.own.setdefault(key, []).append(node)
            elif key in OWN_KEYS:
                self.tell(
                    package, (key,), f"packages.{name}.{key}",
                    f"a package cannot hold {key!r}; move it to the main file",
                )  # fmt: skip
            elif key != _HOME_ASSISTANT:
                self._add_section(package, key, node)


def _without(node: Any, keys: Set[str]) -> Any:
    """Return a mapping without some of its keys, with the places of the others."""
    if not isinstance(node, Mapping) or not any(key in keys for key in node):
        return node
    result = NodeDict((key, value) for key, value in node.items() if key not in keys)
    result._layout = dict(node.places()) if isinstance(node, NodeDict) else {}
    place = place_of(node)
    if place is not None:
        result._file, result._line = place
    return result
