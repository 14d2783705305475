"""``repeat``: a sequence several times, while or until something holds, or for each of a list."""

from __future__ import annotations

import logging
from typing import Any, Final

import voluptuous as vol

from casita_automations.actions.builder import Builder
from casita_automations.conditions import Condition, compile_conditions
from casita_automations.numeric import ConditionError
from casita_automations.parsing import At, template_value
from casita_automations.program import Label
from casita_automations.running import AbortRun, Run, Strand
from casita_automations.templates import is_template

_TOO_OFTEN: Final = 10_000
"""How many passes a loop that waits for a condition may take."""


def _number_or_template(value: Any) -> Any:
    return value if is_template(value) else vol.Coerce(int)(value)


def _list_or_template(value: Any) -> Any:
    if is_template(value) or isinstance(value, list):
        return value
    raise vol.Invalid(f"expected a list, or a template that gives one, got {value!r}")


_SCHEMA: Final = vol.Schema(
    {
        vol.Exclusive("count", "kind"): _number_or_template,
        vol.Exclusive("while", "kind"): object,
        vol.Exclusive("until", "kind"): object,
        vol.Exclusive("for_each", "kind"): _list_or_template,
        vol.Required("sequence"): object,
    }
)
_logger = logging.getLogger(__name__)


def repeat(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``repeat``."""
    at.check(vol.Schema({vol.Required("repeat"): dict}), config)
    where = at.below("repeat")
    checked = where.check(_SCHEMA, config["repeat"])
    loop = _Loop(builder, checked, where, f"{path}/repeat")
    if "count" in checked:
        loop.count(checked["count"])
    elif "for_each" in checked:
        loop.for_each(checked["for_each"])
    elif "while" in checked:
        loop.while_(checked["while"])
    elif "until" in checked:
        loop.until(checked["until"])
    else:
        where.refuse("give one of 'count', 'for_each', 'while' and 'until'")


class _Loop:
    """One loop while it is compiled: its frame lies on the strand's stack."""

    def __init__(self, builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
        self._builder = builder
        self._program = builder.program
        self._config = config
        self._at = at
        self._path = path
        self._end = Label()

    def count(self, source: Any) -> None:
        """Compile ``count``: so many passes."""
        value = template_value(self._builder.parts.templates, source, self._at.below("count"))

        def items_of(view: dict[str, Any]) -> tuple[int, list[Any] | None]:
            rendered = value.render(view)
            try:
                return int(rendered), None
            except (TypeError, ValueError):
                raise AbortRun(f"repeat: count: {rendered!r} is no number") from None

        self._counted(items_of)

    def for_each(self, source: Any) -> None:
        """Compile ``for_each``: one pass for each item of a list."""
        value = template_value(self._builder.parts.templates, source, self._at.below("for_each"))

        def items_of(view: dict[str, Any]) -> tuple[int, list[Any] | None]:
            rendered = value.render(view)
            if not isinstance(rendered, list | tuple):
                raise AbortRun(f"repeat: for_each: {rendered!r} is no list")
            return len(rendered), list(rendered)

        self._counted(items_of)

    def while_(self, source: Any) -> None:
        """Compile ``while``: asked before each pass."""
        condition = self._condition(source, "while")
        self._enter(lambda _view: (None, None))
        top = self._program.here

        def ask(run: Run, strand: Strand) -> int:
            holds = _holds(condition, run, strand)
            run.note(f"{self._path}/while", holds)
            return top + 1 if holds and _not_too_often(run, strand) else self._leave(run, strand)

        self._program.add(ask)
        self._body()
        self._program.add(lambda run, strand: _next_pass(run, strand, top))
        self._end.pc = self._program.here

    def until(self, source: Any) -> None:
        """Compile ``until``: asked after each pass."""
        condition = self._condition(source, "until")
        self._enter(lambda _view: (None, None))
        top = self._program.here
        self._body()

        def ask(run: Run, strand: Strand) -> int:
            holds = _holds(condition, run, strand, default=True)
            run.note(f"{self._path}/until", holds)
            if holds or not _not_too_often(run, strand):
                return self._leave(run, strand)
            return _next_pass(run, strand, top)

        self._program.add(ask)
        self._end.pc = self._program.here

    def _counted(self, items_of: Any) -> None:
        self._enter(items_of)
        top = self._program.here
        self._body()

        def following(run: Run, strand: Strand) -> int:
            frame = strand.loops[-1]
            if frame["index"] >= frame["count"]:
                return self._leave(run, strand)
            return _next_pass(run, strand, top)

        self._program.add(following)
        self._end.pc = self._program.here

    def _enter(self, items_of: Any) -> None:
        def enter(run: Run, strand: Strand) -> int:
            view = run.view(strand)
            count, items = items_of(view)
            run.note(self._path, *(() if count is None else (count,)))
            if count is not None and count < 1:
                return self._end.pc
            outer = {"repeat": view["repeat"]} if "repeat" in view else {}
            strand.loops.append({"index": 1, "count": count, "items": items, "outer": outer})
            _show(run, strand)
            return here + 1

        here = self._program.add(enter)

    def _body(self) -> None:
        self._builder.sequence(
            self._config["sequence"], self._at.below("sequence"), f"{self._path}/sequence"
        )

    def _leave(self, run: Run, strand: Strand) -> int:
        frame = strand.loops.pop()
        if frame["outer"]:
            run.set_local(strand, "repeat", frame["outer"]["repeat"])
        else:
            run.drop_local(strand, "repeat")
        return self._end.pc

    def _condition(self, source: Any, key: str) -> Condition:
        condition = compile_conditions(source, self._at.below(key), self._builder.parts)
        if condition is None:
            self._at.below(key).refuse("expected a condition")
        return condition


def _show(run: Run, strand: Strand) -> None:
    """Set the ``repeat`` variable for the coming pass."""
    frame = strand.loops[-1]
    index, count = frame["index"], frame["count"]
    told: dict[str, Any] = {"first": index == 1, "index": index}
    if count is not None:
        told["last"] = index == count
    item = None if frame["items"] is None else frame["items"][index - 1]
    if item is not None:
        told["item"] = item
    run.set_local(strand, "repeat", told)


def _next_pass(run: Run, strand: Strand, top: int) -> int:
    strand.loops[-1]["index"] += 1
    _show(run, strand)
    return top


def _holds(condition: Condition, run: Run, strand: Strand, *, default: bool = False) -> bool:
    """Ask a condition; a loop ends where it cannot be told."""
    try:
        return condition.check(run.view(strand))
    except ConditionError as err:
        _logger.warning("%s: repeat: %s", run.owner.entity_id, err)
        return default


def _not_too_often(run: Run, strand: Strand) -> bool:
    if strand.loops[-1]["index"] <= _TOO_OFTEN:
        return True
    raise AbortRun(f"repeat: stopped after {_TOO_OFTEN} passes")
