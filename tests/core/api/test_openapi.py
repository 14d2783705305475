"""The API's description: whole, valid, and the same as what is served."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from openapi_spec_validator import validate

from casita.api import openapi_document
from casita.api._scopes import Scope
from casita.api._table import Document, Request, Route, Router, route, routes_of
from casita.api.routes import every_route

from .conftest import Caller

SHOWN = [one for one in every_route() if one.path.startswith("/api/")]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_is_in_the_document(document: dict[str, Any]) -> None:
    described = {(m.upper(), path) for path, item in document["paths"].items() for m in item}

    assert described == {(one.method, one.path) for one in SHOWN}


@pytest.mark.parametrize("one", SHOWN, ids=lambda one: f"{one.method} {one.path}")
def test_a_route_is_described_whole(one: Route, document: dict[str, Any]) -> None:
    operation = document["paths"][one.path][one.method.lower()]

    assert operation["summary"].endswith(".")
    assert operation["responses"]["200"]["description"] == one.returns
    assert operation["security"] == ([] if one.scope is Scope.OPEN else [{"token": [one.scope]}])
    in_path = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
    assert in_path == one.parameters
    content = operation["responses"]["200"]["content"]
    assert content.get("text/event-stream") or content["application/json"]["schema"]
    assert ("requestBody" in operation) == (one.body is not None)


def test_names_of_operations_are_unique(document: dict[str, Any]) -> None:
    names = [o["operationId"] for item in document["paths"].values() for o in item.values()]

    assert len(names) == len(set(names))


def test_fields_are_described(document: dict[str, Any]) -> None:
    command = document["paths"]["/api/command"]["post"]
    schema = command["requestBody"]["content"]["application/json"]["schema"]
    state = document["components"]["schemas"]["State"]

    assert schema["required"] == ["service"]
    assert schema["properties"]["wait"] == {
        "type": "boolean", "default": True,
        "description": "answer when every command has ended (10 s at most)",
    }  # fmt: skip
    assert "area_id" in str(schema["properties"]["target"])
    assert set(state["properties"]) >= {"entity_id", "state", "attributes", "last_changed"}


async def test_the_document_is_served(ask: Caller, document: dict[str, Any]) -> None:
    reply = await ask("GET", "/api/openapi.json")

    assert reply.json == document


def test_the_document_is_made_without_a_server() -> None:
    program = (
        "import sys; from casita.api import openapi_document; openapi_document();"
        "sys.exit('aiohttp' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_route_is_declared_once() -> None:
    async def handler(desk: Any, request: Request) -> Document:
        raise NotImplementedError

    one = route("GET", "/api/new", scope=Scope.READ, returns="nothing")(handler)

    with pytest.raises(ValueError, match="twice"):
        Router([one, one])


def test_a_read_has_no_body() -> None:
    with pytest.raises(ValueError, match="no body"):
        route("GET", "/api/new", scope=Scope.READ, returns="nothing", body={})


def test_the_wrong_methods_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="TRACE"):
        route("TRACE", "/api/new", scope=Scope.READ, returns="nothing")


def test_routes_are_found_in_modules() -> None:
    import casita.api.routes.states as states

    assert [one.path for one in routes_of([states])] == ["/api/states", "/api/states/{entity_id}"]
