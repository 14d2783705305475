"""What the house consists of: devices, entities, areas, floors and labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """A storey of the house."""

    id: str
    name: str
    level: int | None = None
    aliases: tuple[str, ...] = ()


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A room, or another part of the house that people name."""

    id: str
    name: str
    floor_id: str | None = None
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A word that people put on devices, entities and areas to address them together."""

    id: str
    name: str


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A device that was adopted or configured, or one that speaks through another (a bridge)."""

    id: str
    source: str
    """The plugin instance that it belongs to."""
    identifiers: tuple[str, ...]
    """What the source knows it by; one shared identifier makes it the same device."""
    name: str
    name_by_user: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    sw_version: str | None = None
    area_id: str | None = None
    labels: tuple[str, ...] = ()
    via_device_id: str | None = None

    @property
    def shown_name(self) -> str:
        """The name that a person gave, or else the device's own."""
        return self.name_by_user or self.name


class EntityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that a source has named once and for all by its ``unique_id``."""

    entity_id: str
    source: str
    """The plugin instance that it belongs to."""
    unique_id: str
    """What the source knows it by; the pair of source and unique id never changes."""
    name: str
    name_by_user: str | None = None
    device_id: str | None = None
    area_id: str | None = None
    labels: tuple[str, ...] = ()
    previous_ids: tuple[str, ...] = ()
    """Entity ids that it had before; its history stands under them too."""
    added: datetime
    disabled: bool = False
    """The person wants nothing of it: its source does not offer it."""
    hidden: bool = False
    """The person wants it to work, and not to be shown unless it is asked for."""
    icon: str | None = None
    """An icon that the person gave, as ``mdi:lamp``."""

    @property
    def domain(self) -> str:
        """The part of the entity id before the dot."""
        return self.entity_id.partition(".")[0]

    @property
    def shown_name(self) -> str:
        """The name that a person gave, or else the source's own."""
        return self.name_by_user or self.name


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin says of a device when it adds the device's entities."""

    identifiers: Sequence[str]
    name: str
    manufacturer: str | None = None
    model: str | None = None
    sw_version: str | None = None
    suggested_area: str | None = None
    """Name of an area; taken only while the device has none."""
    via_identifier: str | None = None
    """An identifier of the bridge through which it speaks."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a command is for: any mixture of ids, resolved to entities when it is sent."""

    entity_id: Sequence[str] = ()
    """Entity ids; ``all`` stands for every entity of the service's domain."""
    device_id: Sequence[str] = ()
    area_id: Sequence[str] = ()
    floor_id: Sequence[str] = ()
    label_id: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(
            self.entity_id or self.device_id or self.area_id or self.floor_id or self.label_id
        )
