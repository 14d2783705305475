"""How the hub itself fares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.host import PluginStatus


class ConfigProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong in the configuration."""

    message: str
    file: str | None
    line: int | None
    key: str | None


@route("GET", "/api/health", scope=Scope.OPEN, returns='`{"status": "ok"}`')
async def health(desk: Desk, request: Request) -> Mapping[str, str]:
    """Say whether the hub answers, and nothing else."""
    return {"status": "ok"}


@route("GET", "/api/plugins", scope=Scope.READ, returns="the plugins, by name")
async def list_plugins(desk: Desk, request: Request) -> Sequence[PluginStatus]:
    """List the plugins, and how each of their instances fares."""
    return desk.host.ledger()


@route("GET", "/api/problems", scope=Scope.READ, returns="the problems, in order of finding")
async def list_problems(desk: Desk, request: Request) -> list[ConfigProblem]:
    """List what is wrong in the configuration."""
    return [
        ConfigProblem(message=one.message, file=one.file, line=one.line, key=one.key)
        for one in desk.host.problems()
    ]


@route("GET", "/api/openapi.json", scope=Scope.READ, returns="the OpenAPI document")
async def openapi(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Describe this API."""
    from casita.api._openapi import document  # it reads all routes, this one too
    from casita.api.routes import every_route

    return document(every_route())
