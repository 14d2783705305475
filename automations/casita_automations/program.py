"""A compiled sequence of actions: a flat list of instructions with jumps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from casita_automations.running import Run, Strand

WAIT: Final = -1
"""Returned by an instruction that has made its strand wait."""
END: Final = -2
"""The pc of a strand that has nothing more to do."""

Step = Callable[["Run", "Strand"], int]
"""An instruction: does its work and returns where to go on, `WAIT` or `END`."""
Rearm = Callable[["Run", "Strand"], None]
"""Takes up again, after a restart, a wait that the instruction began."""


class Label:
    """A place in the program that is not known yet while what jumps to it is compiled."""

    __slots__ = ("pc",)

    def __init__(self) -> None:
        self.pc = END


@dataclass(frozen=True, slots=True)
class Guard:
    """Instructions whose failure is passed over, because of ``continue_on_error``."""

    first: int
    end: int
    """The first instruction behind them, where it goes on."""


@dataclass(slots=True)
class Program:
    """The instructions of a sequence."""

    steps: list[Step] = field(default_factory=list)
    rearm: dict[int, Rearm] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    source: Any = None
    """What it was compiled from, to tell whether it is still the same."""
    wants_this: bool = False
    """Whether a template in it speaks of ``this``."""
    wants_context: bool = False
    """Whether a template in it speaks of ``context``."""
    has_tasks: bool = False
    """Whether coroutines of plugins do parts of it, or all."""

    def add(self, step: Step, rearm: Rearm | None = None) -> int:
        """Add an instruction; return its pc."""
        self.steps.append(step)
        pc = len(self.steps) - 1
        if rearm is not None:
            self.rearm[pc] = rearm
        return pc

    @property
    def here(self) -> int:
        """The pc that the next instruction gets."""
        return len(self.steps)

    def guard_of(self, pc: int, floor: int) -> Guard | None:
        """Return the innermost guard of an instruction that begins behind ``floor``."""
        found = [one for one in self.guards if floor < one.first <= pc < one.end]
        return min(found, key=lambda one: one.end - one.first, default=None)
