"""From what the configuration says of actions to a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita.vocabulary import ActionKind
from casita_automations.actions import call, flow, foreign, plain, repeat, waits
from casita_automations.actions.builder import Builder
from casita_automations.conditions import compile_condition, is_condition
from casita_automations.parsing import At, enabled, expect_mapping, listed, unknown
from casita_automations.parts import Parts
from casita_automations.program import Guard, Label, Program
from casita_automations.running import Machine
from casita_automations.templates import is_template
from casita_config.schemas import boolean, string

Compile = Callable[[Builder, dict[str, Any], At, str], None]

_KINDS: Final[Mapping[str, Compile]] = {
    "delay": waits.delay,
    "wait_template": waits.wait_template,
    "event": plain.event,
    "device_id": call.device,
    "scene": call.scene,
    "repeat": repeat.repeat,
    "choose": flow.choose,
    "wait_for_trigger": waits.wait_for_trigger,
    "variables": plain.variables,
    "stop": plain.stop,
    "if": flow.if_,
    "parallel": flow.parallel,
    "set_conversation_response": plain.conversation_response,
    "sequence": flow.sequence,
    "action": call.call,
    "service": call.call,
    "service_template": call.call,
}
"""By the key that marks the kind; the first that an action has counts."""
_COMMON: Final = ("alias", "enabled", "continue_on_error")
_MANNER: Final = vol.Schema(
    {vol.Optional("alias"): string, vol.Optional("continue_on_error"): boolean}
)


def compile_program(data: Any, at: At, parts: Parts, machine: Machine) -> Program:
    """Compile a sequence of actions. Raises `ConfigError`."""
    builder = Builder(parts, machine, _sequence)
    _sequence(builder, data, at, "actions", None)
    builder.program.source = data
    return builder.program


def _sequence(builder: Builder, data: Any, at: At, path: str, end: Label | None) -> None:
    end = end or Label()
    many = isinstance(data, list)
    for index, item in enumerate(listed(data)):
        where = at.below(index) if many else at
        _action(builder, item, where, f"{path}/{index}", end)


def _action(builder: Builder, item: Any, at: At, path: str, end: Label) -> None:
    if is_condition(item):
        condition = _condition(item, at, builder)
        if enabled(builder.parts.templates, item, at):
            builder.test(condition, path, end)
        return
    if is_template(item):
        at.refuse("a template alone is no action; write it as 'condition: \"{{ ... }}\"'")
    mapping = expect_mapping(item, at, "an action")
    compile_kind = _kind(mapping, at, builder.parts.kernel.vocabulary.actions)
    first = builder.program.here
    config = {key: value for key, value in mapping.items() if key not in _COMMON}
    if not enabled(builder.parts.templates, mapping, at):
        _try_out(compile_kind, config, at, builder)
        return
    compile_kind(builder, config, at, path)
    manner = {key: mapping[key] for key in ("alias", "continue_on_error") if key in mapping}
    if manner and at.check(_MANNER, manner).get("continue_on_error"):
        builder.program.guards.append(Guard(first, builder.program.here))


def _condition(item: Any, at: At, builder: Builder) -> Any:
    kind = item.get("condition")
    if is_template(kind):
        unknown(item, at, ("condition", "alias", "enabled"))
        item = {**item, "condition": "template", "value_template": kind}
    return compile_condition(item, at, builder.parts)


def _kind(item: Mapping[str, Any], at: At, supplied: Mapping[str, ActionKind]) -> Compile:
    found = next((one for key, one in _KINDS.items() if key in item), None)
    if found is not None:
        return found
    kind = next((one for key, one in supplied.items() if key in item), None)
    if kind is not None:
        return partial(foreign.action, kind)
    for key in item:
        hint = did_you_mean(str(key), (*_KINDS, *supplied))
        if hint:
            at.below(key).refuse(f"there is no action {str(key)!r}.{hint}")
    return at.refuse("an action names what to do, as 'action: light.turn_on'")


def _try_out(compile_kind: Compile, config: dict[str, Any], at: At, builder: Builder) -> None:
    """Check an action that is disabled, without taking it into the program."""
    compile_kind(Builder(builder.parts, builder.machine, _sequence), config, at, "disabled")
