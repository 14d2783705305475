"""The workers with which this process shares its automations."""

from __future__ import annotations

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.errors import CommandFailed
from casita.workers import GroupStatus


@route("GET", "/api/workers", scope=Scope.READ, returns="the group, as this worker sees it")
async def list_workers(desk: Desk, request: Request) -> GroupStatus:
    """Say which workers belong to the group, and which automations fall to each."""
    group = desk.kernel.group
    if group is None:
        raise CommandFailed("this is no worker; `casita worker` runs one")
    return group.status()
