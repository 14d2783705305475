"""Automations and scripts as the configuration has them, checked one by one and compiled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita.ids import slugify
from casita.reloads import WhenChanged
from casita.vocabulary import AutomationKind, Changed, Mode
from casita_automations.actions import compile_program
from casita_automations.blueprints.selectors import fields
from casita_automations.conditions import Condition, compile_conditions
from casita_automations.owner import Limits
from casita_automations.parsing import At, expect_mapping, one_of, quoted, template_value
from casita_automations.parts import Parts
from casita_automations.program import Program
from casita_automations.running import Machine
from casita_automations.templates import Value
from casita_automations.triggers import CompiledTrigger, compile_triggers
from casita_automations.triggers.change import compile_changes
from casita_config import plain
from casita_config.schemas import boolean, integer, string

_LEVELS: Final = (
    "silent", "critical", "fatal", "error", "warning", "warn", "info", "debug", "notset",
)  # fmt: skip
_LIMITS: Final[Mapping[Any, Any]] = {
    vol.Optional("mode", default="single"): vol.In([one.value for one in Mode]),
    vol.Optional("max", default=10): vol.All(integer, vol.Range(min=2)),
    vol.Optional("max_exceeded", default="warning"): vol.All(string, vol.Lower, vol.In(_LEVELS)),
    vol.Optional("trace"): {vol.Optional("stored_traces"): vol.All(integer, vol.Range(min=0))},
    vol.Optional("when_changed"): vol.In([one.value for one in WhenChanged]),
}
_AUTOMATION: Final = vol.Schema(
    {
        **_LIMITS,
        vol.Optional("id"): quoted,
        vol.Optional("alias"): string,
        vol.Optional("description"): string,
        vol.Optional("initial_state"): boolean,
        vol.Optional("variables"): dict,
        vol.Optional("trigger_variables"): dict,
        vol.Optional("tests"): object,
        vol.Optional("shadow"): boolean,
        vol.Optional("hide_entity"): boolean,
    },
    extra=vol.ALLOW_EXTRA,
)
_SCRIPT: Final = vol.Schema(
    {
        **_LIMITS,
        vol.Required("sequence"): object,
        vol.Optional("alias"): string,
        vol.Optional("icon"): string,
        vol.Optional("description"): string,
        vol.Optional("variables"): dict,
        vol.Optional("fields"): fields,
    }
)
_PYTHON: Final = vol.Schema(
    {
        vol.Required("use"): string,
        vol.Optional("with"): vol.Maybe(dict),
        vol.Optional("id"): string,
        vol.Optional("alias"): string,
        vol.Optional("description"): object,
        vol.Optional("initial_state"): boolean,
        vol.Optional("tests"): object,
        vol.Optional("shadow"): boolean,
        vol.Optional("when_changed"): vol.In([one.value for one in WhenChanged]),
    }
)
_PARTS: Final = ("trigger", "triggers", "condition", "conditions", "action", "actions")
_KNOWN: Final = (*(str(key) for key in _AUTOMATION.schema), *_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationItem:
    """A declared automation, compiled."""

    item_id: str | None
    name: str
    wish: str
    """The entity id's second part, if it is free."""
    initial_state: bool | None
    limits: Limits
    triggers: list[CompiledTrigger]
    condition: Condition | None
    program: Program
    variables: Value | None
    trigger_variables: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonItem:
    """A declared automation of a kind that a plugin supplies."""

    item_id: str | None
    name: str
    wish: str
    initial_state: bool | None
    kind: AutomationKind
    given: Mapping[str, Any]
    """Its ``with:``, checked by the kind's schema."""
    triggers: list[CompiledTrigger]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptItem:
    """A script, compiled."""

    name: str
    object_id: str
    icon: str | None
    description: str
    limits: Limits
    program: Program
    variables: Value | None
    fields: Mapping[str, Any]


