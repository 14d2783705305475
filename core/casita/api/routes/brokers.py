"""The brokers through which this home shares events with others."""

from __future__ import annotations

from collections.abc import Sequence

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.broker import SECTION, Brokers, BrokerStatus


@route("GET", "/api/brokers", scope=Scope.READ, returns="the brokers, by name")
async def list_brokers(desk: Desk, request: Request) -> Sequence[BrokerStatus]:
    """List the brokers: whether each is connected, what it promises, and how far it is behind."""
    component = desk.host.component(SECTION)
    return await component.statuses() if isinstance(component, Brokers) else []
