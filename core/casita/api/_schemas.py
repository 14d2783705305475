"""Voluptuous schemas as JSON schemas."""

from __future__ import annotations

from typing import Any

from voluptuous_openapi import (  # type: ignore[import-untyped]  # it ships no types
    UNSUPPORTED,
    OpenApiVersion,
    convert,
)

from casita.api import _fields


def json_schema(schema: Any) -> dict[str, Any]:
    """Return a voluptuous schema as a JSON schema of OpenAPI 3.1."""
    found: dict[str, Any] = convert(
        schema, custom_serializer=_serialised, openapi_version=OpenApiVersion.V3_1
    )
    return found


def _serialised(value: Any) -> Any:
    if value is object:
        return {}
    found = _fields.described(value)
    return UNSUPPORTED if found is None else dict(found)
