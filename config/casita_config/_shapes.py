"""Looks into voluptuous schemas: which keys and values are known at some path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import voluptuous as vol

from casita_config.nodes import KeyPath


def shapes_at(schema: Any, path: KeyPath) -> list[Any]:
    """Return every sub-schema that a value at a path may be checked by.

    ``vol.All``, ``vol.Any`` and nested schemas are opened; what is behind a function is not.
    """
    shapes = list(opened(schema))
    for key in path:
        shapes = [below for shape in shapes for below in _below(shape, key)]
    return shapes


def known_keys(schema: Any, path: KeyPath) -> list[str]:
    """Return the keys that a mapping at a path may have, as far as the schema names them."""
    mappings = [shape for shape in shapes_at(schema, path) if isinstance(shape, Mapping)]
    keys = [key_of(key) for shape in mappings for key in shape]
    return [key for key in dict.fromkeys(keys) if isinstance(key, str)]


def key_of(key: Any) -> Any:
    """Return the key itself of a key that may be marked as required or optional."""
    return key.schema if isinstance(key, vol.Marker) else key


def opened(schema: Any) -> Iterator[Any]:
    """Go through the alternatives and steps that a schema consists of, down to plain ones."""
    if isinstance(schema, (vol.Schema, vol.Msg)):
        yield from opened(schema.schema)
    elif isinstance(schema, (vol.All, vol.Any, vol.Union, vol.SomeOf)):
        for validator in schema.validators:
            yield from opened(validator)
    else:
        yield schema


def _below(shape: Any, key: Any) -> Iterable[Any]:
    if isinstance(shape, Mapping):
        for schema_key, value in shape.items():
            if _matches(key_of(schema_key), key):
                yield from opened(value)
    elif isinstance(shape, (list, tuple)) and isinstance(key, int):
        for item in shape:
            yield from opened(item)


def _matches(schema_key: Any, key: Any) -> bool:
    if isinstance(schema_key, type):
        return isinstance(key, schema_key)
    if callable(schema_key) or schema_key is vol.Extra:
        return True
    return bool(schema_key == key)
