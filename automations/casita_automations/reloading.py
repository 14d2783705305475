"""What changes from one configuration to the next, and what becomes of what runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from casita.beside import casita_beside
from casita.errors import CasitaError
from casita.reloads import Difference, ItemChange, WhenChanged
from casita.testruns import TestReport
from casita_automations.automation import Automation
from casita_automations.identity import behaviour
from casita_automations.keeping import tell_forgotten
from casita_automations.loading import SECTIONS
from casita_automations.owner import Owner
from casita_automations.running import Machine, Result
from casita_automations.script import Script
from casita_automations.testing import has_tests
from casita_config import Configuration, plain

_TESTS_WITHIN_S: Final = 80.0
_OURS: Final = (*SECTIONS, "script")
_WHEN_CHANGED: Final = "when_changed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to take the place of what."""

    kept: frozenset[str]
    """Entity ids of what stays as it is, with its timers and runs."""
    leaving: tuple[Owner, ...]
    coming: tuple[Owner, ...]

    @classmethod
    def of(cls, owners: Mapping[str, Owner], built: Mapping[str, Owner]) -> Plan:
        """Compare what is in force with what was built anew."""
        kept = frozenset(key for key, one in owners.items() if _same(one, built.get(key)))
        return cls(
            kept,
            tuple(one for key, one in owners.items() if key not in kept),
            tuple(one for key, one in built.items() if key not in kept),
        )

    def changes(self, before: Configuration, after: Configuration) -> list[ItemChange]:
        """Return how the items differ, by entity id; secrets are blackened."""
        old = {one.entity_id: one for one in self.leaving}
        new = {one.entity_id: one for one in self.coming}
        found = []
        for key in sorted({*old, *new}):
            was, now = old.get(key), new.get(key)
            lines = _diff(_text(was, before), _text(now, after))
            if was is not None and now is not None:
                difference = Difference.CHANGED
            else:
                difference = Difference.ADDED if was is None else Difference.REMOVED
            found.append(
                ItemChange(
                    difference=difference, entity_id=key, name=(now or was or _NOBODY).name,
                    diff=lines, runs=was.current if was else 0, when_changed=policy(was, now),
                )
            )  # fmt: skip
        return found


class _Nobody:
    name = ""


_NOBODY: Final = _Nobody()


def policy(was: Owner | None, now: Owner | None) -> WhenChanged:
    """Return what becomes of an item's runs: what is written now counts, else what was."""
    wish = _policy_of(now if now is not None else was)
    return WhenChanged.DROP if now is None and wish is WhenChanged.RESTART else wish


def leave(was: Owner, now: Owner | None, machine: Machine) -> bool:
    """Let an item's runs end as its policy has it; say whether some of them go on."""
    wish = policy(was, now)
    why = f"it was {'changed' if now else 'removed'} meanwhile"
    if isinstance(was, Automation):
        for pending in was.running():
            tell_forgotten(machine.parts.kernel, was.entity_id, pending, why)
        was.disarm()
    if wish is WhenChanged.FINISH:
        return was.current > 0
    anew = [run.variables for run in was.runs.values()] + [one.variables for one in was.queue]
    causes = [run.cause for run in was.runs.values()] + [one.cause for one in was.queue]
    words = "begun anew with" if wish is WhenChanged.RESTART else "dropped with"
    message = f"{words} the reload: {why}"
    for run in list(was.runs.values()):
        machine.end(run, Result.STOPPED, CasitaError(message))
    was.stop()
    if wish is WhenChanged.RESTART and now is not None:
        for variables, cause in zip(anew, causes, strict=True):
            begin_anew(now, variables, cause)
    return False


def other_changes(before: Configuration, after: Configuration) -> list[str]:
    """Return the other sections that differ, by name."""
    keys = {*before.sections, *after.sections}.difference(_OURS)
    found = [key for key in keys if _of_section(before, key) != _of_section(after, key)]
    if plain(dict(before.plugins)) != plain(dict(after.plugins)):
        found.append("plugins")
    for name in ("home", "http", "log", "network", "areas"):
        if getattr(before, name) != getattr(after, name):
            found.append(name)
    return sorted(found)


async def broken_tests(config: Configuration, folder: Path) -> Sequence[str]:
    """Run the tests of a folder in another process; return those that do not pass.

    Raises `CommandFailed` if they could not be run.
    """
    if not has_tests(config):
        return ()
    answer = await casita_beside("test", "--json", str(folder), within_s=_TESTS_WITHIN_S)
    return [str(one) for one in msgspec.json.decode(answer, type=TestReport).broken]


def _same(owner: Owner, new: Owner | None) -> bool:
    return new is not None and (
        owner.fingerprint == new.fingerprint
        or behaviour(owner.declared[0]) == behaviour(new.declared[0])
    )


def _policy_of(owner: Owner | None) -> WhenChanged:
    node = plain(owner.declared[0]) if owner is not None else None
    wish = node.get(_WHEN_CHANGED) if isinstance(node, Mapping) else None
    return WhenChanged(wish) if wish in tuple(WhenChanged) else WhenChanged.DROP


def begin_anew(owner: Owner, variables: Mapping[str, Any], cause: Any) -> None:
    """Run a changed item in the place of a run of what it was before."""
    if isinstance(owner, Automation):
        owner.trigger(dict(variables.get("trigger") or {}), cause, skip_condition=True)
    elif isinstance(owner, Script):
        owner.call(variables, cause)


def _text(owner: Owner | None, config: Configuration) -> list[str]:
    if owner is None:
        return []
    node = plain(owner.declared[0])
    shown = config.redactor.redact(_simple(node))
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=100).splitlines()


def _simple(node: Any) -> Any:
    """Return what YAML can write, as JSON would have it."""
    return json.loads(json.dumps(node, default=str))


def _diff(old: Sequence[str], new: Sequence[str]) -> list[str]:
    lines = unified_diff(old, new, lineterm="", n=2)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _of_section(config: Configuration, key: str) -> Any:
    return [plain(share.node) for share in config.sections.get(key, ())]
