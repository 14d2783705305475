"""Runs and running ``for:`` as the log keeps them, and how they come back after a restart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from casita.events import Cause
from casita.log import EventLog
from casita_automations.program import Program
from casita_automations.running import Run, Strand, Wait
from casita_automations.triggers.source import Pending
from casita_automations.values import from_document, to_document

HOLDS: Final = "hold"


def program_hash(program: Program) -> str:
    """Return what tells a program from another one."""
    text = json.dumps(program.source, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run_document(run: Run, program: str) -> dict[str, Any]:
    """Return a waiting run as JSON can hold it."""
    return {
        "owner": run.owner.key,
        "program": program,
        "cause": [run.cause.offset, run.cause.root, run.cause.hops],
        "variables": to_document(run.variables),
        "strands": [_strand_document(strand) for strand in run.strands.values()],
        "trace": to_document(run.trace),
    }


def restore_run(run: Run, document: Mapping[str, Any]) -> None:
    """Put back into a fresh run what its document holds."""
    run.waited = True
    run.trace = from_document(document["trace"])
    for each in document["strands"]:
        strand = Strand(
            each["number"], each["pc"], each["parent"], from_document(each["local"]), each["floor"]
        )
        strand.loops = from_document(each["loops"])
        strand.children = list(each["children"])
        wait = each["wait"]
        if wait is not None:
            due = None if wait["due"] is None else datetime.fromisoformat(wait["due"])
            strand.wait = Wait(wait["kind"], wait["pc"], due, from_document(wait["data"]))
        run.strands[strand.number] = strand


def cause_of(values: Any) -> Cause | None:
    """Return a cause from its document."""
    return None if values is None else Cause(offset=values[0], root=values[1], hops=values[2])


def pending_of(key: str, document: Mapping[str, Any]) -> Pending:
    """Return a kept ``for:``, or a time that is waited for, from its document."""
    offset, root, hops = document["cause"]
    cause = Cause(offset=offset, root=root, hops=hops)
    return Pending(key=key, due=document["due"], data=document["data"], cause=cause)


def pending_document(pending: Pending) -> dict[str, Any]:
    """Return one as JSON can hold it."""
    cause = pending.cause
    return {
        "due": pending.due,
        "data": pending.data,
        "cause": [cause.offset, cause.root, cause.hops],
    }


class KeptHolds:
    """The running ``for:`` of one trigger of one automation, or of a template entity."""

    def __init__(
        self, log: EventLog, prefix: str, before: Mapping[str, Any], *, collection: str = HOLDS
    ) -> None:
        """``before`` holds the documents that the log had of it at the start."""
        self._log = log
        self._collection = collection
        self._prefix = prefix
        self._before = before
        self.closed = False
        """Whether the hub ends: what runs is kept for the next start."""

    def keep(self, pending: Pending) -> None:
        """Write one down."""
        self._log.put(self._collection, f"{self._prefix} {pending.key}", pending_document(pending))

    def drop(self, key: str) -> None:
        """Strike one out."""
        if not self.closed:
            self._log.remove(self._collection, f"{self._prefix} {key}")

    def kept(self) -> list[Pending]:
        """Return those that ran when the hub ended; once only."""
        before, self._before = self._before, {}
        return [pending_of(key, document) for key, document in before.items()]


def _strand_document(strand: Strand) -> dict[str, Any]:
    wait = strand.wait
    return {
        "number": strand.number,
        "pc": strand.pc,
        "parent": strand.parent,
        "floor": strand.floor,
        "local": to_document(strand.local),
        "loops": to_document(strand.loops),
        "children": strand.children,
        "wait": None if wait is None else {
            "kind": wait.kind,
            "pc": wait.pc,
            "due": None if wait.due is None else wait.due.isoformat(),
            "data": to_document(wait.data),
        },
    }  # fmt: skip
