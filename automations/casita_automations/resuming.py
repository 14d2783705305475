"""Keeps waiting runs in the log, and takes them up again after a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from casita.errors import CasitaError, CommandFailed
from casita.events import Cause
from casita.reloads import WhenChanged
from casita_automations.actions.call import REPEATABLE, run_ended
from casita_automations.keeping import cause_of, restore_run, run_document
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts
from casita_automations.reloading import begin_anew, policy
from casita_automations.rows import RUNS
from casita_automations.running import Machine, Run, Strand, Wait
from casita_automations.values import from_document

_UNSURE = "the hub ended while it was under way: its outcome is uncertain"
_logger = logging.getLogger(__name__)


class Keeper:
    """The runs that wait, as rows of the log."""

    machine: Machine

    def __init__(self, parts: Parts, owners: dict[str, Owner], *, rows: str = RUNS) -> None:
        """``owners`` are found by their keys; ``rows`` is where the log keeps their runs."""
        self._kernel = parts.kernel
        self._parts = parts
        self._owners = owners
        self._rows = rows
        self.closed = False
        """Whether the hub ends: rows stay as they are."""

    def store(self, run: Run) -> None:
        """Write a run down that waits now."""
        if not self.closed:
            run.waited = True
            self._parts.rows.put(self._rows, run.key, run_document(run), run.share)

    def restore(self) -> None:
        """Take up the runs that waited when the hub ended, in the order in which they began."""
        self._take_up(self._parts.rows.items(self._rows))

    def take_up(self, share: str) -> None:
        """Take up the runs that waited at another worker, or here before the lease ended."""
        group = self._kernel.group
        rows = group.rows() if group is not None else {}
        self._take_up(
            {run: row.document for run, row in rows.items() if row.key == share}, share=share
        )

    def _take_up(self, documents: Mapping[str, Any], *, share: str | None = None) -> None:
        waiting: list[Run] = []
        for key in sorted(documents, key=_order):
            document = documents[key]
            owner = self._owners.get(document["owner"])
            if owner is None or document.get("program", owner.identity) != owner.identity:
                self._end_changed(key, document, owner)
            elif document.get("queued"):
                self._restore_queued(key, document, owner)
            else:
                waiting.append(self._restore(key, document, owner, share))
        for run in waiting:
            self._parts.ready.soon(partial(_go_on, run))
            for strand in list(run.strands.values()):
                if strand.wait is not None and run.result is None:
                    self._rearm(run, strand)

    def _restore(self, key: str, document: Any, owner: Owner, share: str | None) -> Run:
        cause = cause_of(document["cause"])
        if cause is None:
            raise CasitaError(f"{key}: a run without its cause")
        if share is not None:
            cause = self._resumed(key, owner, cause)
        run = Run(owner, owner.program, key, cause, from_document(document["variables"]))
        run.share = share or run.share
        restore_run(run, document)
        owner.restored(run)
        return run

    def _resumed(self, key: str, owner: Owner, cause: Cause) -> Cause:
        """Tell that a run goes on here; its first cause is in the log of another worker."""
        event = self._kernel.bus.emit("run.resumed", owner.entity_id, {"run": key}, source=SOURCE)
        return Cause(offset=event.offset, root=event.offset, hops=cause.hops)

    def _restore_queued(self, key: str, document: Any, owner: Owner) -> None:
        self._parts.rows.remove(self._rows, key)
        variables = from_document(document["variables"])
        owner.start(variables, cause_of(document["cause"]), document["started"])

    def _rearm(self, run: Run, strand: Strand) -> None:
        """Take up one wait again; what was due meanwhile goes on at once."""
        wait = strand.wait
        if wait is None or wait.kind == "children":
            return
        machine, pc = self.machine, wait.pc
        if wait.kind == "turn":
            self._soon(lambda: machine.resume(run, strand, pc))
        elif wait.kind == "run":
            self._await_child(run, strand, pc, wait.data)
        elif wait.kind == "call" and self._may_repeat(wait):
            self._soon(lambda: machine.resume(run, strand, pc))
        elif wait.kind == "call":
            self._soon(lambda: machine.fail(run, strand, pc, CommandFailed(_UNSURE)))
        else:
            rearm = run.program.rearm[pc]
            rearm(run, strand)

    def _may_repeat(self, wait: Wait) -> bool:
        """Say whether a worker may send a command again that another has perhaps sent."""
        return self._kernel.group is not None and wait.data == REPEATABLE

    def _await_child(self, run: Run, strand: Strand, pc: int, data: Any) -> None:
        machine, response = self.machine, data["response"]
        children = (owner.runs.get(data["run"]) for owner in self._owners.values())
        child = next((one for one in children if one is not None), None)
        if child is not None:
            child.on_end.append(lambda child: run_ended(machine, run, strand, pc, child, response))
            return
        self._soon(lambda: self.machine.fail(run, strand, pc, CommandFailed(_UNSURE)))

    def _soon(self, callback: Callable[[], None]) -> None:
        self._kernel.clock.call_later(0.0, callback)

    def _end_changed(self, key: str, document: Any, owner: Owner | None) -> None:
        """End a run whose automation is gone or has changed, as its policy has it."""
        if owner is None:
            self._drop(key, document, "dropped with the restart: it was removed meanwhile")
        elif policy(None, owner) is WhenChanged.RESTART:
            self._parts.ready.soon(partial(self._begin_anew, key, document, owner))
        else:
            self._drop(key, document, "dropped with the restart: it was changed meanwhile")

    def _begin_anew(self, key: str, document: Any, owner: Owner) -> None:
        with self._kernel.log.together():
            self._drop(key, document, "begun anew with the restart: it was changed meanwhile")
            begin_anew(owner, from_document(document["variables"]), cause_of(document["cause"]))

    def _drop(self, key: str, document: Any, message: str) -> None:
        """Strike a run out; that is told, not guessed at."""
        self._parts.rows.remove(self._rows, key)
        cause: Cause | None = cause_of(document["cause"])
        _logger.warning("%s: a waiting run ended: %s", document["owner"], message)
        self._kernel.bus.emit(
            "run.finished", document["owner"].partition(" ")[0],
            {"result": "dropped", "message": message, "trace": document.get("trace", [])},
            source=SOURCE, cause=cause,
        )  # fmt: skip


def _go_on(run: Run) -> None:
    if run.result is None:
        run.owner.resume(run)


def _order(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() else (10**18, key)
