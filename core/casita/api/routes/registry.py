"""Who is who in the house."""

from __future__ import annotations

from typing import Any

import voluptuous as vol

from casita.api import _fields
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.errors import did_you_mean
from casita.model import Area, DeviceEntry, EntityEntry


@route("GET", "/api/entities", scope=Scope.READ, returns="the entities, by id")
async def list_entities(desk: Desk, request: Request) -> list[EntityEntry]:
    """List the entities that plugins have registered, those without a state included."""
    return sorted(desk.kernel.registry.entities, key=lambda entry: entry.entity_id)


@route(
    "PATCH",
    "/api/entities/{entity_id}",
    scope=Scope.ADMIN,
    returns="the entity as it is now",
    body={
        vol.Optional("name", description="null: the source's own name"): vol.Maybe(_fields.name),
        vol.Optional("entity_id", description="its new id; the history stays"): str,
        vol.Optional("area_id", description="null: the area of its device"): vol.Maybe(str),
        vol.Optional("labels", description="ids of labels, in place of those it had"): [str],
        vol.Optional("icon", description="null: the source's own icon"): vol.Maybe(_fields.name),
        vol.Optional("hidden", description="true: shown only when asked for"): bool,
        vol.Optional("disabled", description="true: it is not wanted"): bool,
    },
)
async def change_entity(desk: Desk, request: Request) -> EntityEntry:
    """Rename an entity, move it to another area, label, hide or disable it."""
    registry, actor = desk.kernel.registry, request.principal.actor
    entity_id = registry.require_entity(request.params["entity_id"]).entity_id
    changes = _changes(desk, request, ("area_id", "labels", "icon", "hidden", "disabled"))
    wanted = request.body.get("entity_id", entity_id)
    if wanted != entity_id:
        entity_id = registry.rename_entity(entity_id, wanted, actor=actor).entity_id
    return registry.update_entity(entity_id, actor=actor, **changes)


@route("GET", "/api/devices", scope=Scope.READ, returns="the devices, by name")
async def list_devices(desk: Desk, request: Request) -> list[DeviceEntry]:
    """List the devices."""
    return sorted(desk.kernel.registry.devices, key=lambda device: device.shown_name.casefold())


@route(
    "PATCH",
    "/api/devices/{device_id}",
    scope=Scope.ADMIN,
    returns="the device as it is now",
    body={
        vol.Optional("name", description="null: the device's own name"): vol.Maybe(_fields.name),
        vol.Optional("area_id", description="null: no area"): vol.Maybe(str),
    },
)
async def change_device(desk: Desk, request: Request) -> DeviceEntry:
    """Rename a device or move it to another area."""
    changes = _changes(desk, request, ("area_id",))
    return desk.kernel.registry.update_device(
        request.params["device_id"], actor=request.principal.actor, **changes
    )


@route("GET", "/api/areas", scope=Scope.READ, returns="the areas, by name")
async def list_areas(desk: Desk, request: Request) -> list[Area]:
    """List the areas of the house."""
    return sorted(desk.kernel.registry.areas, key=lambda area: area.name.casefold())


@route(
    "POST",
    "/api/areas",
    scope=Scope.ADMIN,
    returns="the area, as it was made or as it stood already",
    body={vol.Required("name"): _fields.name},
)
async def create_area(desk: Desk, request: Request) -> Area:
    """Make an area, unless there is one of this name."""
    return desk.kernel.registry.ensure_area(request.body["name"])


def _changes(desk: Desk, request: Request, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the changes that a body asks for, by the entry's fields."""
    area_id = request.body.get("area_id")
    areas, labels = desk.kernel.registry.areas, desk.kernel.registry.labels
    if area_id is not None and area_id not in areas:
        hint = did_you_mean(area_id, (area.id for area in areas))
        raise Refused(404, "unknown_area", f"{area_id}: there is no such area.{hint}",
                      field="area_id")  # fmt: skip
    changes = {key: request.body[key] for key in fields if key in request.body}
    unknown = next((one for one in changes.get("labels", ()) if one not in labels), None)
    if unknown is not None:
        hint = did_you_mean(unknown, (label.id for label in labels))
        raise Refused(404, "unknown_label", f"{unknown}: there is no such label.{hint}",
                      field="labels")  # fmt: skip
    if "name" in request.body:
        changes["name_by_user"] = request.body["name"]
    return changes
