"""Tests as they are written in YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita.ids import is_entity_id
from casita_automations.parsing import At, listed
from casita_config import plain
from casita_config.schemas import duration

_TEST_KEYS: Final = ("name", "at", "given", "do", "expect", "expect_not")
_STEP_KEYS: Final = ("after", "crash", "event", "data", "call", "entity", "expect", "expect_not")
_COMMAND_KEYS: Final = ("service", "entity", "data")
_EVENT_KEYS: Final = ("event", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is to have happened, or not."""

    at: At
    service: str | None = None
    """Pattern of a command's service."""
    entity: str | None = None
    """Pattern of the entity that a command or a state is about."""
    state: str | None = None
    """The text of the entity's state."""
    event: str | None = None
    """Pattern of an event's type."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the data of the command or event, or the attributes, have among others."""

    def __str__(self) -> str:
        data = "".join(f" {key}={value}" for key, value in self.data.items())
        if self.event is not None:
            return f"event {self.event}{data}"
        if self.service is None:
            return f"{self.entity} to be {self.state!r}{data}"
        return f"{self.service}{f' {self.entity}' if self.entity else ''}{data}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing after another that a test does."""

    at: At
    after: timedelta | None = None
    crash: bool = False
    states: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    event: str | None = None
    call: str | None = None
    entities: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    expect_not: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A test."""

    name: str
    at: At
    start: str | None
    """A local time of day, or a date with one, at which it begins."""
    given: Mapping[str, tuple[str, Mapping[str, Any]]]
    do: tuple[Step, ...]
    expect: tuple[Expectation, ...]
    expect_not: tuple[Expectation, ...]

    @property
    def entities(self) -> set[str]:
        """All entities that it names."""
        found = {*self.given}
        for step in self.do:
            found |= {*step.states, *step.entities}
        every = [*self.expect, *(one for step in self.do for one in step.expect)]
        found |= {one.entity for one in every if one.entity and is_entity_id(one.entity)}
        return found


def written(node: Any, at: At, number: int) -> Written:
    """Read a test. Raises `ConfigError` with the line of what is wrong."""
    if not isinstance(node, Mapping):
        at.refuse("a test is a mapping with 'name', 'given', 'do', 'expect'")
    _only(node, _TEST_KEYS, at, "a test")
    if not any(key in node for key in ("expect", "expect_not")) and not _expects(node.get("do")):
        at.refuse("the test expects nothing; give 'expect' or 'expect_not'")
    return Written(
        name=str(node.get("name") or f"test {number}"),
        at=at,
        start=None if node.get("at") is None else str(node["at"]),
        given=dict(_states(node.get("given") or {}, at.below("given"))),
        do=tuple(_steps(node.get("do"), at.below("do"))),
        expect=tuple(_expectations(node.get("expect"), at.below("expect"))),
        expect_not=tuple(_expectations(node.get("expect_not"), at.below("expect_not"))),
    )


def _expects(steps: Any) -> bool:
    return any(
        isinstance(step, Mapping) and ("expect" in step or "expect_not" in step)
        for step in listed(steps)
    )


def _steps(nodes: Any, at: At) -> Iterator[Step]:
    for index, node in enumerate(listed(nodes)):
        where = at.below(index)
        if not isinstance(node, Mapping):
            where.refuse("a step is a mapping, as {binary_sensor.hall: 'on'} or {after: 5m}")
        states = {key: value for key, value in node.items() if is_entity_id(str(key))}
        _only({k: v for k, v in node.items() if k not in states}, _STEP_KEYS, where, "a step")
        yield Step(
            at=where,
            after=_length(node.get("after"), where.below("after")),
            crash=bool(node.get("crash", False)),
            states=dict(_states(states, where)),
            event=None if node.get("event") is None else str(node["event"]),
            call=None if node.get("call") is None else str(node["call"]),
            entities=tuple(map(str, listed(plain(node.get("entity"))))),
            data=plain(node.get("data") or {}),
            expect=tuple(_expectations(node.get("expect"), where.below("expect"))),
            expect_not=tuple(_expectations(node.get("expect_not"), where.below("expect_not"))),
        )


def _states(node: Any, at: At) -> Iterator[tuple[str, tuple[str, Mapping[str, Any]]]]:
    if not isinstance(node, Mapping):
        at.refuse("expected states, as {light.hall: 'off'}")
    for key, value in node.items():
        entity_id, where = str(key), at.below(key)
        if not is_entity_id(entity_id):
            where.refuse(f"{entity_id!r} is no entity id; one looks like 'light.hall'")
        attributes: dict[str, Any] = {}
        if isinstance(value, Mapping):
            attributes = {str(k): plain(v) for k, v in value.items() if k != "state"}
            value = value.get("state", "on")
        yield entity_id, (_text(value, where), attributes)


def _expectations(nodes: Any, at: At) -> Iterator[Expectation]:
    many = isinstance(nodes, list)
    for index, node in enumerate(listed(nodes)):
        where = at.below(index) if many else at
        if isinstance(node, str):
            service, _, entity = node.strip().partition(" ")
            yield Expectation(at=where, service=service, entity=entity.strip() or None)
        elif isinstance(node, Mapping):
            yield from _mapped(node, where)
        else:
            where.refuse("expected a command, as 'light.turn_on light.hall', or a state")


def _mapped(node: Mapping[Any, Any], at: At) -> Iterator[Expectation]:
    data = plain(node.get("data") or {})
    if "service" in node:
        _only(node, _COMMAND_KEYS, at, "an expected command")
        entity = node.get("entity")
        yield Expectation(
            at=at, service=str(node["service"]), entity=None if entity is None else str(entity),
            data=data,
        )  # fmt: skip
    elif "event" in node:
        _only(node, _EVENT_KEYS, at, "an expected event")
        yield Expectation(at=at, event=str(node["event"]), data=data)
    elif set(node) == {"state"}:
        for entity_id, (state, attributes) in _states(node["state"], at.below("state")):
            where = at.below("state", entity_id)
            yield Expectation(at=where, entity=entity_id, state=state, data=attributes)
    else:
        yield from _short(node, at)


def _short(node: Mapping[Any, Any], at: At) -> Iterator[Expectation]:
    """Read ``light.turn_on: light.hall``, or ``light.hall: "on"``: what follows tells which."""
    for key, value in node.items():
        where = at.below(key)
        entities = [str(one) for one in listed(plain(value)) if not isinstance(one, Mapping)]
        if entities and all(one[:1].isalpha() and is_entity_id(one) for one in entities):
            for entity in entities:
                yield Expectation(at=where, service=str(key), entity=entity)
        else:
            [(entity_id, (state, attributes))] = _states({key: value}, at)
            yield Expectation(at=where, entity=entity_id, state=state, data=attributes)


def _text(value: Any, at: At) -> str:
    if isinstance(value, bool):
        at.refuse(f"a state is text; put it in quotes, as '{'on' if value else 'off'}'")
    if value is None or isinstance(value, Mapping | list):
        at.refuse("a state is text, as 'on', or a mapping with 'state' and attributes")
    return str(value)


def _length(value: Any, at: At) -> timedelta | None:
    if value is None:
        return None
    try:
        return duration(plain(value))
    except vol.Invalid as err:
        at.refuse(str(err))


def _only(node: Mapping[Any, Any], known: tuple[str, ...], at: At, what: str) -> None:
    for key in node:
        if key not in known:
            hint = did_you_mean(str(key), known) or f" It has {', '.join(known)}."
            at.below(key).refuse(f"{what} has no {str(key)!r}.{hint}")
