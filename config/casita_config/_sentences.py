"""Says in plain words what voluptuous found wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from voluptuous.schema_builder import VirtualPathComponent

from casita_config._shapes import key_of, known_keys, shapes_at
from casita_config.errors import did_you_mean
from casita_config.nodes import Input, Secret, leaves, plain, value_at
from casita_config.redact import SHORTEST_IN_TEXT

_LISTED: Final = 12
"""As many known words are listed where none is near."""
_MISSING: Final = object()
_TYPES: Final = {
    "expected int": "expected a whole number",
    "expected float": "expected a number",
    "expected str": "expected text",
    "expected bool": "expected true or false",
    "expected dict": "expected a mapping (lines of 'key: value')",
    "expected a dictionary": "expected a mapping (lines of 'key: value')",
    "expected list": "expected a list (lines of '- item')",
    "expected a list": "expected a list (lines of '- item')",
}


class Sentences:
    """What is wrong in one tree, said without any of the secrets in it."""

    def __init__(self, schema: Any, tree: Any) -> None:
        self._schema = schema
        self._tree = tree
        secrets = {str(plain(leaf)) for leaf in leaves(tree) if isinstance(leaf, Secret)}
        self._secrets = [
            way
            for each in secrets
            if len(each) >= SHORTEST_IN_TEXT
            for way in (each, repr(each)[1:-1])
        ]

    def of(self, error: vol.Invalid) -> str:
        """Return what is wrong and what to do."""
        text = _sentence(error, self._schema, self._tree)
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        return text


def shown(value: Any) -> str:
    """Return a value as it may stand in a message: short, in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Input):
        return str(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _sentence(error: vol.Invalid, schema: Any, tree: Any) -> str:
    path, said = error.path, error.error_message
    if said == "extra keys not allowed" and path:
        return _unknown_key(path[-1], known_keys(schema, path[:-1]))
    if isinstance(error, vol.RequiredFieldInvalid) and path:
        return _missing_key(path[-1], said)
    if isinstance(error, (vol.ExclusiveInvalid, vol.InclusiveInvalid)):
        return _group(error, schema)
    value = value_at(tree, path, _MISSING)
    if isinstance(value, Secret):
        return f"{_TYPES.get(said, 'the secret here is not valid')}; look at its value"
    if isinstance(error, vol.InInvalid):
        return _choice(value, said, shapes_at(schema, path))
    if isinstance(error, vol.ScalarInvalid):
        literals = [x for x in shapes_at(schema, path) if isinstance(x, (str, int, float))]
        if literals:
            return _choice(value, said, [vol.In(literals)])
        said = _first_fault(value, shapes_at(schema, path)) or said
    if said in _TYPES:
        return f"{_TYPES[said]}, got {_got(value)}"
    if said in ("not a valid value", "invalid value", "no valid value found"):
        return f"{shown(value)} is not valid here" if value is not _MISSING else said
    if isinstance(
        error, (vol.RangeInvalid, vol.LengthInvalid, vol.MatchInvalid, vol.CoerceInvalid)
    ):
        return said if value is _MISSING else f"{said}, got {shown(value)}"
    return said


def _first_fault(value: Any, shapes: list[Any]) -> str | None:
    """Return what is wrong with a value that may be nothing, beside that it is not nothing."""
    for shape in shapes:
        try:
            vol.Schema(shape)(plain(value))
        except vol.MultipleInvalid as err:
            if shape is not None:
                return err.error_message
        except Exception:  # noqa: BLE001 - a plugin's validator may raise anything
            return None
    return None


def _got(value: Any) -> str:
    if value is _MISSING:
        return "something else"
    if isinstance(value, bool):
        return f"{shown(value)}; on, off, yes and no mean true and false, so put text in quotes"
    if isinstance(value, (int, float)):
        return f"the number {value!r}; put it in quotes if it is text"
    return shown(value)


def _unknown_key(key: Any, known: list[str]) -> str:
    if isinstance(key, bool):
        return f"unknown key {shown(key)}; put the keys on, off, yes and no in quotes"
    hint = did_you_mean(str(key), known)
    if not hint and 0 < len(known) <= _LISTED:
        hint = f" Known keys: {', '.join(known)}."
    return f"unknown key {str(key)!r}.{hint or ' Take it out.'}"


def _missing_key(key: Any, said: str) -> str:
    if said != "required key not provided":
        return said
    return f"the key {str(key_of(key))!r} is missing; add it"


def _choice(value: Any, said: str, shapes: list[Any]) -> str:
    choices = [
        str(choice)
        for shape in shapes
        if isinstance(shape, vol.In)
        and isinstance(shape.container, (list, tuple, set, frozenset, dict))
        for choice in shape.container
    ]
    if not choices or not said.startswith(("value must be one of", "not a valid value")):
        return said
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    listed = ", ".join(choices[:_LISTED]) + (", ..." if len(choices) > _LISTED else "")
    return f"{shown(value)} is none of: {listed}.{hint}"


def _group(error: vol.Invalid, schema: Any) -> str:
    name = str.__str__(error.path[-1]) if error.path else ""
    if f"'{name}'" not in error.error_message:
        return error.error_message
    keys = [
        str(key.schema)
        for shape in shapes_at(schema, error.path[:-1])
        if isinstance(shape, Mapping)
        for key in shape
        if name
        in (getattr(key, "group_of_exclusion", None), getattr(key, "group_of_inclusion", None))
    ]
    names = ", ".join(keys)
    if isinstance(error, vol.ExclusiveInvalid):
        return f"only one of these keys can be used: {names}; take the others out"
    return f"these keys go together: {names}; give all of them or none"


def is_virtual(key: Any) -> bool:
    """Say whether a part of a path is no key but the name of a group of keys."""
    return isinstance(key, VirtualPathComponent)
