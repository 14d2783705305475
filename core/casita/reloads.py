"""Reloads of the configuration as they are told: what changes, and what keeps it from changing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec


class Difference(StrEnum):
    """How an automation or a script differs from what is in force."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class WhenChanged(StrEnum):
    """What becomes of the runs of an automation that is changed or removed."""

    DROP = "drop"
    """They end; the log says so."""
    FINISH = "finish"
    """They go on to their end as they began; a restart of the hub ends them, and says so."""
    RESTART = "restart"
    """They end, and the changed automation runs in their place, with the same trigger."""


class ItemChange(msgspec.Struct, frozen=True, kw_only=True):
    """An automation or a script that differs."""

    difference: Difference
    entity_id: str
    name: str
    diff: Sequence[str]
    """Lines of YAML, each with ``+``, ``-`` or a blank before it."""
    runs: int = 0
    """How many of its runs are under way."""
    when_changed: WhenChanged = WhenChanged.DROP
    """What becomes of those."""


class ReloadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a reload did, or would do."""

    active: bool
    """Whether the new configuration is in force now."""
    dry_run: bool
    changes: Sequence[ItemChange]
    unchanged: int
    """How many automations and scripts are the same: their timers and runs go on."""
    problems: Sequence[str]
    """Faults, each with file and line: with any, nothing changes unless it is forced."""
    broken_tests: Sequence[str]
    """Tests that do not pass, each with file and line: likewise."""
    after_restart: Sequence[str]
    """Other sections that differ: they take effect when the hub is started anew."""

    @property
    def refused(self) -> bool:
        """Whether something speaks against it."""
        return bool(self.problems or self.broken_tests)
