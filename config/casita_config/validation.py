"""Checks configuration by voluptuous schemas, and tells faults by file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import voluptuous as vol

from casita_config._sentences import Sentences, is_virtual
from casita_config.errors import ConfigError, Problem
from casita_config.nodes import (
    Broken,
    KeyPath,
    Place,
    key_path,
    leaves,
    place_of,
    plain,
    problem_at,
)


def validate(schema: vol.Schema | Any, tree: Any, *, section: str) -> Any:
    """Return what a schema makes of a tree; it gets plain data, without places.

    ``section`` begins the keys in messages, as ``plugins.mqtt``. Raises `ConfigError` with
    every fault that voluptuous tells.
    """
    value, problems = _check(_compiled(schema), tree, section, ())
    if problems:
        raise ConfigError(problems)
    return value


def validate_items(
    schema: vol.Schema | Any, nodes: Iterable[Any], *, section: str
) -> tuple[list[tuple[int, Any]], list[Problem]]:
    """Check items one by one, so that a faulty one spoils no other.

    Returns the good ones, each with its index among ``nodes``, and what is wrong with the rest.
    """
    compiled = _compiled(schema)
    good: list[tuple[int, Any]] = []
    problems: list[Problem] = []
    for index, node in enumerate(nodes):
        value, found = _check(compiled, node, section, (index,))
        problems += found
        if not found:
            good.append((index, value))
    return good, problems


def validate_entries(
    schema: vol.Schema | Any, nodes: Mapping[Any, Any], *, section: str
) -> tuple[dict[Any, Any], list[Problem]]:
    """Check the values of a mapping one by one, as ``validate_items`` does those of a list."""
    compiled = _compiled(schema)
    good: dict[Any, Any] = {}
    problems: list[Problem] = []
    for key, node in nodes.items():
        value, found = _check(compiled, node, section, (key,))
        if found:
            place = place_of(nodes, (key,))
            problems += [_placed(problem, place) for problem in found]
        else:
            good[plain(key)] = value
    return good, problems


def _compiled(schema: Any) -> vol.Schema:
    return schema if isinstance(schema, vol.Schema) else vol.Schema(schema)


def _check(
    schema: vol.Schema, tree: Any, section: str, above: KeyPath
) -> tuple[Any, list[Problem]]:
    where = key_path(section, above)
    if any(isinstance(leaf, Broken) for leaf in leaves(tree)):
        return None, [
            problem_at(place_of(tree), "left out: a part of it could not be loaded", where)
        ]
    try:
        return schema(plain(tree)), []
    except vol.MultipleInvalid as err:
        errors = err.errors
    except Exception as err:  # noqa: BLE001 - a plugin's validator may raise anything
        errors = [vol.Invalid(f"could not be checked ({type(err).__name__}: {err})")]
    sentences = Sentences(schema, tree)
    return None, [_problem(error, sentences, tree, where) for error in errors]


def _problem(error: vol.Invalid, sentences: Sentences, tree: Any, section: str) -> Problem:
    path: list[Any] = [key for key in error.path if not is_virtual(key)]
    if isinstance(error, vol.RequiredFieldInvalid):
        path = path[:-1]
    return problem_at(place_of(tree, path), sentences.of(error), key_path(section, path))


def _placed(problem: Problem, place: Place | None) -> Problem:
    """Say where a problem is, unless that is known already."""
    if place is None or problem.file is not None:
        return problem
    return replace(problem, file=place.file, line=place.line)
