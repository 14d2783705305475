"""People's YAML: every automation, script and blueprint in a folder is compiled, none is run."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from casita.clock import VirtualClock
from casita.errors import ConfigError
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_automations.blueprints import FOLDER, Blueprints, parsed, plausible_inputs
from casita_automations.blueprints.shelf import filled
from casita_automations.conformance.finding import Found, items_of
from casita_automations.items import automation_item, script_item
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.running import Machine
from casita_config import (
    Broken,
    Configuration,
    Loaded,
    NodeStr,
    SecretStr,
    load_tolerantly,
    rebuilt,
)

VERDICTS: Final = "HA_VALIDATION.csv"
_SECRET: Final = "secretvalue"
_NEWER: Final = {"@ data['weekday']": "2025.10"}
"""What Home Assistant refused when it was asked, and has taken since then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an item was taken, and whether Home Assistant took it."""

    file: str
    kind: str
    index: str
    refusal: str | None
    wanted: str
    """``accepted``, ``rejected`` or ``untested...``; an empty text where nobody asked it."""
    note: str | None = None
    """Why what Casita says of the item counts for nothing, if it does not."""

    @property
    def difference(self) -> str | None:
        """How the two differ; what Home Assistant was not asked has to be taken."""
        if self.note is not None or self.wanted.startswith("untested"):
            return None
        if self.wanted == "rejected":
            return "it was taken, Home Assistant refused it" if self.refusal is None else None
        return self.refusal


def run(folder: Path) -> Iterator[Verdict]:
    """Compile each item in the files of a folder."""
    workshop = Workshop(folder)
    verdicts = _Verdicts(folder)
    for path in _files(folder):
        loaded = load_tolerantly(path, root=folder, environ={})
        name = path.relative_to(folder).as_posix()
        found = list(items_of(loaded.tree, path))
        if not found and loaded.problems and isinstance(loaded.tree, Broken):
            yield Verdict(name, "file", "0", str(loaded.problems[0]), "")
        for one in found:
            wanted, detail = verdicts.take(name, one)
            refusal, note = workshop.tried(one, loaded, path)
            if wanted == "rejected" and refusal is None:
                note = _newer(detail)
            yield Verdict(name, one.kind, one.index, refusal, wanted, note)
    for (name, kind, index), (wanted, _detail) in verdicts.left():
        yield Verdict(name, kind, index, "it was not found in its file", wanted)


def _files(folder: Path) -> list[Path]:
    """Return all YAML files but those of secrets, by name; hidden folders are passed over."""
    if folder.is_file():
        return [folder]
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        found += [
            Path(root, name)
            for name in names
            if name.endswith((".yaml", ".yml")) and name != "secrets.yaml"
        ]
    return sorted(found)


def _newer(detail: str) -> str | None:
    since = next((since for part, since in _NEWER.items() if detail.endswith(part)), None)
    return None if since is None else f"Home Assistant takes it since {since}"


class _Verdicts:
    """What Home Assistant said, as far as a file beside the YAML tells."""

    def __init__(self, folder: Path) -> None:
        self._known: dict[tuple[str, str, str], tuple[str, str]] = {}
        for home in (folder, folder.parent):
            if (home / VERDICTS).is_file():
                self._read(home, folder)
                break

    def take(self, name: str, found: Found) -> tuple[str, str]:
        """Return the verdict on an item and its reason; empty texts if there is none."""
        kind = found.kind
        for index in (found.index, "", "-"):
            verdict = self._known.pop((name, kind, index), None)
            if verdict is not None:
                return verdict
        return "", ""

    def left(self) -> list[tuple[tuple[str, str, str], tuple[str, str]]]:
        """Return the verdicts on items that were not found."""
        return list(self._known.items())

    def _read(self, home: Path, folder: Path) -> None:
        with (home / VERDICTS).open(newline="") as rows:
            for row in csv.DictReader(rows):
                path = _located(home, row["file"])
                if path is not None and path.is_relative_to(folder):
                    key = (path.relative_to(folder).as_posix(), row["kind"], row["index"])
                    self._known[key] = (row["result"], row["detail"])


def _located(home: Path, name: str) -> Path | None:
    """Return a file that the list names; blueprints may lie one folder higher than it says."""
    parts = Path(name).parts
    for one in (Path(name), Path(parts[0], *parts[2:])):
        if (home / one).is_file():
            return home / one
    return None


class _Anywhere(Blueprints):
    """Blueprints of many houses: looked for in all the folder, next to their user first."""

    def __init__(self, root: Path, user: Path, files: list[Path]) -> None:
        super().__init__(root)
        self._user = user
        self._files = files

    def find(self, path: str) -> Path | None:
        """Return the file that ends like the path and is nearest to the user."""
        ending = Path(FOLDER, path).parts
        fitting = [one for one in self._files if one.parts[-len(ending) :] == ending]
        fitting.sort(key=lambda one: len(os.path.commonpath([one, self._user])), reverse=True)
        return fitting[0] if fitting else None


class Workshop:
    """Compiles items as the engine does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
        log = MemoryLog(clock=clock)
        kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log)
        self.parts = Parts.of(kernel)
        self.machine = Machine(self.parts, lambda _run: None)
        self._blueprints = [one for one in _files(folder) if FOLDER in one.parts]

    def tried(self, found: Found, loaded: Loaded, path: Path) -> tuple[str | None, str | None]:
        """Return why an item is refused, if it is, and why that counts for nothing, if so."""
        lacks = _Lacking(loaded)
        node = rebuilt(found.node, lacks.stub)
        if lacks.fault is not None:
            return lacks.fault, None
        try:
            return self._refusal(replace(found, node=node), path), None
        except _Elsewhere as err:
            return str(err), "its blueprint is not in the folder"
        except ConfigError as err:
            return str(err), lacks.reason

    def _refusal(self, found: Found, path: Path) -> str | None:
        if found.kind.startswith("blueprint:"):
            self._try_blueprint(found.node)
            return None
        node, at = found.node, At(found.node, found.kind)
        if isinstance(node, Mapping) and "use_blueprint" in node:
            shelf = _Anywhere(self._folder, path, self._blueprints)
            use = node["use_blueprint"]
            known = isinstance(use, Mapping) and shelf.find(f"{found.kind}/{use.get('path')}")
            if not known:
                raise _Elsewhere("its blueprint is not in the folder")
            node = shelf.expand(node, at, found.kind)
            at = At(node, found.kind)
        self._compile(found.kind, found.index, node, at)
        return None

    def _compile(self, kind: str, index: str, node: Any, at: At) -> None:
        if kind == "script":
            script_item(index, node, at, self.parts, self.machine)
        elif not (isinstance(node, Mapping) and "use" in node):
            automation_item(node, at, None, 0, self.parts, self.machine)

    def _try_blueprint(self, tree: Any) -> None:
        """Compile a blueprint with values that fit; it is enough that some do."""
        blueprint = parsed(tree)
        if blueprint.domain == "template":
            return
        faults: list[ConfigError] = []
        for values in plausible_inputs(blueprint):
            node = filled(blueprint.body, values)
            try:
                self._compile(blueprint.domain, "example", node, At(node, blueprint.domain))
            except ConfigError as err:
                faults.append(err)
            else:
                return
        raise faults[0]


class _Elsewhere(Exception):
    """An item cannot be tried, because what it needs is not there."""


class _Lacking:
    """Puts something in the place of secrets and includes that nobody has given away."""

    def __init__(self, loaded: Loaded) -> None:
        self._told = {(one.file, one.line): one.message for one in loaded.problems}
        self.reason: str | None = None
        """What is lacking, and so may be why the item is refused."""
        self.fault: str | None = None
        """What is wrong with the file where the item stands, apart from what is lacking."""

    def stub(self, leaf: Any) -> Any:
        """Return a leaf, or what stands for one that could not be loaded."""
        if isinstance(leaf, SecretStr):
            self.reason = "a secret of it is not known here"
        if not isinstance(leaf, Broken):
            return leaf
        place = leaf.place
        told = self._told.get((place.file, place.line) if place else (None, None), "")
        if told.startswith("!include") or told.endswith("there is no such file"):
            self.reason = "it includes a file that is not in the folder"
            return None
        if "secret" in told or "environment variable" in told:
            self.reason = "a secret of it is not known here"
            return NodeStr(_SECRET)
        self.fault = told or "a part of it could not be loaded"
        return None
