"""Actions that choose what to do: choose, if, sequence, parallel."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita_automations.actions.builder import Builder
from casita_automations.conditions import Condition, compile_conditions
from casita_automations.parsing import At, expect_mapping, listed, unknown
from casita_automations.program import END, Label
from casita_automations.running import Run, Strand
from casita_config.schemas import string

_OPTION: Final = vol.Schema({vol.Optional("alias"): string}, extra=vol.ALLOW_EXTRA)
_IF: Final = vol.Schema(
    {
        vol.Required("if"): object,
        vol.Required("then"): object,
        vol.Optional("else"): object,
    }
)


def choose(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``choose``: the sequence of the first option whose conditions hold."""
    unknown(config, at, ("choose", "default"))
    end = Label()
    options, many = listed(config["choose"]), isinstance(config["choose"], list)
    for index, item in enumerate(options):
        where = at.below("choose", index) if many else at.below("choose")
        option = expect_mapping(item, where, "an option of conditions and sequence")
        unknown(option, where, ("conditions", "sequence", "alias"))
        where.check(_OPTION, option)
        for key in ("conditions", "sequence"):
            if key not in option:
                where.refuse(f"the option lacks {key!r}")
        otherwise = Label()
        condition = _conditions(builder, option["conditions"], where.below("conditions"))
        builder.test(condition, f"{path}/choose/{index}", otherwise)
        builder.sequence(
            option["sequence"], where.below("sequence"), f"{path}/choose/{index}/sequence"
        )
        builder.jump(end)
        otherwise.pc = builder.program.here
    if config.get("default") is not None:
        builder.sequence(config["default"], at.below("default"), f"{path}/default")
    end.pc = builder.program.here


def if_(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``if``, ``then``, ``else``."""
    checked = at.check(_IF, config)
    end, otherwise = Label(), Label()
    builder.test(_conditions(builder, checked["if"], at.below("if")), f"{path}/if", otherwise)
    builder.sequence(checked["then"], at.below("then"), f"{path}/then")
    if "else" in checked:
        builder.jump(end)
    otherwise.pc = builder.program.here
    if "else" in checked:
        builder.sequence(checked["else"], at.below("else"), f"{path}/else")
    end.pc = builder.program.here


def sequence(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``sequence``: actions that belong together."""
    unknown(config, at, ("sequence", "metadata"))
    builder.sequence(config["sequence"], at.below("sequence"), f"{path}/sequence")


def parallel(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``parallel``: sequences that run side by side; it goes on when all have ended."""
    unknown(config, at, ("parallel",))
    branches, many = listed(config["parallel"]), isinstance(config["parallel"], list)
    starts: list[int] = []
    end = Label()
    here = builder.program.here
    machine = builder.machine

    def step(run: Run, strand: Strand) -> int:
        run.note(path)
        return machine.fork(run, strand, here, starts, end.pc)

    builder.program.add(step, rearm=lambda _run, _strand: None)
    for index, item in enumerate(branches):
        where = at.below("parallel", index) if many else at.below("parallel")
        starts.append(builder.program.here)
        _branch(builder, item, where, f"{path}/parallel/{index}")
        builder.program.add(lambda _run, _strand: END)
    end.pc = builder.program.here


def _branch(builder: Builder, item: Any, at: At, path: str) -> None:
    if isinstance(item, dict) and set(item) <= {"sequence", "alias"} and "sequence" in item:
        builder.sequence(item["sequence"], at.below("sequence"), path)
    else:
        builder.sequence(item, at, path)


def _conditions(builder: Builder, data: Any, at: At) -> Condition | None:
    return compile_conditions(data, at, builder.parts)
