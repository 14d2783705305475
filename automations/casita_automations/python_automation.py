"""An automation of a kind that a plugin supplies in Python."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from casita.events import State
from casita.vocabulary import AutomationKind, Changed
from casita_automations.automation import Automation
from casita_automations.handlers import RunHome, Settings
from casita_automations.journal import Journal
from casita_automations.owner import Limits, Owner
from casita_automations.program import Program
from casita_automations.running import Machine, Result, Run
from casita_automations.triggers import CompiledTrigger
from casita_automations.triggers.source import Holds
from casita_config import entities_in

_logger = logging.getLogger(__name__)


class PythonAutomation(Automation):
    """Runs a plugin's handler: each run is a task, its journal is a row of the log."""

    def __init__(
        self,
        machine: Machine,
        entity_id: str,
        kind: AutomationKind,
        given: Mapping[str, Any],
        *,
        item_id: str | None,
        name: str,
        triggers: list[CompiledTrigger],
        store: Callable[[Run], None],
        holds: Callable[[Automation, int], Holds],
        changed: Callable[[Owner], None],
        on_at_start: bool | None,
    ) -> None:
        """``given`` is the checked ``with:`` of the configuration."""
        program = Program(source={"use": kind.id, "with": dict(given)}, has_tasks=True)
        super().__init__(
            machine, entity_id, program, Limits(kind.mode), item_id=item_id, name=name,
            triggers=triggers, trigger_variables=None, variables=None, condition=None, holds=holds,
            changed=changed, on_at_start=on_at_start,
        )  # fmt: skip
        self._kind = kind
        self._given = given
        self._permitted = entities_in(kind.schema, given)
        self._store = store

    def launch(self, run: Run) -> None:
        """Start a run's handler."""
        run.variables["journal"] = []
        self.resume(run)

    def resume(self, run: Run) -> None:
        """Run a handler; what its journal holds it gets anew."""
        journal = Journal(
            run.variables["journal"], self._kernel.clock, lambda: self._changed_journal(run)
        )
        home = RunHome(self._machine.parts, run, journal, self._permitted)
        event = _changed_of(run.variables["trigger"])
        task = self._machine.parts.tasks.start(
            self._drive(run, event, home), f"{self.entity_id} {run.key}"
        )
        run.on_end.append(lambda _run: _cancel(task))

    async def _drive(self, run: Run, event: Changed, home: RunHome) -> None:
        try:
            await self._kind.handler(event, Settings(self._given), home)
        except Exception as err:
            _logger.debug("%s: its handler failed", self.entity_id, exc_info=err)
            self._machine.end(run, Result.FAILED, err)
        else:
            self._machine.end(run, Result.DONE)

    def _changed_journal(self, run: Run) -> None:
        if run.result is None:
            self._store(run)


def _changed_of(told: Mapping[str, Any]) -> Changed:
    old, new = told.get("from_state"), told.get("to_state")
    return Changed(
        str(told.get("entity_id") or ""),
        to=new.state if isinstance(new, State) else None,
        from_=old.state if isinstance(old, State) else None,
        held=told.get("for"),
    )


def _cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a handler whose run was ended by somebody else."""
    if task is not _current():
        task.cancel()


def _current() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