def automation_item(
    node: Any, at: At, name: str | None, number: int, parts: Parts, machine: Machine
) -> AutomationItem:
    """Compile one automation. ``name`` is its key, if it has one. Raises `ConfigError`."""
    item = plain(expect_mapping(node, at, "an automation"))
    for key in item:
        if key not in _KNOWN:
            at.below(key).refuse(f"unknown key {str(key)!r}.{did_you_mean(str(key), _KNOWN)}")
    checked = at.check(_AUTOMATION, item)
    triggers = _required(item, at, "triggers", "trigger")
    actions = _required(item, at, "actions", "action")
    conditions = one_of(item, at, "conditions", "condition") or ("conditions", None)
    alias = checked.get("alias") or name
    item_id = checked.get("id") or (slugify(name) if name else None)
    program = compile_program(actions[1], at.below(actions[0]), parts, machine)
    _note_wants(program, item)
    return AutomationItem(
        item_id=item_id,
        name=alias or (f"automation {item_id}" if item_id else f"automation {number}"),
        wish=slugify(alias or item_id or f"automation {number}"),
        initial_state=checked.get("initial_state"),
        limits=_limits(checked),
        triggers=compile_triggers(triggers[1], at.below(triggers[0]), parts),
        condition=compile_conditions(conditions[1], at.below(conditions[0]), parts),
        program=program,
        variables=_values(checked, "variables", at, parts),
        trigger_variables=_values(checked, "trigger_variables", at, parts),
    )


def python_item(node: Any, at: At, name: str | None, number: int, parts: Parts) -> PythonItem:
    """Compile an automation that names its kind with ``use``. Raises `ConfigError`."""
    item = plain(expect_mapping(node, at, "an automation"))
    checked = at.check(_PYTHON, item)
    kinds = parts.kernel.vocabulary.automations
    kind = kinds.get(checked["use"])
    if kind is None:
        hint = did_you_mean(checked["use"], kinds) or " Is its plugin under 'plugins:'?"
        at.below("use").refuse(f"no plugin that runs supplies {checked['use']!r}.{hint}")
    given = at.below("with").check(kind.schema, checked.get("with") or {})
    alias = checked.get("alias") or name
    item_id = checked.get("id") or (slugify(name) if name else None)
    return PythonItem(
        item_id=item_id,
        name=alias or item_id or kind.id,
        wish=slugify(alias or item_id or f"{kind.id} {number}"),
        initial_state=checked.get("initial_state"),
        kind=kind,
        given=given,
        triggers=compile_changes([as_trigger(one, given) for one in kind.on], at, parts),
    )


def is_shadow(node: Any, at: At) -> bool:
    """Say whether an item is only to record what it would do. Raises `ConfigError`."""
    if not isinstance(node, Mapping) or "shadow" not in node:
        return False
    try:
        return boolean(plain(node["shadow"]))
    except vol.Invalid as err:
        at.below("shadow").refuse(str(err))


def as_trigger(change: Changed, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change that a kind reacts to as a state trigger."""
    config: dict[str, Any] = {"trigger": "state", "entity_id": _filled(change.entity_id, given)}
    if change.to is not None:
        config["to"] = change.to
    if change.from_ is not None:
        config["from"] = change.from_
    if change.held is not None:
        config["for"] = _filled(change.held, given)
    return config


def _filled(value: Any, given: Mapping[str, Any]) -> Any:
    """Put what the configuration gives in place of ``{name}``."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\{(\w+)\}", value)
    return given[match[1]] if match else value.format_map(given)


def script_item(name: str, node: Any, at: At, parts: Parts, machine: Machine) -> ScriptItem:
    """Compile one script. Raises `ConfigError`."""
    if slugify(name) != name:
        at.refuse(f"{name!r} cannot be a script's name; use {slugify(name)!r}")
    item = plain(expect_mapping(node, at, "a script"))
    checked = at.check(_SCRIPT, item)
    program = compile_program(checked["sequence"], at.below("sequence"), parts, machine)
    _note_wants(program, item)
    return ScriptItem(
        name=checked.get("alias") or name,
        object_id=name,
        icon=checked.get("icon"),
        description=str(checked.get("description") or ""),
        limits=_limits(checked),
        program=program,
        variables=_values(checked, "variables", at, parts),
        fields=checked.get("fields") or {},
    )


def _note_wants(program: Program, item: Mapping[str, Any]) -> None:
    text = json.dumps(item, default=str)
    program.wants_this = "this" in text
    program.wants_context = "context" in text


def _required(item: Mapping[str, Any], at: At, *names: str) -> tuple[str, Any]:
    found = one_of(item, at, *names)
    if found is None:
        at.refuse(f"the automation lacks {names[0]!r}")
    return found


def _limits(checked: Mapping[str, Any]) -> Limits:
    silent = checked["max_exceeded"] == "silent"
    return Limits(Mode(checked["mode"]), checked["max"], silent)


def _values(checked: Mapping[str, Any], key: str, at: At, parts: Parts) -> Value | None:
    source = checked.get(key)
    return template_value(parts.templates, source, at.below(key)) if source else None
