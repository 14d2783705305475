"""A run of a program: what it is while it runs, and the machine that drives it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from casita.errors import CasitaError, CommandFailed
from casita.events import Cause
from casita_automations.parts import Parts
from casita_automations.program import END, WAIT, Program
from casita_automations.resting import RESTS_S, rested
from casita_automations.storms import Storms

if TYPE_CHECKING:
    from casita_automations.owner import Owner

_TURN: Final = 2_000
"""After so many instructions without a wait a run lets others have a turn."""
_LONGEST_TRACE: Final = 300
_logger = logging.getLogger(__name__)


class Result(StrEnum):
    """How a run ended."""

    DONE = "done"
    ABORTED = "aborted"
    """A wait of it ran out, or it stopped itself by an error."""
    FAILED = "failed"
    STOPPED = "stopped"
    """Somebody stopped it: turned its automation off, or a new run took its place."""
    DROPPED = "dropped"
    """It could not go on after a restart: it was due too long ago, or its automation changed."""
    MOVED = "moved"
    """Another worker goes on with it."""


class StopRun(Exception):
    """Ends the whole run, with a response."""

    def __init__(self, message: str, response: Any = None) -> None:
        super().__init__(message)
        self.response = response


class AbortRun(CasitaError):
    """Ends the whole run, because something did not go as it had to."""


class Wait:
    """What a strand waits for."""

    __slots__ = ("began", "cancels", "data", "due", "kind", "pc")

    def __init__(self, kind: str, pc: int, due: datetime | None = None, data: Any = None) -> None:
        self.kind = kind
        self.pc = pc
        """The instruction that waits."""
        self.due = due
        """When it ends by itself."""
        self.data = data
        """What JSON can hold and the instruction needs to take the wait up again."""
        self.began: float | None = None
        """When it began, by the monotonic clock; None if that was before a restart."""
        self.cancels: list[Callable[[], None]] = []

    def end(self) -> None:
        """Wait no more."""
        for cancel in self.cancels:
            cancel()
        self.cancels = []


class Strand:
    """One thread of a run; a ``parallel`` has several."""

    __slots__ = (
        "children", "error", "floor", "local", "loops", "number", "parent", "pc", "wait",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        pc: int,
        parent: int | None = None,
        local: dict[str, Any] | None = None,
        floor: int = -1,
    ) -> None:
        self.number = number
        self.pc = pc
        self.parent = parent
        self.local = local
        """Variables of this strand alone; None for the first, which uses the run's."""
        self.floor = floor
        """The instruction that parted it from its parent; guards from before are the parent's."""
        self.loops: list[dict[str, Any]] = []
        self.wait: Wait | None = None
        self.children: list[int] = []
        self.error: Exception | None = None
        """What a child ended with, until its parent goes on."""


class Run:
    """A run: all that it is, is data, so that it can be written down and taken up again."""

    __slots__ = (
        "cause", "key", "on_end", "owner", "program", "response", "result", "share", "strands",
        "trace", "variables", "waited",
    )  # fmt: skip

    def __init__(
        self, owner: Owner, program: Program, key: str, cause: Cause, variables: dict[str, Any]
    ) -> None:
        self.owner = owner
        self.program = program
        self.key = key
        """Names it in the log's documents: the offset of its ``run.started``."""
        self.cause = cause
        """What all that it does carries as cause: its ``run.started``."""
        self.variables = variables
        self.strands: dict[int, Strand] = {}
        self.trace: list[Any] = []
        self.response: Any = None
        self.result: Result | None = None
        """How it ended; None while it runs."""
        self.share = owner.entity_id
        """By which key a worker owns it: its automation, or that which called its script."""
        self.waited = False
        """Whether it was ever written down."""
        self.on_end: list[Callable[[Run], None]] = []

    def view(self, strand: Strand) -> dict[str, Any]:
        """Return the variables as a strand sees them."""
        if strand.local is None:
            return self.variables
        return {**self.variables, **strand.local}

    def set_local(self, strand: Strand, name: str, value: Any) -> None:
        """Set a variable that other strands do not see."""
        target = self.variables if strand.local is None else strand.local
        target[name] = value

    def drop_local(self, strand: Strand, name: str) -> None:
        """Take such a variable away."""
        target = self.variables if strand.local is None else strand.local
        target.pop(name, None)

    def note(self, *entry: Any) -> None:
        """Add a line to the trace, which is cut when it grows too long."""
        if len(self.trace) < _LONGEST_TRACE:
            self.trace.append(entry)


