"""Where tests stand: beside their automation, in files of their own, and in Python."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from casita.errors import ConfigError
from casita_automations import loading
from casita_automations.parsing import At, listed
from casita_automations.testing._written import Written, written
from casita_config import Configuration, Labelled, load

YAML: Final = ".test.yaml"
_TESTS: Final = "tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A test, and the configuration that it runs in."""

    of: str
    """What it is a test of."""
    name: str
    test: Written | ConfigError
    """What is wrong with it, if it cannot be read."""
    config: Configuration


def has_tests(config: Configuration) -> bool:
    """Say whether a configuration has any test."""
    beside = any(
        isinstance(one.node, Mapping) and one.node.get(_TESTS)
        for one in loading.automations(config)
    )
    folder = config.folder
    return beside or (folder is not None and (any(yaml_files(folder)) or any(python_files(folder))))


def found_in(config: Configuration) -> Iterator[Found]:
    """Go through the tests in YAML: beside automations, then in ``*.test.yaml`` files.

    A test beside an automation runs with this automation alone, and with all scripts and helpers;
    one in a file of its own runs in the whole house.
    """
    for declared in loading.automations(config):
        node = declared.node
        if isinstance(node, Mapping) and node.get(_TESTS):
            name = str(node.get("alias") or declared.name or node.get("id") or "automation")
            alone = _alone(config, declared)
            yield from _listed(node[_TESTS], declared.at.below(_TESTS), name, alone)
    for path in yaml_files(config.folder) if config.folder is not None else ():
        yield from _of_file(path, config)


def yaml_files(folder: Path) -> Iterator[Path]:
    """Go through the files with tests in YAML in and below a folder, sorted."""
    return _files(folder, lambda name: name.endswith(YAML))


def python_files(folder: Path) -> Iterator[Path]:
    """Go through the files with tests in Python in and below a folder, sorted."""
    return _files(folder, lambda name: name.endswith("_test.py") or _is_test_py(name))


def _is_test_py(name: str) -> bool:
    return name.startswith("test_") and name.endswith(".py")


def _files(folder: Path, wanted: Any) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
        yield from (Path(at) / name for name in sorted(names) if wanted(name))


def _of_file(path: Path, config: Configuration) -> Iterator[Found]:
    assert config.folder is not None
    name = path.relative_to(config.folder).as_posix()
    try:
        tree = load(path, root=config.folder)
    except ConfigError as err:
        yield Found(of=name, name="reading it", test=err, config=config)
        return
    if isinstance(tree, Mapping) and _TESTS in tree:
        yield from _listed(tree[_TESTS], At(tree, "", (_TESTS,)), name, config)
    else:
        yield from _listed(tree, At(tree, ""), name, config)


def _listed(nodes: Any, at: At, of: str, config: Configuration) -> Iterator[Found]:
    many = isinstance(nodes, list)
    for number, node in enumerate(listed(nodes), 1):
        test: Written | ConfigError
        try:
            test = written(node, at.below(number - 1) if many else at, number)
            name = test.name
        except ConfigError as err:
            test, name = err, f"test {number}"
        yield Found(of=of, name=name, test=test, config=config)


def _alone(config: Configuration, declared: loading.Declared) -> Configuration:
    """Return a configuration with one automation of all."""
    node = {declared.name: declared.node} if declared.name else [declared.node]
    sections = {key: one for key, one in config.sections.items() if key not in loading.SECTIONS}
    return replace(config, sections={**sections, loading.SECTIONS[0]: (Labelled(None, node),)})
