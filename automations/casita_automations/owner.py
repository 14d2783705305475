"""What automations and scripts share: runs, one after another, side by side, or one at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from casita.commands import HOP_LIMIT, Commands
from casita.events import Cause, Event, State
from casita.vocabulary import Mode
from casita_automations.identity import identity_of
from casita_automations.parsing import At
from casita_automations.program import Program
from casita_automations.running import Machine, Result, Run
from casita_automations.shadow import Rehearsal
from casita_automations.storms import DEEP, MOST
from casita_automations.templates.house import as_dict
from casita_automations.values import to_document

SOURCE: Final = "automations"
_MAX_RUNS: Final = 10
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs there may be."""

    mode: Mode = Mode.SINGLE
    max: int = _MAX_RUNS
    silent: bool = False
    """Whether a run that is one too many is passed over without a word."""

    @property
    def runs(self) -> int:
        """How many runs there may be at a time, those that queue included."""
        return 1 if self.mode in (Mode.SINGLE, Mode.RESTART) else self.max


class Queued:
    """A run that waits for its turn."""

    __slots__ = ("cause", "key", "share", "started", "variables")

    def __init__(
        self,
        key: str,
        variables: dict[str, Any],
        cause: Event | Cause | None,
        started: Mapping[str, Any],
        share: str,
    ) -> None:
        self.key = key
        self.share = share
        self.variables = variables
        self.cause = cause
        self.started = started


