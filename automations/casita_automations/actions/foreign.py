"""Kinds of action that a plugin supplies: a coroutine, whose journal waits with the run."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from casita.errors import CommandFailed
from casita.vocabulary import ActionKind
from casita_automations.actions.builder import Builder
from casita_automations.handlers import RunHome, Settings
from casita_automations.journal import Journal
from casita_automations.parsing import At, template_value
from casita_automations.program import WAIT
from casita_automations.running import Machine, Run, Strand, Wait
from casita_automations.values import jsonable
from casita_config import entities_in

_logger = logging.getLogger(__name__)


def action(kind: ActionKind, builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile an action that a plugin does."""
    machine, here = builder.machine, builder.program.here
    below = at.below(kind.name)
    value = template_value(builder.parts.templates, config[kind.name] or {}, below)
    if value.constant:
        below.check(kind.schema, value.source)

    def step(run: Run, strand: Strand) -> int:
        given = jsonable(value.render(run.view(strand)))
        run.note(path, kind.name)
        machine.hold(run, strand, "handler", here, None, {"given": given, "journal": []})
        _drive(machine, kind, run, strand)
        return WAIT

    def rearm(run: Run, strand: Strand) -> None:
        assert strand.wait is not None
        ready = machine.parts.ready
        strand.wait.cancels.append(ready.soon(lambda: _drive(machine, kind, run, strand)))

    builder.program.add(step, rearm)
    builder.program.has_tasks = True


def _drive(machine: Machine, kind: ActionKind, run: Run, strand: Strand) -> None:
    """Let the plugin act; what its journal holds from before a restart it gets anew."""
    wait = strand.wait
    assert wait is not None

    async def act() -> None:
        try:
            await _act(machine, kind, run, strand, wait)
        except Exception as err:
            _logger.debug("%s: %s failed", run.owner.entity_id, kind.name, exc_info=err)
            if strand.wait is wait:
                told = CommandFailed(f"{kind.name}: {str(err) or type(err).__name__}")
                machine.fail(run, strand, wait.pc, told)
        else:
            if strand.wait is wait:
                machine.resume(run, strand, wait.pc + 1)

    task = machine.parts.tasks.start(act(), f"{run.owner.entity_id} {kind.name}")
    wait.cancels.append(lambda: _cancel(task))


async def _act(machine: Machine, kind: ActionKind, run: Run, strand: Strand, wait: Wait) -> None:
    given = kind.schema(wait.data["given"])

    def journal_changed() -> None:
        if strand.wait is wait:
            machine.keep(run)

    journal = Journal(wait.data["journal"], machine.parts.kernel.clock, journal_changed)
    home = RunHome(machine.parts, run, journal, entities_in(kind.schema, given))
    await kind.act(Settings(given), home)


def _cancel(task: asyncio.Task[Any]) -> None:
    """Cancel what acts for a run that somebody else has ended."""
    if task is not asyncio.current_task():
        task.cancel()
