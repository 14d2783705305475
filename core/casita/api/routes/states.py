"""What is known of every entity now."""

from __future__ import annotations

import voluptuous as vol

from casita.api import _fields
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.events import State


@route(
    "GET",
    "/api/states",
    scope=Scope.READ,
    returns="the states, by entity id",
    query={vol.Optional("domain", description="only of these domains"): _fields.words},
)
async def list_states(desk: Desk, request: Request) -> list[State]:
    """List the states of all entities."""
    domains = request.query.get("domain")
    found = [one for one in desk.kernel.states if domains is None or one.domain in domains]
    return sorted(found, key=lambda state: state.entity_id)


@route("GET", "/api/states/{entity_id}", scope=Scope.READ, returns="the state")
async def get_state(desk: Desk, request: Request) -> State:
    """Get the state of one entity."""
    return desk.kernel.states.require(request.params["entity_id"])
