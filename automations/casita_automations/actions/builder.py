"""What the kinds of action work with while a program is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from casita_automations.conditions import Condition
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.program import Label, Program
from casita_automations.running import Machine, Run, Strand


class Builder:
    """A program in the making."""

    def __init__(
        self,
        parts: Parts,
        machine: Machine,
        sequence: Callable[[Builder, Any, At, str, Label | None], None],
    ) -> None:
        self.parts = parts
        self.machine = machine
        self.program = Program()
        self._sequence = sequence

    def sequence(self, items: Any, at: At, path: str) -> None:
        """Compile a nested sequence; a condition in it that does not hold ends it alone."""
        end = Label()
        self._sequence(self, items, at, path, end)
        end.pc = self.program.here

    def jump(self, target: Label) -> None:
        """Go on elsewhere."""
        self.program.add(lambda _run, _strand: target.pc)

    def test(self, condition: Condition | None, path: str, otherwise: Label) -> None:
        """Go on if a condition holds, elsewhere if it does not or cannot be told."""
        if condition is None:
            return
        check, seen = condition.check, condition.seen
        following = self.program.here + 1

        def step(run: Run, strand: Strand) -> int:
            variables = run.view(strand)
            try:
                holds = check(variables)
            except ConditionError as err:
                run.note(path, False, str(err))
                return otherwise.pc
            values = seen(variables)
            run.note(path, holds, *(() if values is None else (values,)))
            return following if holds else otherwise.pc

        self.program.add(step)
