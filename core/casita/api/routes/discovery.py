"""Devices that were found, and those that a person adopted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import voluptuous as vol

from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.discovery import Adopted, Found

_PAIRED_WITHIN_S = 90.0


class AdoptedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that a person adopted, without its secrets."""

    id: str
    source: str
    """The plugin that runs it."""
    title: str


@route("GET", "/api/discovery", scope=Scope.READ, returns="what was found, in order of finding")
async def list_found(desk: Desk, request: Request) -> list[Found]:
    """List the devices that were noticed and are not adopted, those that are ignored included."""
    return desk.kernel.discovery.inbox()


@route(
    "POST",
    "/api/discovery/{id}/adopt",
    scope=Scope.ADMIN,
    returns="the device",
    body={
        vol.Optional("answers", default=dict, description="what the candidate `asks`"): {str: str}
    },
    timeout_s=_PAIRED_WITHIN_S,
)
async def adopt(desk: Desk, request: Request) -> AdoptedDevice:
    """Pair with a device and keep it."""
    adopted = await desk.host.adopt(
        request.params["id"], request.body["answers"], actor=request.principal.actor
    )
    return _shown(adopted)


@route("POST", "/api/discovery/{id}/ignore", scope=Scope.ADMIN, returns="nothing", body={})
async def ignore(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Take a device that was found out of sight."""
    desk.kernel.discovery.ignore(request.params["id"], actor=request.principal.actor)
    return {}


@route("GET", "/api/devices/adopted", scope=Scope.READ, returns="the adopted devices, by title")
async def list_adopted(desk: Desk, request: Request) -> list[AdoptedDevice]:
    """List the devices that were adopted."""
    shown = [_shown(one) for one in desk.kernel.discovery.adopted()]
    return sorted(shown, key=lambda device: device.title.casefold())


@route("DELETE", "/api/devices/adopted/{id}", scope=Scope.ADMIN, returns="nothing")
async def disown(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Stop an adopted device and forget it, with its entities."""
    await desk.host.disown(request.params["id"], actor=request.principal.actor)
    return {}


def _shown(adopted: Adopted) -> AdoptedDevice:
    return AdoptedDevice(id=adopted.id, source=adopted.source, title=adopted.title)
