"""Whose turn it is, where several workers share the automations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from casita.errors import CommandFailed
from casita.events import Cause, Event
from casita.kernel import Kernel
from casita.workers import Group
from casita_automations.keeping import cause_of
from casita_automations.values import from_document, to_document


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


def fired_document(told: Mapping[str, Any], cause: Event | Cause | None) -> dict[str, Any]:
    """Return a firing as JSON can hold it."""
    why = cause.as_cause() if isinstance(cause, Event) else cause
    return {
        "told": to_document(told),
        "cause": None if why is None else [why.offset, why.root, why.hops],
    }


def from_fired_document(document: Mapping[str, Any]) -> tuple[dict[str, Any], Cause | None]:
    """Return what a firing tells, and its cause."""
    return from_document(document["told"]), cause_of(document["cause"])


def require_mine(kernel: Kernel, entity_id: str) -> None:
    """Raise `CommandFailed` if another worker runs an automation or a script."""
    group = kernel.group
    if group is not None and not group.may_act(entity_id):
        there = next(
            (one.name for one in group.status().workers if entity_id in one.automations), "nobody"
        )
        raise CommandFailed(f"{entity_id}: it is run by another worker at present: {there}")
