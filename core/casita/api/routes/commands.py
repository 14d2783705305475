"""Services, and commands to devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.api import _fields
from casita.api._acting import Answer, act
from casita.api._schemas import json_schema
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.services import Kind, Service

_CALL: Final[Mapping[Any, Any]] = {
    vol.Optional("target", description="whom it is for"): _fields.target,
    vol.Optional("data", default=dict, description="the service's fields"): {str: object},
    vol.Optional(
        "wait", default=True, description="answer when every command has ended (10 s at most)"
    ): bool,
    vol.Optional(
        "until_confirmed", default=False, description="done only once the state says so"
    ): bool,
}


class ServiceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A service of the house."""

    id: str
    """``domain.name``."""
    kind: Kind
    """Whether repeating it harms."""
    description: str
    fields: Mapping[str, Any]
    """JSON schema of its data."""
    targets: tuple[str, ...] | None
    """Domains of the entities that it addresses; null: it needs no target."""


@route("GET", "/api/services", scope=Scope.READ, returns="the services, by id")
async def list_services(desk: Desk, request: Request) -> list[ServiceInfo]:
    """List what the house can be asked to do."""
    return [_info(one) for one in desk.kernel.commands.services()]


@route(
    "POST",
    "/api/services/{domain}/{name}",
    scope=Scope.CONTROL,
    returns="how each command ended",
    body=_CALL,
)
async def call_service(desk: Desk, request: Request) -> Answer:
    """Call a service that is named in the path.

    Locks, alarms and the doors of garages and gates need the scope `control:secure`.
    """
    service = f"{request.params['domain']}.{request.params['name']}"
    return await _call(desk, request, service)


@route(
    "POST",
    "/api/command",
    scope=Scope.CONTROL,
    returns="how each command ended",
    body={vol.Required("service", description="as `light.turn_on`"): str, **_CALL},
)
async def command(desk: Desk, request: Request) -> Answer:
    """Call a service that is named in the body.

    Locks, alarms and the doors of garages and gates need the scope `control:secure`.
    """
    return await _call(desk, request, request.body["service"])


async def _call(desk: Desk, request: Request, service: str) -> Answer:
    body = request.body
    return await act(
        desk,
        request.principal,
        service,
        body.get("target"),
        body["data"],
        wait=body["wait"],
        until_confirmed=body["until_confirmed"],
    )


def _info(service: Service) -> ServiceInfo:
    return ServiceInfo(
        id=service.id,
        kind=service.kind,
        description=service.description,
        fields=_fields_of(service.schema),
        targets=None if service.handler is not None else service.targets or (service.domain,),
    )


def _fields_of(schema: vol.Schema) -> Mapping[str, Any]:
    """Return what can be said of a schema in JSON; a validator of a plugin's own may say little."""
    try:
        return json_schema(schema)
    except Exception:  # noqa: BLE001 - the schema is a plugin's
        return {"type": "object", "additionalProperties": True}
