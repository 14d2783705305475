"""Checks and compiles template entities, each for itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import voluptuous as vol

from casita.errors import ConfigError, Problem, did_you_mean
from casita.ids import is_entity_id, slugify
from casita_automations.actions import compile_program
from casita_automations.blueprints import Blueprints
from casita_automations.conditions import Condition, compile_conditions
from casita_automations.parsing import (
    At,
    duration_or_template,
    expect_mapping,
    listed,
    one_of,
    template_value,
    unknown,
)
from casita_automations.program import Program
from casita_automations.template_entities import old_spelling
from casita_automations.template_entities.declared import Declared, blocks
from casita_automations.template_entities.entity import Item, Surroundings, TemplateEntity
from casita_automations.template_entities.platforms import KINDS
from casita_automations.templates import Templates, Value, is_template
from casita_automations.templates.results import native
from casita_automations.triggers import CompiledTrigger, compile_triggers
from casita_config import Broken, Configuration, plain
from casita_config.nodes import leaves
from casita_config.schemas import string

_BLOCK: Final = (
    "unique_id", "variables", "trigger", "triggers", "condition", "conditions", "action",
    "actions",
)  # fmt: skip
_NOT_YET: Final = (
    "climate",
    "device_tracker",
    "image",
    "lawn_mower",
    "notify",
    "update",
)
_OF_ALL: Final = (
    "name", "icon", "picture", "availability", "attributes", "unique_id", "default_entity_id",
)  # fmt: skip
_RENDERED: Final = ("name", "icon", "picture", "availability")
_UNIQUE_ID: Final = vol.Schema({vol.Optional("unique_id"): string})
_PERIODS: Final = ("delay_on", "delay_off", "auto_off")


@dataclass(slots=True, kw_only=True)
class Plan:
    """A block, compiled: its triggers, if it has any, and its entities."""

    fingerprint: str
    """What is the same as long as its configuration is."""
    triggers: list[CompiledTrigger] = field(default_factory=list)
    condition: Condition | None = None
    program: Program | None = None
    variables: Value | None = None
    items: list[Item] = field(default_factory=list)

    @property
    def triggered(self) -> bool:
        """Whether its entities are rendered when a trigger fires, and at no other time."""
        return bool(self.triggers)

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """What two plans for the same entities share."""
        return self.fingerprint, tuple(item.unique_id for item in self.items)


class Builder:
    """Builds the plans of a configuration; a fault is taken down and spoils one entity.

    A fault in what the entities of a block share spoils the block.
    """

    def __init__(self, around: Surroundings, config: Configuration) -> None:
        self._around = around
        self._config = config
        self._blueprints = Blueprints(config.folder)
        self._ids: set[str] = set()
        self.problems: list[Problem] = []

    def plans(self) -> list[Plan]:
        """Return all blocks; what was wrong is in ``problems``."""
        found = []
        notes = self._around.parts.notes
        notes.clear()
        for declared in blocks(self._config, self.problems):
            try:
                found.append(self._plan(declared))
            except ConfigError as err:
                self.problems += err.problems
        self.problems += notes
        return [plan for plan in found if plan.items]

    def _plan(self, declared: Declared) -> Plan:
        node, at = declared.node, declared.at
        if any(isinstance(leaf, Broken) for leaf in leaves(node)):
            at.refuse("left out: a part of it could not be loaded")
        if declared.domain is not None:
            plan = Plan(fingerprint=self._fingerprint([declared.domain, declared.object_id, node]))
            self._add(plan, _Found(declared.domain, node, at, declared.object_id, True), None)
            return plan
        node = self._blueprints.expand(node, at, "template")
        if node is not declared.node:
            at = At(node, str(at))
        block = _with_name_of_blueprint(plain(expect_mapping(node, at, "template entities")))
        self._tell_unknown(block, at)
        plan = self._shared(block, at)
        own = at.check(_UNIQUE_ID, _part(block, "unique_id"))
        found = list(_entities(block, at))
        if not found:
            at.refuse(f"no entity stands here; write it under its domain: {', '.join(KINDS)}")
        for one in found:
            self._add(plan, one, own.get("unique_id"))
        return plan

    def _tell_unknown(self, block: Mapping[str, Any], at: At) -> None:
        """Take keys down that are not known; what else stands in the block is used."""
        known = (*_BLOCK, *KINDS, *old_spelling.IN_TEMPLATE)
        for key in block:
            if key in _NOT_YET:
                message = f"template entities of the domain {key!r} are not supported"
                self.problems.append(at.below(key).problem(message))
            elif key not in known:
                message = f"unknown key {key!r}.{did_you_mean(str(key), known)}"
                self.problems.append(at.below(key).problem(message))

    def _shared(self, block: Mapping[str, Any], at: At) -> Plan:
        """Compile what the entities of a block share."""
        parts = self._around.parts
        plan = Plan(fingerprint=self._fingerprint(block))
        triggers = one_of(block, at, "triggers", "trigger")
        conditions = one_of(block, at, "conditions", "condition")
        actions = one_of(block, at, "actions", "action")
        for found in (conditions, actions):
            if found is not None and triggers is None:
                at.below(found[0]).refuse(f"{found[0]!r} is for entities with 'triggers'")
        if triggers is not None:
            plan.triggers = compile_triggers(triggers[1], at.below(triggers[0]), parts)
            if not plan.triggers:
                at.below(triggers[0]).refuse("there is no trigger; take the key out or name one")
        if conditions is not None:
            plan.condition = compile_conditions(conditions[1], at.below(conditions[0]), parts)
        if actions is not None:
            machine = self._around.machine
            plan.program = compile_program(actions[1], at.below(actions[0]), parts, machine)
        if block.get("variables"):
            where = at.below("variables")
            variables = expect_mapping(block["variables"], where, "variables")
            plan.variables = template_value(parts.templates, variables, where)
        return plan

    def _fingerprint(self, node: Any) -> str:
        """Return what is the same as long as an entity's configuration is, macros included."""
        text = json.dumps(plain(node), default=str, sort_keys=True)
        macros = self._config.macros if "import" in text or "include" in text else {}
        return text + json.dumps(dict(macros), sort_keys=True)

    def _add(self, plan: Plan, found: _Found, prefix: str | None) -> None:
        try:
            plan.items.append(self._item(plan, _Part(found), prefix))
        except ConfigError as err:
            self.problems += err.problems

    def _item(self, plan: Plan, part: _Part, prefix: str | None) -> Item:
        kind, at = KINDS[part.domain], part.at
        data = part.data
        unknown(part.given, at, part.spelled(_keys_of(kind)))
        for key in kind.required:
            if not any(name in data for name in key.split(" or ")):
                at.refuse(f"the key {key!r} is missing; add it")
        settings = at.check(vol.Schema(dict(kind.settings)), _part(data, *_names(kind.settings)))
        wish = self._wish(part)
        return Item(
            kind=kind,
            unique_id=self._unique_id(part, prefix, wish),
            object_id=wish,
            fields=self._fields(kind, part),
            programs=self._programs(kind, part),
            settings=settings,
            variables=None if plan.triggered else plan.variables,
            triggered=plan.triggered,
        )

    def _wish(self, part: _Part) -> str | None:
        entity_id = part.data.get("default_entity_id")
        if entity_id is None:
            return part.object_id
        domain, _, object_id = str(entity_id).partition(".")
        if not is_entity_id(str(entity_id)) or domain != part.domain:
            part.below("default_entity_id").refuse(
                f"{entity_id!r} is no entity id of {part.domain}; one looks like "
                f"'{part.domain}.hall'"
            )
        return object_id

    def _unique_id(self, part: _Part, prefix: str | None, wish: str | None) -> str:
        given = part.data.get("unique_id")
        if given is not None:
            own = f"{part.domain}.{prefix}-{given}" if prefix else f"{part.domain}.{given}"
            if own in self._ids:
                part.below("unique_id").refuse(f"the unique_id {given!r} is given twice")
            self._ids.add(own)
            return own
        name = wish or slugify(str(part.data.get("name") or part.domain))
        own, number = f"{part.domain}/{name}", 2
        while own in self._ids:
            own, number = f"{part.domain}/{name} {number}", number + 1
        self._ids.add(own)
        return own

    def _fields(self, kind: type[TemplateEntity], part: _Part) -> dict[str, Value]:
        templates = self._around.parts.templates
        found = {}
        for name in (*_RENDERED, *kind.fields):
            source = part.data.get(name)
            if source is None:
                continue
            if name in _PERIODS:
                part.at.check(vol.Schema({name: duration_or_template}), {name: source})
            elif isinstance(source, Mapping):
                part.below(name).refuse("expected a template, or a value; got a mapping")
            parsed = source if name in _RENDERED else _parsed(source)
            value = template_value(templates, parsed, part.below(name))
            found[name] = _as_written(templates, value) if name == "state" else value
        attributes = part.data.get("attributes") or {}
        where = part.below("attributes")
        for name, source in expect_mapping(attributes, where, "attributes").items():
            value = template_value(templates, _parsed(source), where.below(name))
            found[f"attributes.{name}"] = value
        return found

    def _programs(self, kind: type[TemplateEntity], part: _Part) -> dict[str, Program]:
        parts, machine = self._around.parts, self._around.machine
        return {
            name: compile_program(listed(part.data[name]), part.below(name), parts, machine)
            for name in kind.actions
            if name in part.data
        }


