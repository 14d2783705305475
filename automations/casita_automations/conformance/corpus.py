"""People's YAML: every automation and script in a folder is compiled, none is run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casita.clock import VirtualClock
from casita.errors import ConfigError
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_automations.items import automation_item, script_item
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.running import Machine
from casita_config import Configuration, load_tolerantly


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an item was taken, and whether Home Assistant took it."""

    file: str
    kind: str
    index: str
    refusal: str | None
    wanted: str

    @property
    def agrees(self) -> bool:
        """Whether both say the same, as far as Home Assistant says anything."""
        if self.wanted not in ("accepted", "rejected"):
            return True
        return (self.refusal is None) == (self.wanted == "accepted")


def run(folder: Path) -> Iterator[Verdict]:
    """Compile each item that ``HA_VALIDATION.csv`` in the folder names."""
    parts, machine = _workshop()
    trees: dict[str, Any] = {}
    with (folder / "HA_VALIDATION.csv").open() as rows:
        for row in csv.DictReader(rows):
            file = row["file"]
            if row["kind"] not in ("automation", "script"):
                continue
            if file not in trees:
                trees[file] = load_tolerantly(folder / file, root=folder, environ={}).tree
            node = _found(trees[file], row["kind"], row["index"])
            refusal = _refusal(node, row["kind"], row["index"], parts, machine)
            yield Verdict(file, row["kind"], row["index"], refusal, row["result"])


def _workshop() -> tuple[Parts, Machine]:
    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    log = MemoryLog(clock=clock)
    parts = Parts.of(Kernel.assemble(Configuration.from_mapping({}), clock, log))
    return parts, Machine(parts, lambda _run: None)


def _found(tree: Any, kind: str, index: str) -> Any:
    """Return an item of a file, which holds it at the top or under a section of its kind."""
    holders = [tree]
    if isinstance(tree, dict):
        holders = [value for key, value in tree.items() if str(key).split(" ")[0] == kind] or [tree]
    items: list[Any] = []
    for holder in holders:
        if kind == "script" and isinstance(holder, dict) and index in holder:
            return holder[index]
        items += holder if isinstance(holder, list) else [holder]
    return items[int(index)] if index.isdecimal() and int(index) < len(items) else None


def _refusal(node: Any, kind: str, index: str, parts: Parts, machine: Machine) -> str | None:
    if node is None:
        return "it was not found in its file"
    at = At(node, kind)
    try:
        if kind == "script":
            script_item(index, node, at, parts, machine)
        else:
            automation_item(node, at, None, 0, parts, machine)
    except ConfigError as err:
        return str(err)
    return None
