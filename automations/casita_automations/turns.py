"""Whose turn it is, where several workers share the automations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from casita.errors import CommandFailed
from casita.events import Cause, Event
from casita.kernel import Kernel
from casita.workers import Group


def firing_of(
    group: Group, trigger: str, told: Mapping[str, Any], cause: Event | Cause | None, now: datetime
) -> str:
    """Return what all workers call the firing of a trigger: by what came, or by its time."""
    origin = group.origin(cause)
    if origin is None:
        due = told.get("now")
        at = due if isinstance(due, datetime) else now
        origin = at.replace(microsecond=0).isoformat()
    return f"{trigger} {origin}"


def require_mine(kernel: Kernel, entity_id: str) -> None:
    """Raise `CommandFailed` if another worker runs an automation or a script."""
    group = kernel.group
    if group is not None and not group.may_act(entity_id):
        there = next(
            (one.name for one in group.status().workers if entity_id in one.automations), "nobody"
        )
        raise CommandFailed(f"{entity_id}: it is run by another worker at present: {there}")
