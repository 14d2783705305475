"""The actions of template entities: programs that run like those of automations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import Cause, Event
from casita.services import Outcome, Status
from casita_automations.owner import Limits, Owner
from casita_automations.program import Program
from casita_automations.running import Machine, Result, Run
from casita_automations.template_entities.this import This

SOURCE: Final = "template"
RUNS: Final = "template.run"
_SINGLE: Final = Limits()


class Acting(Owner):
    """One action of an entity: its runs are told under the entity's id."""

    source = SOURCE
    rows = RUNS

    def __init__(self, machine: Machine, program: Program, name: str, this: This) -> None:
        super().__init__(machine, "", program, _SINGLE, changed=lambda _owner: None)
        self._name = name
        self._this = this

    @property
    def key(self) -> str:
        """What the rows of its runs name it by."""
        return f"{self.entity_id} {self._name}"

    def act(self, variables: Mapping[str, Any], cause: Event | Cause) -> Outcome | None:
        """Run it; return how it went, None if it is done, under way, or may not run now."""
        run = self.start({"this": self._this, **variables}, cause, {"action": self._name})
        if run is None or run.result in (None, Result.DONE, Result.STOPPED):
            return None
        return Outcome(status=Status.FAILED, message=f"its action {self._name!r} {run.result}")

    def resume(self, run: Run) -> None:
        """Let a run that was restored look at the entity as it is."""
        run.variables["this"] = self._this


class Preparing(Owner):
    """The actions between the triggers and the entities of a block."""

    source = SOURCE
    rows = RUNS

    def __init__(
        self,
        machine: Machine,
        program: Program,
        *,
        done: Callable[[Mapping[str, Any], Cause], None],
    ) -> None:
        """``done`` is called with the variables at the end of a run that came through."""
        super().__init__(machine, "", program, _SINGLE, changed=lambda _owner: None)
        self._done = done

    @property
    def key(self) -> str:
        """What the rows of its runs name it by."""
        return f"{self.entity_id} triggered"

    def ended(self, run: Run, err: Exception | None) -> None:
        """Render the entities once the actions are done."""
        super().ended(run, err)
        if run.result is Result.DONE:
            self._done(run.variables, run.cause)