class _Found(NamedTuple):
    """One entity of a block, not looked at yet."""

    domain: str
    node: Any
    at: At
    object_id: str | None = None
    old: bool = False
    """Whether it is in the old spelling."""


class _Part:
    """One entity as it stands in a block, in today's spelling. Raises `ConfigError`."""

    def __init__(self, found: _Found) -> None:
        self.domain, node, self.at, self.object_id, old = found
        data = plain(expect_mapping(node, self.at, f"a {self.domain}"))
        self.data: dict[str, Any] = data
        self.given = data
        """Its keys and values as they stand in the file."""
        self._old: dict[str, str] = {}
        self._is_old = old
        if old:
            self.data, self._old = old_spelling.renamed(self.domain, data)
        name = self.object_id
        if name is not None and slugify(name) != name:
            self.at.refuse(f"{name!r} cannot be a name here; use {slugify(name)!r}")

    def below(self, name: str) -> At:
        """Return the place of a key, which may have another name in the file."""
        return self.at.below(self._old.get(name, name))

    def spelled(self, names: Sequence[str]) -> Sequence[str]:
        """Return keys with all other names that they may have in the file."""
        return old_spelling.spelled(self.domain, names) if self._is_old else names


def _keys_of(kind: type[TemplateEntity]) -> tuple[str, ...]:
    return (*_OF_ALL, *kind.fields, *kind.actions, *_names(kind.settings))