class Machine:
    """Drives runs: straight through until they wait, and on when what they wait for came."""

    def __init__(self, parts: Parts, store: Callable[[Run], None]) -> None:
        self.parts = parts
        self.storms = Storms(parts.kernel.clock)
        self._store = store
        """Called with a run that waits now."""

    def begin(self, run: Run) -> None:
        """Start a run."""
        strand = run.strands[0] = Strand(0, 0)
        self._advance(run, strand, 0)
        self._settle(run)

    def resume(self, run: Run, strand: Strand, pc: int) -> None:
        """Let a strand that waited go on."""
        if run.result is not None or strand.wait is None or not self._may_act(run):
            return
        wait, strand.wait = strand.wait, None
        wait.end()
        if self._has_rested(wait):
            run.cause = rested(run.cause)
        with self.parts.kernel.log.together():
            self._advance(run, strand, pc)
            self._settle(run)

    def fail(self, run: Run, strand: Strand, pc: int, err: Exception) -> None:
        """Let an instruction that waited fail."""
        if run.result is not None or strand.wait is None or not self._may_act(run):
            return
        wait, strand.wait = strand.wait, None
        wait.end()
        with self.parts.kernel.log.together():
            following = self._failed(run, strand, pc, err)
            if following >= 0:
                self._advance(run, strand, following)
            self._settle(run)

    def end(self, run: Run, result: Result, err: Exception | None = None) -> None:
        """End a run from outside."""
        with self.parts.kernel.log.together():
            self._finish(run, result, err)

    def keep(self, run: Run) -> None:
        """Write a run down of whose wait something has changed."""
        if run.result is None:
            self._store(run)

    def _may_act(self, run: Run) -> bool:
        """Say whether this process may still go on with a run: another worker may have it."""
        group = self.parts.kernel.group
        return group is None or group.may_act(run.share)

    def hold(
        self,
        run: Run,
        strand: Strand,
        kind: str,
        pc: int,
        delay: timedelta | None = None,
        data: Any = None,
    ) -> Wait:
        """Make a strand wait; the instruction adds what cancels its wait, and returns `WAIT`."""
        due = None if delay is None else self.parts.kernel.clock.now() + delay
        wait = strand.wait = Wait(kind, pc, due, data)
        wait.began = self.parts.kernel.clock.monotonic()
        return wait

    def fork(self, run: Run, strand: Strand, pc: int, starts: list[int], following: int) -> int:
        """Start children of a strand; return where it goes on if all have ended, or `WAIT`."""
        if not starts:
            return following
        wait = strand.wait = Wait("children", pc, data=following)
        strand.pc = pc
        first = max(run.strands) + 1
        strand.children = list(range(first, first + len(starts)))
        local = {k: v for k, v in run.view(strand).items() if k in ("repeat", "wait")}
        children = [
            Strand(number, start, strand.number, {**(strand.local or {}), **local}, pc)
            for number, start in zip(strand.children, starts, strict=True)
        ]
        run.strands.update((child.number, child) for child in children)
        for child in children:
            if run.result is None:
                self._advance(run, child, child.pc)
        if run.result is not None or strand.wait is not wait:
            return WAIT
        if self._open_children(run, strand):
            return WAIT
        strand.wait = None
        self._raise_of_children(run, strand)
        return following

    def _advance(self, run: Run, strand: Strand, pc: int) -> None:
        steps, left = run.program.steps, _TURN
        end = len(steps)
        while pc >= 0:
            if pc >= end:
                pc = END
                break
            try:
                while 0 <= pc < end:
                    pc = steps[pc](run, strand)
                    if run.result is not None:
                        return
                    left -= 1
                    if left <= 0 and pc >= 0:
                        self._give_turn(run, strand, pc)
                        return
            except StopRun as stop:
                self._stopped(run, strand, stop)
                return
            except Exception as err:  # noqa: BLE001 - told in the run's end, or passed over as wanted
                pc = self._failed(run, strand, pc, err)
        if pc == END:
            self._ended(run, strand)

    def _has_rested(self, wait: Wait) -> bool:
        began = wait.began
        return began is None or self.parts.kernel.clock.monotonic() - began >= RESTS_S

    def _give_turn(self, run: Run, strand: Strand, pc: int) -> None:
        wait = self.hold(run, strand, "turn", pc, timedelta())
        alarm = self.parts.kernel.clock.call_later(0.0, lambda: self.resume(run, strand, pc))
        wait.cancels.append(alarm.cancel)

    def _failed(self, run: Run, strand: Strand, pc: int, err: Exception) -> int:
        """Return where a strand goes on after an error, or `WAIT` if it does not."""
        if run.result is not None:
            return WAIT
        guard = run.program.guard_of(pc, strand.floor)
        if guard is not None and isinstance(err, CommandFailed):
            run.note("error", str(err), "continued")
            return guard.end
        if not isinstance(err, CasitaError):
            _logger.error("%s: a step failed", run.owner.entity_id, exc_info=err)
        if strand.parent is not None:
            strand.error = err
            self._ended(run, strand)
        else:
            result = Result.ABORTED if isinstance(err, AbortRun) else Result.FAILED
            self._finish(run, result, err)
        return WAIT

    def _stopped(self, run: Run, strand: Strand, stop: StopRun) -> None:
        if strand.parent is not None:
            strand.error = stop
            self._ended(run, strand)
        else:
            run.response = stop.response
            run.note("stop", str(stop))
            self._finish(run, Result.DONE, None)

    def _ended(self, run: Run, strand: Strand) -> None:
        strand.pc = END
        if strand.parent is None:
            self._finish(run, run.result or Result.DONE, None)
            return
        parent = run.strands[strand.parent]
        wait = parent.wait
        if wait is None or wait.kind != "children" or self._open_children(run, parent):
            return
        if parent.pc == WAIT:
            parent.wait = None
            self._go_on(run, parent, wait)

    def _go_on(self, run: Run, parent: Strand, wait: Wait) -> None:
        """Let a strand go on whose children have all ended."""
        try:
            self._raise_of_children(run, parent)
        except StopRun as stop:
            self._stopped(run, parent, stop)
        except Exception as err:  # noqa: BLE001 - a child's error, told in the run's end
            following = self._failed(run, parent, wait.pc, err)
            if following >= 0:
                self._advance(run, parent, following)
        else:
            self._advance(run, parent, wait.data)

    @staticmethod
    def _open_children(run: Run, strand: Strand) -> bool:
        return any(run.strands[one].pc != END for one in strand.children)

    @staticmethod
    def _raise_of_children(run: Run, strand: Strand) -> None:
        children = [run.strands.pop(number) for number in strand.children]
        strand.children = []
        for child in children:
            if child.error is not None:
                raise child.error

    def _settle(self, run: Run) -> None:
        """Write a run down that waits now."""
        if run.result is None:
            for strand in run.strands.values():
                if strand.wait is not None and strand.wait.kind == "children":
                    strand.pc = WAIT
            self._store(run)

    def _finish(self, run: Run, result: Result, err: Exception | None) -> None:
        if run.result is not None:
            return
        run.result = result
        for strand in run.strands.values():
            if strand.wait is not None:
                strand.wait.end()
                strand.wait = None
        run.owner.ended(run, err)
        callbacks, run.on_end = run.on_end, []
        for callback in callbacks:
            callback(run)
