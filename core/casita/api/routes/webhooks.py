"""Webhooks: what others tell the house. The id in the address is the key, so it has to be long."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.webhooks import Delivery

_ANYTHING: Final[dict[Any, Any]] = {str: object}
_RETURNS: Final = "nothing; the same for an id that nobody listens to, so that none can be guessed"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to whatever was sent."""


@route(
    "POST", "/api/webhook/{webhook_id}",
    scope=Scope.OPEN, returns=_RETURNS, query=_ANYTHING, body=_ANYTHING, forms=True,
)  # fmt: skip
async def post_webhook(desk: Desk, request: Request) -> Taken:
    """Tell the automations with this webhook something, as JSON or as a form."""
    return _deliver(desk, request, "POST")


@route(
    "PUT", "/api/webhook/{webhook_id}",
    scope=Scope.OPEN, returns=_RETURNS, query=_ANYTHING, body=_ANYTHING, forms=True,
)  # fmt: skip
async def put_webhook(desk: Desk, request: Request) -> Taken:
    """Tell the automations with this webhook something, as JSON or as a form."""
    return _deliver(desk, request, "PUT")


@route(
    "GET", "/api/webhook/{webhook_id}", scope=Scope.OPEN, returns=_RETURNS, query=_ANYTHING
)  # fmt: skip
async def get_webhook(desk: Desk, request: Request) -> Taken:
    """Tell the automations that allow this method for this webhook something."""
    return _deliver(desk, request, "GET")


def _deliver(desk: Desk, request: Request, method: str) -> Taken:
    desk.kernel.webhooks.deliver(
        Delivery(
            webhook_id=request.params["webhook_id"],
            method=method,
            query=request.query,
            body=request.body or None,
            form=request.form,
            remote=request.remote,
        )
    )
    return Taken()