def _entities(block: Mapping[str, Any], at: At) -> Iterator[_Found]:
    for domain in KINDS:
        node = block.get(domain)
        many = isinstance(node, list)
        for index, one in enumerate(listed(node)):
            where = at.below(domain, index) if many else at.below(domain)
            yield _Found(domain, one, where)
    for key, domain in old_spelling.IN_TEMPLATE.items():
        named = expect_mapping(block.get(key) or {}, at.below(key), "entities by name")
        for name, one in named.items():
            yield _Found(domain, one, at.below(key, name), str(name), True)


def _with_name_of_blueprint(block: dict[str, Any]) -> dict[str, Any]:
    """Move a name that stands beside ``use_blueprint`` to the blueprint's entity."""
    domains = [key for key in block if key in KINDS]
    if len(domains) != 1 or not isinstance(block[domains[0]], Mapping) or "name" not in block:
        return block
    rest = {key: value for key, value in block.items() if key != "name"}
    return {**rest, domains[0]: {**block[domains[0]], "name": block["name"]}}


def _parsed(source: Any) -> Any:
    """Return what a text without a template renders to, as any text does."""
    return native(source.strip()) if isinstance(source, str) and not is_template(source) else source


def _as_written(templates: Templates, value: Value) -> Value:
    """Let a state that spells out a list stay the text that was rendered, as ``1,2``."""
    if not is_template(value.source):
        return value
    template = templates.template(value.source)

    def render(variables: Mapping[str, Any]) -> Any:
        text = template.render_text(variables)
        result = native(text)
        return text if isinstance(result, list | tuple | dict | set) else result

    return Value(value.source, render, constant=False)


def _part(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _names(settings: Mapping[Any, Any]) -> list[str]:
    return [str(key) for key in settings]
