"""How a wait of a run ends by itself, on time or late, and what is kept of its triggers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from casita.errors import CasitaError
from casita.missed import Missed
from casita_automations.keeping import pending_document, pending_of
from casita_automations.running import Machine, Result, Run, Strand, Wait
from casita_automations.triggers.source import Pending


def await_due(
    machine: Machine, run: Run, strand: Strand, missed: Missed, then: Callable[[], None]
) -> None:
    """Call back when the strand's wait is due; one from before a restart may be so long ago."""
    wait, clock = strand.wait, machine.parts.kernel.clock
    if wait is None or wait.due is None:
        raise CasitaError("a wait without end cannot be due")
    left = wait.due - clock.now()
    if wait.began is None:
        _go_on(machine, run, wait, missed, left, then)
    else:
        wait.cancels.append(clock.call_later(max(0.0, left.total_seconds()), then).cancel)


def _go_on(
    machine: Machine,
    run: Run,
    wait: Wait,
    missed: Missed,
    left: timedelta,
    then: Callable[[], None],
) -> None:
    """Take a wait up after a restart. It lasts no longer than its length, whatever clocks show."""
    clock, due = machine.parts.kernel.clock, wait.due
    length: timedelta = (wait.data or {}).get("length") or left
    if left <= timedelta() and clock.trusted:
        late = -left
        if missed.takes(late):
            wait.cancels.append(machine.parts.ready.soon(then))
        else:
            wait.cancels.append(machine.parts.ready.soon(lambda: _drop(machine, run, late)))
        return
    left_s = min(max(left, timedelta()), length).total_seconds()
    if clock.trusted:
        wait.cancels.append(clock.call_later(left_s, then).cancel)
    else:
        wait.cancels.append(clock.call_later(length.total_seconds(), then).cancel)
        if due is not None:
            wait.cancels.append(clock.call_at(due, then).cancel)


def _drop(machine: Machine, run: Run, late: timedelta) -> None:
    """End a run that is not to go on so late; it is told."""
    shown = timedelta(seconds=round(late.total_seconds()))
    machine.end(run, Result.DROPPED, CasitaError(f"its wait was over {shown} ago: too late for it"))


class HoldsOfWait:
    """The running ``for:``, and the times, of one trigger that a run waits for."""

    def __init__(self, machine: Machine, run: Run, strand: Strand, wait: Wait, index: int) -> None:
        self._machine = machine
        self._run = run
        self._strand = strand
        self._wait = wait
        self._prefix = f"{index} "

    def keep(self, pending: Pending) -> None:
        """Write one down with the run."""
        self._kept[self._prefix + pending.key] = pending_document(pending)
        self._store()

    def drop(self, key: str) -> None:
        """Strike one out."""
        if self._kept.pop(self._prefix + key, None) is not None:
            self._store()

    def kept(self) -> list[Pending]:
        """Return those that ran when the hub ended."""
        if self._wait.began is not None:
            return []
        prefix = self._prefix
        return [
            pending_of(key.removeprefix(prefix), document)
            for key, document in self._kept.items()
            if key.startswith(prefix)
        ]

    @property
    def _kept(self) -> dict[str, Any]:
        found: dict[str, Any] = self._wait.data.setdefault("holds", {})
        return found

    def _store(self) -> None:
        if self._strand.wait is self._wait:
            self._machine.keep(self._run)
