"""What runs did, step by step."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.api import _fields
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.errors import did_you_mean
from casita.traces import Trace, trace, traces

_MOST: Final = 1000


@route("GET", "/api/runs/{run}", scope=Scope.READ, returns="the run, step by step")
async def read_run(desk: Desk, request: Request) -> Trace:
    """Show a run, by the offset of the event with which it began, and what it did."""
    text = request.params["run"]
    found = await trace(desk.kernel.log, int(text)) if text.isdecimal() else None
    if found is None:
        raise Refused(404, "unknown_run", f"{text}: this is not the number of a run in the log")
    return found


@route(
    "GET",
    "/api/automations/{entity_id}/runs",
    scope=Scope.READ,
    returns="its last runs, the newest first",
    query={
        vol.Optional("limit", default="10", description="at most so many"): vol.All(
            _fields.offset, vol.Range(min=1, max=_MOST)
        ),
    },
)
async def list_runs(desk: Desk, request: Request) -> list[Trace]:
    """Show the last runs of an automation or a script; `did` is told of one run alone."""
    entity_id = request.params["entity_id"]
    found = await traces(desk.kernel.log, entity_id, limit=request.query["limit"])
    states = desk.kernel.states
    if not found and states.get(entity_id) is None:
        known = [one.entity_id for domain in ("automation", "script") for one in
                 states.of_domain(domain)]  # fmt: skip
        raise Refused(
            404, "unknown_entity",
            f"{entity_id}: there is no such automation.{did_you_mean(entity_id, known)}",
        )  # fmt: skip
    return found
