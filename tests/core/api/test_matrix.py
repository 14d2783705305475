"""No request gets in that should not: every route against everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from casita.api import Api, _gate
from casita.api._scopes import GRANTABLE, Scope, with_included
from casita.api._table import METHODS, Route, Router, route
from casita.api.routes import every_route
from casita.clock import VirtualClock

from .conftest import ALL, Caller

PARAMETERS = {
    "entity_id": "automation.night",
    "device_id": "d1",
    "domain": "light",
    "name": "turn_on",
    "id": "lamps.one",
    "what": "1",
    "run": "1",
    "webhook_id": "long-and-secret",
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/services/{domain}/{name}": {"target": "light.hall"},
    "/api/command": {"service": "light.turn_on", "target": "light.hall"},
    "/api/events": {"type": "doorbell_rang"},
    "/api/areas": {"name": "Attic"},
    "/api/tokens": {"name": "mallory"},
    "/api/setup": {"code": "AAAA-BBBB"},
}
FOREIGN_HOSTS = (
    "evil.example", "evil.example:8723", "localhost.evil.example", "127.0.0.1.evil.example",
    "home.example.evil", "xn--lcalhost-k5a", "[::2]", "10.0.0.7", "0.0.0.0", "127.0.0.2",
)  # fmt: skip
FOREIGN_ORIGINS = (
    "http://evil.example", "https://evil.example", "null", "http://localhost:1",
    "http://127.0.0.1", "file://", "http://home.example:1", "chrome-extension://abcdef", "",
)  # fmt: skip
FORMS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
    "text/plain; application/json", "application/xml", "application/jsonp", "",
)  # fmt: skip
WRONG_TOKENS = (
    "", "x", "casita", "casita__", "casita_0123456789abcdef_" + "A" * 43, "null", "undefined",
    "é", "casita_" + "A" * 4000,
)  # fmt: skip


def path_of(one: Route) -> str:
    return one.path.format_map(PARAMETERS)


def body_of(one: Route) -> dict[str, Any] | None:
    return None if one.method == "GET" else BODIES.get(one.path, {})


ROUTES = every_route()
GUARDED = [one for one in ROUTES if one.scope is not Scope.OPEN]


async def _let_in(
    ask: Caller, routes: Iterable[Route], headers: Iterable[dict[str, str]], *, expect: set[int]
) -> list[tuple[str, str, dict[str, str], int]]:
    """Return what was answered otherwise than expected."""
    found = []
    for one in routes:
        for sent in headers:
            reply = await ask(one.method, path_of(one), body_of(one), headers=sent, token=None)
            if reply.status not in expect:
                found.append((one.method, one.path, sent, reply.status))
            assert reply.headers["Content-Type"] == "application/json"
            assert reply.json["error"]["message"]
    return found


async def test_nobody_gets_in_without_a_token(ask: Caller) -> None:
    assert await _let_in(ask, GUARDED, [{}], expect={401}) == []


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "bearer  ", "Token"])
async def test_nobody_gets_in_with_a_wrong_token(ask: Caller, scheme: str) -> None:
    sent = [{"Authorization": f"{scheme} {token}"} for token in WRONG_TOKENS]

    assert await _let_in(ask, GUARDED, sent, expect={401, 429}) == []


async def test_nobody_gets_in_with_a_token_that_is_over(ask: Caller, clock: VirtualClock) -> None:
    token = await ask.make_token("old", *ALL, days=7)

    clock.advance(timedelta(days=7))

    assert await _let_in(ask, GUARDED, [ask.bearer(token)], expect={401}) == []


@pytest.mark.parametrize("scope", GRANTABLE)
async def test_a_scope_opens_its_own_routes_and_no_others(ask: Caller, scope: Scope) -> None:
    token = await ask.make_token("narrow", scope)
    beyond = [one for one in GUARDED if one.scope not in with_included([scope])]

    assert beyond
    assert await _let_in(ask, beyond, [ask.bearer(token)], expect={403}) == []


async def test_nobody_gets_in_under_a_foreign_name(ask: Caller) -> None:
    sent = [{**ask.bearer(), "Host": host} for host in FOREIGN_HOSTS]

    assert await _let_in(ask, ROUTES, sent, expect={421}) == []


async def test_no_page_of_another_origin_gets_in(ask: Caller) -> None:
    sent = [{**ask.bearer(), "Origin": origin} for origin in FOREIGN_ORIGINS]

    assert await _let_in(ask, ROUTES, sent, expect={403}) == []


async def test_no_form_gets_in_where_none_is_asked_for(ask: Caller) -> None:
    routes = [one for one in ROUTES if one.method != "GET" and not one.forms]
    sent = [{**ask.bearer(), "Content-Type": form} for form in FORMS]

    found = []
    for one in routes:
        for headers in sent:
            reply = await ask(one.method, path_of(one), headers=headers, data=b"a=b", token=None)
            if reply.status != 415:
                found.append((one.path, headers["Content-Type"], reply.status))

    assert found == []


async def test_only_declared_methods_get_in(ask: Caller) -> None:
    router = Router(ROUTES)

    found = []
    for path in {path_of(one) for one in ROUTES}:
        declared = router.find(path)[0]
        for method in {*METHODS, "PUT", "OPTIONS", "TRACE", "PROPFIND"} - set(declared):
            reply = await ask(method, path)
            if reply.status != 405 or not set(declared) <= set(reply.headers["Allow"].split(", ")):
                found.append((method, path, reply.status))

    assert found == []


async def test_no_token_is_taken_from_a_url(ask: Caller) -> None:
    found = []
    for one in ROUTES:
        for key in ("token", "access_token", "Authorization", "api_key"):
            path = f"{path_of(one)}?{key}={ask.token}"
            reply = await ask(one.method, path, body_of(one), token=None)
            if (reply.status, reply.code) != (400, "token_in_url"):
                found.append((one.path, key, reply.status))

    assert found == []


async def test_every_answer_carries_the_headers_that_protect_a_page(ask: Caller) -> None:
    found = []
    for one in ROUTES:
        for token in (ask.token, None):
            method = "HEAD" if one.method == "GET" else one.method
            reply = await ask(method, path_of(one), token=token)
            missing = [k for k, value in _gate.HEADERS.items() if reply.headers.get(k) != value]
            allowed = [key for key in reply.headers if key.lower().startswith("access-control")]
            if missing or allowed:
                found.append((one.path, missing, allowed))

    assert found == []


@pytest.fixture
async def careless(ask: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """An API that was built without the check of names: the suite above has to notice."""
    monkeypatch.setattr(_gate, "check_host", lambda given, allowed: given[0])
    return ask


async def test_the_matrix_notices_a_gate_that_is_open(careless: Caller) -> None:
    sent = [{**careless.bearer(), "Host": host} for host in FOREIGN_HOSTS]
    health = [one for one in ROUTES if one.path == "/api/health"]

    with pytest.raises(KeyError):
        await _let_in(careless, health, sent, expect={421})


def test_a_route_without_a_scope_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="scope"):
        route("GET", "/api/new", returns="nothing")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="one of the scopes"):
        route("GET", "/api/new", scope="read", returns="nothing")  # type: ignore[arg-type]


def test_only_these_routes_are_open(api: Api) -> None:
    open_routes = {f"{one.method} {one.path}" for one in ROUTES if one.scope is Scope.OPEN}

    assert open_routes == {
        "GET /", "GET /app.js", "GET /style.css", "GET /icon.svg",
        "GET /api/health", "POST /api/setup",
        "GET /api/webhook/{webhook_id}", "POST /api/webhook/{webhook_id}",
        "PUT /api/webhook/{webhook_id}",
    }  # fmt: skip
