"""Loads YAML files of a configuration folder: safely, and with the line of every part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yaml.error import YAMLError

from casita_config._builder import Builder
from casita_config._files import Folder
from casita_config._limits import Budget, TooMuch, Unreadable
from casita_config._scalars import Scalars
from casita_config._syntax import events_of, explain
from casita_config._tags import At, read_tag
from casita_config.errors import ConfigError, Problem
from casita_config.nodes import Broken, NodeDict, Place
from casita_config.secrets import Secrets

MAX_INCLUDES: Final = 20
"""How many files may include one another in a row."""
MAX_PROBLEMS: Final = 100
"""How many problems are told; one more says how many others there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of loading. Where a part is wrong, `Broken` stands in the tree."""

    tree: Any
    problems: tuple[Problem, ...]
    secrets: Secrets

    def raise_problems(self) -> None:
        """Raise `ConfigError` if there is any problem."""
        if self.problems:
            raise ConfigError(self.problems)


def load(
    path: Path,
    *,
    root: Path | None = None,
    secrets_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Any:
    """Return what a file holds, as `NodeDict`, `NodeList`, `NodeStr`, other scalars or None.

    ``root`` is the configuration folder (the file's own, if not given): includes stay in it,
    and messages name files relative to it. ``secrets_dir`` is a further place for
    ``secrets.yaml``. Raises `ConfigError` with everything that is wrong.
    """
    loaded = load_tolerantly(path, root=root, secrets_dir=secrets_dir, environ=environ)
    loaded.raise_problems()
    return loaded.tree


def load_tolerantly(
    path: Path,
    *,
    root: Path | None = None,
    secrets_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Load as ``load`` does, but return what is wrong beside what is right."""
    loading = _Loading(root or path.parent, secrets_dir, environ)
    path = path.parent.resolve() / path.name
    tree = loading.file(path, None, 0, ())
    loading.secrets.read()
    return loading.loaded(tree)


def load_text(text: str, *, file: str = "inline", environ: Mapping[str, str] | None = None) -> Any:
    """Return what a YAML text holds. It cannot include files or use ``secrets.yaml``.

    Raises `ConfigError` with everything that is wrong.
    """
    loaded = load_text_tolerantly(text, file=file, environ=environ)
    loaded.raise_problems()
    return loaded.tree


def load_text_tolerantly(
    text: str, *, file: str = "inline", environ: Mapping[str, str] | None = None
) -> Loaded:
    """Load as ``load_text`` does, but return what is wrong beside what is right."""
    loading = _Loading(None, None, environ)
    return loading.loaded(loading.given(text, file))


class _Loading:
    """One load: all its files, under one budget."""

    def __init__(
        self, root: Path | None, secrets_dir: Path | None, environ: Mapping[str, str] | None
    ) -> None:
        self._budget = Budget()
        self.folder = Folder(root, self._budget) if root is not None else None
        self.environ = os.environ if environ is None else environ
        self.secrets = Secrets(
            self._secrets_file, self.folder.root if self.folder else None, secrets_dir
        )
        self._scalars = Scalars()
        self._layouts: dict[Any, Any] = {}
        self._problems: list[Problem] = []
        self._untold = 0
        self._nodes = 0

    def loaded(self, tree: Any) -> Loaded:
        if self._untold:
            self._problems.append(Problem(message=f"and {self._untold} more problems"))
        return Loaded(tree=tree, problems=tuple(self._problems), secrets=self.secrets)

    def report(self, place: Place, message: str) -> Broken:
        return self._tell(Problem(message=message, file=place.file, line=place.line), place)

    def file(self, path: Path, asked: Place | None, depth: int, stack: tuple[Path, ...]) -> Any:
        """Load a file that ``asked`` includes; None: that was asked for first of all."""
        folder = self._folder()
        name = folder.name(path)
        if path in stack:
            way = " -> ".join(folder.name(each) for each in (*stack[stack.index(path) :], path))
            return self.report(asked or Place(name, 1), f"files include one another: {way}")
        if len(stack) >= MAX_INCLUDES:
            why = f"files include one another more than {MAX_INCLUDES} deep; include directly"
            return self.report(asked or Place(name, 1), why)
        try:
            text = folder.read(path)
        except Unreadable as err:
            return self._refused(name, err, asked)
        return self.text(text, name, depth, (*stack, path))

    def given(self, text: str, name: str) -> Any:
        """Load a text that came from no file."""
        try:
            self._budget.take_bytes(len(text))
        except TooMuch as err:
            return self._refused(name, err)
        return self.text(text, name, 0, ())

    def text(self, text: str, name: str, depth: int, stack: tuple[Path, ...]) -> Any:
        def read(tag: str, value: str, place: Place, depth: int) -> tuple[Any, int]:
            before = self._nodes
            tree = read_tag(self, tag, value, At(place=place, depth=depth, stack=stack))
            return tree, self._nodes - before

        try:
            builder = Builder(
                events_of(text), name, scalars=self._scalars, layouts=self._layouts,
                report=self.report, read_tag=read,
            )  # fmt: skip
            tree = builder.build(depth)
            self._nodes += builder.nodes
            self._budget.take_nodes(builder.nodes)
        except TooMuch as err:
            return self._refused(name, err)
        except YAMLError as err:
            message, line = explain(err, text)
            return self._tell(Problem(message=message, file=name, line=line), None)
        except UnicodeEncodeError as err:
            line = text.count("\n", 0, err.start) + 1
            message = "a character that is half of a pair; delete it"
            return self._tell(Problem(message=message, file=name, line=line), None)
        return tree

    def _folder(self) -> Folder:
        if self.folder is None:
            raise Unreadable("there is no configuration folder here")
        return self.folder

    def _refused(self, name: str, err: Unreadable, asked: Place | None = None) -> Broken:
        """Tell of a file that cannot be used: where it is asked for, if its own lines are fine."""
        if asked is None or err.line is not None or isinstance(err, TooMuch):
            return self._tell(Problem(message=str(err), file=name, line=err.line), asked)
        return self.report(asked, f"{name}: {err}")

    def _secrets_file(self, path: Path) -> Any:
        """Load a ``secrets.yaml``, in which the only tag is ``!env_var``."""
        folder = self._folder()
        if not os.path.exists(path):
            return None
        name = folder.name(path)
        try:
            text = folder.read(self._inside(path))
        except Unreadable as err:
            return self._refused(name, err)
        tree = self.text(text, name, 0, ())
        if tree is None or isinstance(tree, (NodeDict, Broken)):
            return tree
        return self.report(Place(name, 1), "secrets are a mapping: one 'name: value' a line")

    def _inside(self, path: Path) -> Path:
        """Follow symlinks, which may not lead out of the configuration folder."""
        folder = self._folder()
        if path.is_relative_to(folder.root):
            return folder.resolve(path.parent, path.name)
        return path

    def _tell(self, problem: Problem, place: Place | None) -> Broken:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
        else:
            self._untold += 1
        return Broken(place)
