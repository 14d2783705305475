"""Writes the OpenAPI document from the routes' declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_type_hints

import msgspec
import voluptuous as vol

from casita.api._checking import FORMS
from casita.api._errors import ErrorAnswer
from casita.api._schemas import json_schema
from casita.api._scopes import Scope
from casita.api._table import Document, Route, Stream

_REFERENCE: Final = "#/components/schemas/{name}"
_ERRORS: Final = {
    "400": "the request is wrong; `field` says where",
    "401": "no token, or one that is wrong or over",
    "403": "the token lacks a scope, or the page is foreign",
    "404": "there is no such thing",
    "429": "too many wrong tokens from this address",
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API's routes, those of the page left out."""
    shown = [one for one in routes if one.path.startswith("/api/")]
    types = [kind for one in shown if (kind := _answer_type(one)) not in (Document, Stream)]
    schemas, components = msgspec.json.schema_components(
        [*types, ErrorAnswer], schema_hook=_unknown_schema, ref_template=_REFERENCE
    )
    by_type = dict(zip(map(str, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for one in shown:
        answer = by_type.get(str(_answer_type(one)))
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, answer)
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Casita",
            "version": "1",
            "description": "The house: its states, its commands, and its log.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return _with_short_names(found, components)


def _operation(route: Route, answer: Mapping[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [] if route.scope is Scope.OPEN else [{"token": [str(route.scope)]}],
        "parameters": [*_in_path(route), *_in_query(route)],
        "responses": {"200": _answered(route, answer), **_refused(route)},
    }
    if route.description:
        operation["description"] = route.description
    if route.body is not None:
        kinds = ["application/json", *(sorted(FORMS) if route.forms else ())]
        operation["requestBody"] = {
            "required": any(isinstance(key, vol.Required) for key in route.body.schema),
            "content": {kind: {"schema": json_schema(route.body)} for kind in kinds},
        }
    return operation


def _in_path(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.parameters
    ]


def _in_query(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": str(key),
            "in": "query",
            "required": isinstance(key, vol.Required),
            "description": key.description or "",
            "schema": json_schema(value),
        }
        for key, value in route.query.schema.items()
        if isinstance(key, vol.Marker)
    ]


def _answered(route: Route, answer: Mapping[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        content: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": answer}}
    return {"description": route.returns, "content": content}


def _refused(route: Route) -> dict[str, Any]:
    error = {"schema": {"$ref": _REFERENCE.format(name=ErrorAnswer.__name__)}}
    return {
        status: {"description": meaning, "content": {"application/json": error}}
        for status, meaning in _ERRORS.items()
        if route.scope is not Scope.OPEN or status in ("400", "403")
    }


def _answer_type(route: Route) -> Any:
    return get_type_hints(route.handler)["return"]


def _with_short_names(
    found: dict[str, Any], components: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return plain JSON, with one word for types that msgspec tells apart by their modules."""
    text = msgspec.json.encode(found).decode()
    taken: set[str] = set()
    for name in sorted(components, key=lambda one: components[one].get("type") != "object"):
        module, _, short = name.rpartition(".")
        if short in taken:
            short = f"{module.rpartition('.')[2].strip('_').capitalize()}{short}"
        taken.add(short)
        text = text.replace(f'"{name}"', f'"{short}"').replace(f'/{name}"', f'/{short}"')
    plain: dict[str, Any] = msgspec.json.decode(text)
    return plain


def _unknown_schema(kind: type) -> dict[str, Any]:
    return {}