class Owner:
    """An automation or a script: it has a program, a mode, and runs."""

    source = SOURCE
    rows = "run"
    """Where the log keeps its runs while they wait or queue."""

    def __init__(
        self,
        machine: Machine,
        entity_id: str,
        program: Program,
        limits: Limits,
        *,
        changed: Callable[[Owner], None],
    ) -> None:
        self.entity_id = entity_id
        self.program = program
        self.limits = limits
        self.runs: dict[str, Run] = {}
        self.queue: deque[Queued] = deque()
        self.name = entity_id
        self.fingerprint = ""
        """What is the same as long as its configuration is."""
        self.shadow = False
        """Whether what its runs would do is only written down."""
        self.declared: tuple[Any, At] = (None, At(None, ""))
        """What it was made of, blueprints filled in, and where that stands."""
        self.last_triggered: datetime | None = None
        self._machine = machine
        self._kernel = machine.parts.kernel
        self._rows = machine.parts.rows
        self._changed = changed
        self._span = (0, 0)
        self._queued = 0

    @cached_property
    def identity(self) -> str:
        """What its rows in the log name its present form by."""
        return identity_of(self.program, self.declared[0])

    @property
    def key(self) -> str:
        """What the rows of its runs name it by; begins with its entity id."""
        return self.entity_id

    @property
    def gateway(self) -> Commands | Rehearsal:
        """Where the commands of its runs go."""
        commands = self._kernel.commands
        return Rehearsal(commands) if self.shadow else commands

    @property
    def machine(self) -> Machine:
        """What drives its runs."""
        return self._machine

    @property
    def current(self) -> int:
        """How many runs there are, those that queue included."""
        return len(self.runs) + len(self.queue)

    def recall(self, known: State | None) -> None:
        """Take over what the entity showed before the hub ended."""
        stamp = None if known is None else known.attributes.get("last_triggered")
        if isinstance(stamp, str):
            self.last_triggered = datetime.fromisoformat(stamp)

    def this(self) -> Mapping[str, Any]:
        """Return what its templates see as ``this``."""
        state = self._kernel.states.get(self.entity_id)
        if state is None:
            return {"entity_id": self.entity_id, "state": "on", "attributes": {}}
        attributes = {**state.attributes, "last_triggered": self.last_triggered}
        return {**as_dict(state), "attributes": attributes}

    def start(
        self,
        variables: dict[str, Any],
        cause: Event | Cause | None,
        started: Mapping[str, Any],
        *,
        actor: str | None = None,
    ) -> Run | None:
        """Start a run, if the mode lets it; return it, run through or under way."""
        storms = self._machine.storms
        if cause is not None and (cause.hops >= DEEP or storms.stopped) and self._runs_away(cause):
            return None
        if self.runs or (cause is not None and self._ran_at(cause)):
            if self.limits.mode is Mode.RESTART:
                self.stop()
            elif self.current >= self.limits.runs or self.limits.mode is Mode.SINGLE:
                self._pass_over(cause)
                return None
            elif self.limits.mode is Mode.QUEUED and self.runs:
                self._enqueue(variables, cause, started)
                return None
        return self._begin(variables, cause, started, actor)

    def stop(self) -> None:
        """End all runs, and those that queue."""
        for queued in self.queue:
            self._rows.remove(self.rows, queued.key)
        self.queue.clear()
        for run in list(self.runs.values()):
            self._machine.end(run, Result.STOPPED)

    def launch(self, run: Run) -> None:
        """Let a new run begin."""
        self._machine.begin(run)

    def resume(self, run: Run) -> None:
        """Let a run go on that was restored and has no strand that waits."""

    def suspend(self) -> None:
        """Do nothing more in this process: what waits is in the log and goes on after a restart."""
        for run in self.runs.values():
            for strand in run.strands.values():
                if strand.wait is not None:
                    strand.wait.end()

    def let_go(self, share: str) -> None:
        """Forget the runs of a key: another worker has them, or this one will take them up again.

        Nothing is told of it, and their rows stay as they are.
        """
        going = [run for run in self.runs.values() if run.share == share]
        for run in going:
            run.result = Result.MOVED
            del self.runs[run.key]
        for run in going:
            for strand in run.strands.values():
                if strand.wait is not None:
                    strand.wait.end()
            callbacks, run.on_end = run.on_end, []
            for callback in callbacks:
                callback(run)
        self.queue = deque(one for one in self.queue if one.share != share)
        if going:
            self._changed(self)

    def restored(self, run: Run) -> None:
        """Take back a run that was written down."""
        self.runs[run.key] = run
        self._note_share(run)

    def _share_of(self, _cause: Event | Cause | None) -> str:
        """Return the key by which a worker owns a run that something caused."""
        return self.entity_id

    def _note_share(self, run: Run) -> None:
        group = self._kernel.group
        if group is not None:
            group.shares.add(run.cause.offset, run.share)

    def ended(self, run: Run, err: Exception | None) -> None:
        """Take down how a run ended; let the next of the queue start. Called by the machine."""
        self.runs.pop(run.key, None)
        data: dict[str, Any] = {"result": run.result, "trace": run.trace}
        if err is not None:
            data["message"] = str(err)
            _logger.warning("%s: %s: %s", self.entity_id, run.result, err)
        event = self._kernel.bus.emit(
            "run.finished", self.entity_id, data, source=self.source, cause=run.cause
        )
        self._span = (run.cause.offset, event.offset)
        if run.waited:
            self._rows.remove(self.rows, run.key)
        self._changed(self)
        if self.queue and not self.runs and run.result is not Result.STOPPED:
            queued = self.queue.popleft()
            self._rows.remove(self.rows, queued.key)
            self._begin(queued.variables, queued.cause, queued.started, None)

    def _begin(
        self,
        variables: dict[str, Any],
        cause: Event | Cause | None,
        started: Mapping[str, Any],
        actor: str | None,
    ) -> Run:
        event = self._kernel.bus.emit(
            "run.started", self.entity_id, started,
            source=self.source, cause=cause, actor=actor, hop=True,
        )  # fmt: skip
        self.last_triggered = event.time
        if self.program.wants_context:
            variables["context"] = {
                "id": str(event.offset),
                "parent_id": None if cause is None else str(cause.root),
                "user_id": actor,
            }
        name = self._rows.name(event.offset)
        run = Run(self, self.program, name, event.as_cause(), variables)
        run.share = self._share_of(cause)
        self._note_share(run)
        self.runs[run.key] = run
        self._changed(self)
        self.launch(run)
        return run

    def _ran_at(self, cause: Event | Cause) -> bool:
        """Say whether a run was under way when an event came about that is only dispatched now."""
        begin, end = self._span
        return begin < cause.offset < end and self.limits.mode is Mode.SINGLE

    def _enqueue(
        self, variables: dict[str, Any], cause: Event | Cause | None, started: Mapping[str, Any]
    ) -> None:
        self._queued += 1
        name = self._rows.name(self._kernel.log.head)
        key = f"{self.entity_id} queued {name} {self._queued}"
        share = self._share_of(cause)
        self.queue.append(Queued(key, variables, cause, started, share))
        as_cause = cause.as_cause() if isinstance(cause, Event) else cause
        document = {
            "owner": self.key,
            "program": self.identity,
            "queued": True,
            "variables": to_document(variables),
            "cause": None if as_cause is None else [as_cause.offset, as_cause.root, as_cause.hops],
            "started": dict(started),
        }
        self._rows.put(self.rows, key, document, share)
        self._changed(self)

    def _pass_over(self, cause: Event | Cause | None) -> None:
        if not self.limits.silent:
            _logger.warning("%s: a run was passed over: there are %d", self.entity_id, self.current)
        self._kernel.bus.emit(
            "run.refused", self.entity_id,
            {"reason": "mode", "message": f"there are {max(1, self.current)} already"},
            source=self.source, cause=cause,
        )  # fmt: skip

    def _runs_away(self, cause: Event | Cause) -> bool:
        """Say whether a causal chain is to be stopped, which is told."""
        storms = self._machine.storms
        if cause.hops >= HOP_LIMIT:
            message = f"its causal chain went through {HOP_LIMIT} automation runs"
        elif storms.is_stopped(cause.root):
            message = "its causal chain was stopped less than a minute ago"
        elif cause.hops >= DEEP and not storms.admit(cause.root, self.entity_id):
            message = f"its causal chain ran automations again more than {MOST} times a second"
        else:
            return False
        storms.stop(cause.root)
        self._refuse_hops(cause, message)
        return True

    def _refuse_hops(self, cause: Event | Cause, message: str) -> None:
        _logger.warning("%s: stopped: %s", self.entity_id, message)
        self._kernel.bus.emit(
            "run.refused", self.entity_id, {"reason": "hops", "message": message},
            source=self.source, cause=cause,
        )  # fmt: skip
