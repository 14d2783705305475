"""Runs and running ``for:`` as the log keeps them, and how they come back after a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from casita.events import Cause
from casita.kernel import Kernel
from casita.log import EventLog
from casita_automations.running import Run, Strand, Wait
from casita_automations.triggers.source import Pending
from casita_automations.values import from_document, to_document

HOLDS: Final = "hold"

_logger = logging.getLogger(__name__)


def run_document(run: Run) -> dict[str, Any]:
    """Return a waiting run as JSON can hold it."""
    return {
        "owner": run.owner.key,
        "program": run.owner.identity,
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
        self,
        log: EventLog,
        prefix: str,
        before: Mapping[str, Any],
        *,
        closed: Callable[[], bool],
        program: Callable[[], str] = str,
        collection: str = HOLDS,
    ) -> None:
        """``before`` holds the documents that the log had of it at the start.

        ``closed`` says whether the hub ends: what runs is kept for the next start. ``program``
        returns the identity of what the trigger belongs to.
        """
        self._log = log
        self._collection = collection
        self._prefix = prefix
        self._before = before
        self._closed = closed
        self._program = program
        self._running: dict[str, Pending] = {}

    def keep(self, pending: Pending) -> None:
        """Write one down."""
        self._running[pending.key] = pending
        document = {**pending_document(pending), "program": self._program()}
        self._log.put(self._collection, f"{self._prefix} {pending.key}", document)

    def drop(self, key: str) -> None:
        """Strike one out."""
        if not self._closed():
            self._running.pop(key, None)
            self._log.remove(self._collection, f"{self._prefix} {key}")

    def kept(self) -> list[Pending]:
        """Return those that ran when the hub ended; once only."""
        before, self._before = self._before, {}
        found = [pending_of(key, document) for key, document in before.items()]
        self._running.update((one.key, one) for one in found)
        return found

    def running(self) -> Iterator[Pending]:
        """Yield those that are kept now."""
        yield from self._running.values()


def sort_out(
    kernel: Kernel, entity_id: str, program: str, kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Return which of an automation's rows of `HOLDS` it goes on with after a restart.

    What a trigger remembers is good for any form of it. What ran in another form is struck out,
    and told.
    """
    found = {}
    for key, document in kept.items():
        if document.get("program", program) == program or _is_memory(document):
            found[key] = document
        else:
            forget(kernel, entity_id, key, document, "it was changed meanwhile")
    return found


def forget(kernel: Kernel, entity_id: str, key: str, document: Mapping[str, Any], why: str) -> None:
    """Strike out a row of `HOLDS`, and tell if something ends with it."""
    kernel.log.remove(HOLDS, key)
    tell_forgotten(kernel, entity_id, pending_of(key, document), why)


def tell_forgotten(kernel: Kernel, entity_id: str, pending: Pending, why: str) -> None:
    """Tell of a ``for:`` that is given up, or of a time that was missed; of no other row."""
    if not pending.due:
        return
    if "length" in pending.data:
        message = f"a 'for:' that ran is given up: {why}"
    elif pending.due <= kernel.clock.now().timestamp():
        due = datetime.fromtimestamp(pending.due, UTC).astimezone(kernel.config.home.zone)
        message = f"what was due at {due:%Y-%m-%d %H:%M:%S} is not made up for: {why}"
    else:
        return
    _logger.warning("%s: %s", entity_id, message)
    kernel.bus.emit(
        "run.refused", entity_id, {"reason": "changed", "message": message},
        source="automations", cause=pending.cause if pending.cause.offset else None,
    )  # fmt: skip


def _is_memory(document: Mapping[str, Any]) -> bool:
    """Say whether a row is no wait for a time, but the last value of an entity that is away."""
    return not document["due"]


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
