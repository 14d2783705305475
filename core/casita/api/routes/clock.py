"""The hub's clock, and whether it is believed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub's clock shows."""

    shows: datetime
    trusted: bool
    """False: what is set for a time waits."""
    doubt: str | None
    """Why it is not trusted."""


@route("GET", "/api/clock", scope=Scope.READ, returns="what it shows, and whether it is trusted")
async def get_clock(desk: Desk, request: Request) -> ClockState:
    """Say what the hub's clock shows, and whether it is trusted."""
    return _state(desk)


@route("POST", "/api/clock/trust", scope=Scope.ADMIN, returns="the same, as it is then")
async def trust_clock(desk: Desk, request: Request) -> ClockState:
    """Say that the clock is right: what waited for that goes on."""
    desk.kernel.trust.accept(request.principal.actor)
    return _state(desk)


def _state(desk: Desk) -> ClockState:
    clock = desk.kernel.clock
    return ClockState(shows=clock.now(), trusted=clock.trusted, doubt=desk.kernel.trust.doubt)
