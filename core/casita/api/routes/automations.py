"""Automations: which there are, and running them by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from casita.api._acting import Answer, act
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.errors import did_you_mean
from casita.events import State
from casita.model import Target

_DOMAIN = "automation"


class Automation(msgspec.Struct, frozen=True, kw_only=True):
    """An automation as it stands."""

    entity_id: str
    name: str
    state: str
    """``on``, ``off``, or ``unavailable`` if it has a fault."""
    last_triggered: Any = None
    """When it last ran."""
    mode: str | None = None
    """What a second run does while the first still runs."""
    running: int = 0
    """How many of its runs are under way."""
    shadow: bool = False
    """Whether it only records what it would do."""


@route("GET", "/api/automations", scope=Scope.READ, returns="the automations, by name")
async def list_automations(desk: Desk, request: Request) -> list[Automation]:
    """List the automations."""
    found = [_shown(state) for state in desk.kernel.states.of_domain(_DOMAIN)]
    return sorted(found, key=lambda one: one.name.casefold())


@route(
    "POST", "/api/automations/{entity_id}/enable",
    scope=Scope.CONTROL, returns="how the command ended", body={},
)  # fmt: skip
async def enable(desk: Desk, request: Request) -> Answer:
    """Let an automation react from now on."""
    return await _act(desk, request, "turn_on")


@route(
    "POST", "/api/automations/{entity_id}/disable",
    scope=Scope.CONTROL, returns="how the command ended", body={},
)  # fmt: skip
async def disable(desk: Desk, request: Request) -> Answer:
    """Keep an automation from reacting; runs that are under way are stopped."""
    return await _act(desk, request, "turn_off")


@route(
    "POST", "/api/automations/{entity_id}/trigger",
    scope=Scope.CONTROL, returns="how the command ended", body={},
)  # fmt: skip
async def trigger(desk: Desk, request: Request) -> Answer:
    """Run an automation now, without asking its conditions."""
    return await _act(desk, request, "trigger")


async def _act(desk: Desk, request: Request, action: str) -> Answer:
    entity_id = request.params["entity_id"]
    known = [state.entity_id for state in desk.kernel.states.of_domain(_DOMAIN)]
    if entity_id not in known:
        hint = did_you_mean(entity_id, known)
        raise Refused(404, "unknown_entity", f"{entity_id}: there is no such automation.{hint}")
    return await act(
        desk, request.principal, f"{_DOMAIN}.{action}", Target(entity_id=[entity_id]), {}
    )


def _shown(state: State) -> Automation:
    attributes = state.attributes
    return Automation(
        entity_id=state.entity_id,
        name=state.name,
        state=state.state,
        last_triggered=attributes.get("last_triggered"),
        mode=attributes.get("mode"),
        running=attributes.get("current", 0),
        shadow=attributes.get("shadow") is True,
    )
