"""The parts of the engine that triggers, conditions and actions work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from casita.events import Cause, Event
from casita.kernel import Kernel
from casita.tasks import Tasks
from casita_automations.readiness import Ready
from casita_automations.rows import Rows, rows_of
from casita_automations.sentences import Conversation
from casita_automations.sky import Sky
from casita_automations.templates import Templates
from casita_automations.watching import Listening, Watch

Variables = Mapping[str, Any]
Fire = Callable[[dict[str, Any], Event | Cause | None], None]
Check = Callable[[Variables], bool]
"""A compiled condition. Raises `ConditionError` if it cannot be told, or `TemplateError`."""


@dataclass(slots=True)
class Parts:
    """The kernel, and what the engine has put on top of it."""

    kernel: Kernel
    templates: Templates
    watch: Watch
    listening: Listening
    sky: Sky
    ready: Ready
    rows: Rows
    """Where runs that wait are written down."""
    tasks: Tasks
    """What plugins' handlers run in."""
    stale: set[str]
    """Entities of ours whose states are not written yet."""
    freshen: Callable[[str], None] = lambda _entity_id: None
    """Writes the state of such an entity."""
    conversation: Conversation = field(default_factory=Conversation)
    """What people say to the house."""
    notes: list[Any] = field(default_factory=list)
    """Problems that do not keep what they are about from working."""

    @classmethod
    def of(cls, kernel: Kernel, tasks: Tasks | None = None) -> Parts:
        """Make the parts over a kernel."""
        stale: set[str] = set()
        listening = Listening(kernel.bus)
        parts = cls(
            kernel=kernel,
            templates=Templates(kernel, stale, lambda entity_id: parts.freshen(entity_id)),
            watch=Watch(kernel.bus, kernel.clock),
            listening=listening,
            sky=Sky(kernel.config.home, kernel.clock),
            ready=Ready(kernel.clock, listening),
            rows=rows_of(kernel),
            tasks=Tasks("automations") if tasks is None else tasks,
            stale=stale,
        )
        return parts

    def close(self) -> None:
        """Hear of nothing any more."""
        self.ready.close()
        self.watch.close()
        self.listening.close()
