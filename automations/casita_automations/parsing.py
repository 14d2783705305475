"""Checks one piece of configuration at a time, and tells faults by file, line and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, NoReturn

import voluptuous as vol

from casita.errors import ConfigError, Problem, did_you_mean
from casita_automations.templates import (
    TemplateError,
    Templates,
    Value,
    compiled_value,
    is_template,
)
from casita_config import as_nodes, key_path, place_of, validate
from casita_config.schemas import boolean, duration


@dataclass(frozen=True, slots=True)
class At:
    """A place in the configuration: the tree it stands in, and the path from its top."""

    tree: Any
    section: str
    path: tuple[Any, ...] = ()

    def below(self, *keys: Any) -> At:
        """Return the place of a part."""
        return At(self.tree, self.section, (*self.path, *keys))

    def refuse(self, message: str) -> NoReturn:
        """Raise `ConfigError` with one fault that is here."""
        raise ConfigError([self.problem(message)])

    def problem(self, message: str) -> Problem:
        """Return a fault that is here."""
        return self._placed(Problem(message=message, key=str(self)), ())

    def check(self, schema: vol.Schema, data: Any) -> Any:
        """Return what a schema makes of the plain data that stands here.

        Raises `ConfigError` with every fault.
        """
        try:
            return schema(data)
        except vol.MultipleInvalid as err:
            paths = [list(one.path) for one in err.errors]
        return self._tell(schema, data, paths)

    def __str__(self) -> str:
        return key_path(self.section, self.path)

    def _tell(self, schema: vol.Schema, data: Any, paths: list[list[Any]]) -> NoReturn:
        try:
            validate(schema, as_nodes(data), section=str(self))
        except ConfigError as err:
            problems = [
                self._placed(problem, tuple(path))
                for problem, path in zip_longest(err.problems, paths, fillvalue=())
                if isinstance(problem, Problem)
            ]
            raise ConfigError(problems) from None
        raise AssertionError(f"{self}: a schema that refuses once refuses twice")

    def _placed(self, problem: Problem, path: tuple[Any, ...]) -> Problem:
        place = place_of(self.tree, (*self.path, *path))
        return problem if place is None else replace(problem, file=place.file, line=place.line)


def listed(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty one, anything else as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def one_of(data: Mapping[str, Any], at: At, *names: str) -> tuple[str, Any] | None:
    """Return which of several spellings of a key is used, with its value; None if none is."""
    found = [name for name in names if name in data]
    if len(found) > 1:
        at.below(found[1]).refuse(f"both {found[0]!r} and {found[1]!r} are given; keep one")
    return (found[0], data[found[0]]) if found else None


def expect_mapping(data: Any, at: At, what: str) -> dict[str, Any]:
    """Return a mapping, or refuse what is none."""
    if not isinstance(data, Mapping):
        at.refuse(f"expected {what} (lines of 'key: value'), got {type(data).__name__}")
    return dict(data)


def unknown(data: Mapping[str, Any], at: At, known: Iterable[str]) -> None:
    """Refuse keys that are not known, with the nearest that is."""
    names = list(known)
    for key in data:
        if key not in names:
            at.below(key).refuse(f"unknown key {str(key)!r}.{did_you_mean(str(key), names)}")


def template_value(templates: Templates, source: Any, at: At) -> Value:
    """Compile a value that may hold templates; a fault is told where it is in the value."""
    try:
        return compiled_value(templates, source)
    except TemplateError as err:
        _refuse_within(templates, source, at)
        at.refuse(str(err))


def _refuse_within(templates: Templates, source: Any, at: At) -> None:
    """Refuse the first part of a value that is no template."""
    if isinstance(source, str) and is_template(source):
        try:
            templates.template(source)
        except TemplateError as err:
            at.refuse(str(err))
    elif isinstance(source, Mapping):
        for key, item in source.items():
            _refuse_within(templates, item, at.below(key))
    elif isinstance(source, list | tuple):
        for index, item in enumerate(source):
            _refuse_within(templates, item, at.below(index))


def enabled(templates: Templates, data: Mapping[str, Any], at: At) -> bool:
    """Say whether a piece is enabled: ``enabled`` is a word, or a template without states.

    Of a template's result it counts whether it is anything at all, as in Home Assistant.
    """
    value = data.get("enabled", True)
    if is_template(value):
        try:
            compiled = template_value(templates, value, at.below("enabled"))
            return bool(templates.render_limited(compiled, {}))
        except TemplateError as err:
            at.below("enabled").refuse(str(err))
    try:
        return boolean(value)
    except vol.Invalid as err:
        at.below("enabled").refuse(str(err))


def duration_or_template(value: Any) -> Any:
    """Check a length of time in which templates may stand; a schema's validator."""
    if is_template(value):
        return value
    if isinstance(value, Mapping) and any(is_template(part) for part in value.values()):
        known = ("days", "hours", "minutes", "seconds", "milliseconds")
        for key in value:
            if key not in known:
                raise vol.Invalid(f"unknown key {str(key)!r}.{did_you_mean(str(key), known)}")
        return dict(value)
    return duration(value)


def quoted(value: Any) -> str:
    """Check a text that YAML has to see as one; a schema's validator."""
    if not isinstance(value, str):
        raise vol.Invalid(f"expected text; put it in quotes, as '{value}'")
    return value


def text_or_template(value: Any) -> str:
    """Check a text; a schema's validator."""
    if value is None or isinstance(value, Mapping | list | tuple):
        raise vol.Invalid(f"expected text, got {type(value).__name__}")
    return str(value)
