"""Who may do what: set-up and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import voluptuous as vol

from casita.api import _fields
from casita.api._errors import Refused
from casita.api._scopes import GRANTABLE, Scope, with_included
from casita.api._table import Desk, Request, route
from casita.api._tokens import DAYS, Token

_LONGEST_DAYS = 3650


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was just made."""

    token: str
    """The token itself. It is not kept: this is the only time that it is shown."""
    info: Token


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking."""

    actor: str
    scopes: tuple[Scope, ...]


@route(
    "POST",
    "/api/setup",
    scope=Scope.OPEN,
    returns="the first token, which may do everything",
    body={
        vol.Required("code", description="the code that the hub printed when it started"): str,
        vol.Optional("name", default="first"): _fields.name,
    },
)
async def set_up(desk: Desk, request: Request) -> NewToken:
    """Turn the one-time set-up code into the first token.

    The code is good once, for 15 minutes and 5 tries.
    """
    if desk.setup is None or desk.tokens.has_admin:
        raise Refused(409, "set_up_already", "the hub is set up; who has a token can make others")
    desk.setup.check(request.body["code"])
    token, text = desk.tokens.create(request.body["name"], GRANTABLE, actor="setup")
    desk.setup = None
    return NewToken(token=text, info=token)


@route("GET", "/api/me", scope=Scope.READ, returns="name and scopes")
async def me(desk: Desk, request: Request) -> Me:
    """Say who is asking, and what they may do."""
    principal = request.principal
    return Me(actor=principal.actor, scopes=tuple(sorted(principal.scopes)))


@route("GET", "/api/tokens", scope=Scope.ADMIN, returns="the tokens, by name")
async def list_tokens(desk: Desk, request: Request) -> list[Token]:
    """List the tokens; never their secrets."""
    return desk.tokens.all()


@route(
    "POST",
    "/api/tokens",
    scope=Scope.ADMIN,
    returns="the token, this once",
    body={
        vol.Required("name", description="what the log calls whoever uses it"): _fields.name,
        vol.Optional("scopes", default=lambda: [str(Scope.READ)]): vol.All(
            [vol.In([str(one) for one in GRANTABLE])], vol.Length(min=1)
        ),
        vol.Optional("days", default=DAYS, description="how long it is good"): vol.All(
            int, vol.Range(min=1, max=_LONGEST_DAYS)
        ),
    },
)
async def create_token(desk: Desk, request: Request) -> NewToken:
    """Make a token. It can have no scope that its maker lacks."""
    wanted = with_included(Scope(one) for one in request.body["scopes"])
    lacking = sorted(wanted - request.principal.scopes)
    if lacking:
        raise Refused(
            403, "missing_scope", f"you cannot give what you lack: {', '.join(lacking)}",
            field="scopes",
        )  # fmt: skip
    token, text = desk.tokens.create(
        request.body["name"], wanted, days=request.body["days"], actor=request.principal.actor
    )
    return NewToken(token=text, info=token)


@route("DELETE", "/api/tokens/{id}", scope=Scope.ADMIN, returns="nothing")
async def revoke_token(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Revoke a token; its open streams end at once."""
    desk.tokens.revoke(request.params["id"], actor=request.principal.actor)
    return {}
