"""Who reads the log at its own pace, how far each is, and what they could not deal with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import voluptuous as vol

from casita.api._fields import name
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.consumers import ConsumerStatus, DeadLetter

_TRIED_WITHIN_S = 60.0


@route("GET", "/api/consumers", scope=Scope.READ, returns="the consumers, by name")
async def list_consumers(desk: Desk, request: Request) -> Sequence[ConsumerStatus]:
    """List the consumers of the log: how far each is, and how many events it is behind."""
    return desk.kernel.consumers.statuses()


@route("DELETE", "/api/consumers/{id}", scope=Scope.ADMIN, returns="nothing")
async def forget_consumer(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Forget the cursor of a consumer that does not run and will not come back."""
    desk.kernel.consumers.forget(request.params["id"])
    return {}


@route(
    "GET",
    "/api/dead",
    scope=Scope.READ,
    returns="the dead letters, oldest first",
    query={vol.Optional("consumer", description="only of this consumer"): name},
)
async def list_dead_letters(desk: Desk, request: Request) -> Sequence[DeadLetter]:
    """List the events that consumers could not deal with."""
    return desk.kernel.consumers.shelf.letters(request.query.get("consumer"))


@route("GET", "/api/dead/{id}", scope=Scope.READ, returns="the dead letter")
async def show_dead_letter(desk: Desk, request: Request) -> DeadLetter:
    """Show one event that a consumer could not deal with, and why."""
    return desk.kernel.consumers.shelf.require(request.params["id"])


@route(
    "POST",
    "/api/dead/{id}/redrive",
    scope=Scope.ADMIN,
    returns="nothing: it was dealt with",
    body={},
    timeout_s=_TRIED_WITHIN_S,
)
async def redrive_dead_letter(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Give a dead letter to its consumer once more, now; if that fails, it stays."""
    await desk.kernel.consumers.redrive(request.params["id"], actor=request.principal.actor)
    return {}


@route("DELETE", "/api/dead/{id}", scope=Scope.ADMIN, returns="nothing")
async def drop_dead_letter(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Forget a dead letter."""
    desk.kernel.consumers.shelf.drop(request.params["id"], actor=request.principal.actor)
    return {}
