"""What the accessories of a bridge are in the house."""

from __future__ import annotations

from collections.abc import Iterator

from aiohomekit.model import Accessory
from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services.service import Service

from casita import DeviceInfo
from casita_homekit import _climate, _covers, _lights, _simple
from casita_homekit._part import Part

_MAKERS = (_simple, _lights, _covers, _climate)


def device_of(accessory: Accessory, bridge_key: str, title: str) -> DeviceInfo:
    """Describe an accessory; the first of a bridge is the bridge itself."""
    is_bridge = accessory.aid == 1
    return DeviceInfo(
        identifiers=[bridge_key if is_bridge else f"{bridge_key}.{accessory.aid}"],
        name=accessory.name or title,
        manufacturer=accessory.manufacturer or None,
        model=accessory.model or None,
        sw_version=accessory.firmware_revision or None,
        via_identifier=None if is_bridge else bridge_key,
    )


def parts_of(accessory: Accessory) -> Iterator[tuple[Service, Part]]:
    """Yield the entities of an accessory, with the service that each is made of."""
    services = [one for one in accessory.services if any(one.type in m.KINDS for m in _MAKERS)]
    for service in services:
        for maker in _MAKERS:
            if service.type in maker.KINDS:
                name = _name(service, accessory, alone=len(services) == 1)
                for part in maker.parts(service, name):
                    yield service, part


def _name(service: Service, accessory: Accessory, *, alone: bool) -> str | None:
    """Return a service's own name; None if the accessory's says it all."""
    name = service.value(C.CONFIGURED_NAME) or service.value(C.NAME)
    if alone or not name or name == accessory.name:
        return None
    return str(name).removeprefix(accessory.name).strip() or None
