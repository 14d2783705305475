"""Who is who in the house: kept across restarts, changed only here, each change an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from casita.bus import Bus
from casita.clock import Clock
from casita.errors import CasitaError, UnknownEntity, did_you_mean
from casita.ids import is_entity_id, new_id, slugify
from casita.model import Area, DeviceEntry, DeviceInfo, EntityEntry, Floor, Label, Target

_HUB: Final = "casita"
_Entry = TypeVar("_Entry", bound=msgspec.Struct)


class Table(Generic[_Entry]):
    """The entries of one kind by id: in memory to be read, in the log's documents to last."""

    def __init__(self, bus: Bus, kind: str, entry_type: type[_Entry]) -> None:
        self._bus = bus
        self._kind = kind
        self._entry_type = entry_type
        self._entries: dict[str, _Entry] = {}

    def __iter__(self) -> Iterator[_Entry]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def get(self, key: str | None) -> _Entry | None:
        """Return an entry, or None."""
        return None if key is None else self._entries.get(key)

    def restore(self) -> None:
        """Read what the log has kept."""
        for key, document in self._bus.log.items(self._kind).items():
            self._entries[key] = msgspec.convert(document, self._entry_type)

    def write(self, key: str, entry: _Entry, *, actor: str | None = None) -> _Entry:
        """Add or replace an entry; an event only if it changed."""
        before = self._entries.get(key)
        if before == entry:
            return entry
        self._entries[key] = entry
        document = msgspec.to_builtins(entry)
        self._bus.log.put(self._kind, key, document)
        verb = "added" if before is None else "updated"
        self._bus.emit(f"{self._kind}.{verb}", key, document, source=_HUB, actor=actor)
        return entry

    def move(self, key: str, new_key: str, entry: _Entry, *, actor: str | None = None) -> None:
        """Put an entry under another id; the event stands under the old one and names the new."""
        del self._entries[key]
        self._entries[new_key] = entry
        self._bus.log.remove(self._kind, key)
        self._bus.log.put(self._kind, new_key, msgspec.to_builtins(entry))
        self._bus.emit(f"{self._kind}.renamed", key, {"to": new_key}, source=_HUB, actor=actor)

    def delete(self, key: str, *, actor: str | None = None) -> bool:
        """Remove an entry; say whether there was one."""
        if self._entries.pop(key, None) is None:
            return False
        self._bus.log.remove(self._kind, key)
        self._bus.emit(f"{self._kind}.removed", key, {}, source=_HUB, actor=actor)
        return True


class Registry:
    """Devices, entities, areas, floors and labels, and how they hang together."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._clock = clock
        self.areas = Table(bus, "area", Area)
        self.devices = Table(bus, "device", DeviceEntry)
        self.entities = Table(bus, "entity", EntityEntry)
        self.floors = Table(bus, "floor", Floor)
        self.labels = Table(bus, "label", Label)
        self._by_unique_id: dict[tuple[str, str], str] = {}
        self._expected: Mapping[str, Mapping[str, Any]] = {}
        self._members: dict[tuple[str, str], tuple[str, ...]] = {}
        for kind in ("area", "device", "entity"):
            for verb in ("added", "updated", "removed", "renamed"):
                bus.subscribe(
                    lambda _event: self._members.clear(), owner="registry", type=f"{kind}.{verb}"
                )

    def restore(self) -> None:
        """Read what the log has kept."""
        for table in (self.areas, self.devices, self.entities, self.floors, self.labels):
            table.restore()
        self._by_unique_id = {(e.source, e.unique_id): e.entity_id for e in self.entities}

    # Entities

    def expect(self, fields: Mapping[str, Mapping[str, Any]]) -> None:
        """Say what an entity is to have from when it is first registered, by entity id."""
        self._expected = fields

    def find(self, source: str, unique_id: str) -> EntityEntry | None:
        """Return the entity that a source knows by this unique id."""
        return self.entities.get(self._by_unique_id.get((source, unique_id)))

    def add_entity(
        self,
        *,
        source: str,
        unique_id: str,
        domain: str,
        name: str,
        object_id: str | None = None,
        device_id: str | None = None,
        area_id: str | None = None,
    ) -> EntityEntry:
        """Return the entity of a source's unique id; make it if it is new, rename it if need be.

        ``object_id`` is a wish for the entity id; a number is added if it is taken.
        """
        known = self.find(source, unique_id)
        if known is not None:
            return self.entities.write(
                known.entity_id, msgspec.structs.replace(known, name=name, device_id=device_id)
            )
        entry = EntityEntry(
            entity_id=self._free_id(domain, slugify(object_id or name)),
            source=source,
            unique_id=unique_id,
            name=name,
            device_id=device_id,
            area_id=area_id,
            added=self._clock.now(),
        )
        said = self._expected.get(entry.entity_id, {})
        entry = msgspec.structs.replace(entry, **_but_nothing(said))
        self._by_unique_id[(source, unique_id)] = entry.entity_id
        return self.entities.write(entry.entity_id, entry)

    def rename_entity(
        self, entity_id: str, new_id: str, *, actor: str | None = None
    ) -> EntityEntry:
        """Give an entity another id; what was logged under the old one stays its history."""
        entry = self.require_entity(entity_id)
        if not is_entity_id(new_id) or new_id.split(".")[0] != entry.domain:
            raise CasitaError(f"{new_id}: an entity id of {entry.domain} has the form "
                              f"{entry.domain}.some_name")  # fmt: skip
        if new_id in self.entities:
            raise CasitaError(f"{new_id}: this entity id is taken")
        previous = (*(one for one in entry.previous_ids if one != new_id), entity_id)
        renamed = msgspec.structs.replace(entry, entity_id=new_id, previous_ids=previous)
        self._by_unique_id[(entry.source, entry.unique_id)] = new_id
        self.entities.move(entity_id, new_id, renamed, actor=actor)
        return renamed

    def update_entity(
        self, entity_id: str, *, actor: str | None = None, **changes: Any
    ) -> EntityEntry:
        """Change fields of an entity that belong to the person: name, area, labels, disabled."""
        entry = self.require_entity(entity_id)
        changed = msgspec.structs.replace(entry, **_frozen(changes))
        return self.entities.write(entity_id, changed, actor=actor)

    def remove_entity(self, entity_id: str, *, actor: str | None = None) -> None:
        """Forget an entity."""
        entry = self.entities.get(entity_id)
        if entry is not None:
            self._by_unique_id.pop((entry.source, entry.unique_id), None)
            self.entities.delete(entity_id, actor=actor)

    def require_entity(self, entity_id: str) -> EntityEntry:
        """Return an entity's entry, or raise `UnknownEntity` with the nearest name."""
        entry = self.entities.get(entity_id)
        if entry is None:
            hint = did_you_mean(entity_id, (e.entity_id for e in self.entities))
            raise UnknownEntity(f"{entity_id}: there is no such entity.{hint}")
        return entry

    # Devices and areas

    def add_device(self, source: str, info: DeviceInfo) -> DeviceEntry:
        """Return the device that a source describes, made or brought up to date."""
        known = self.find_device(source, info.identifiers)
        via = self.find_device(source, (info.via_identifier,)) if info.via_identifier else None
        facts: dict[str, Any] = {
            "identifiers": tuple(info.identifiers),
            "name": info.name,
            "manufacturer": info.manufacturer,
            "model": info.model,
            "sw_version": info.sw_version,
            "via_device_id": via.id if via else None,
        }
        if known is not None:
            return self.devices.write(known.id, msgspec.structs.replace(known, **facts))
        area = self.ensure_area(info.suggested_area) if info.suggested_area else None
        entry = DeviceEntry(id=new_id(), source=source, area_id=area.id if area else None, **facts)
        return self.devices.write(entry.id, entry)

    def find_device(self, source: str, identifiers: Iterable[str]) -> DeviceEntry | None:
        """Return a source's device that bears one of these identifiers."""
        wanted = set(identifiers)
        for device in self.devices:
            if device.source == source and wanted.intersection(device.identifiers):
                return device
        return None

    def update_device(
        self, device_id: str, *, actor: str | None = None, **changes: Any
    ) -> DeviceEntry:
        """Change fields of a device that belong to the person: name, area, labels."""
        entry = self.devices.get(device_id)
        if entry is None:
            raise UnknownEntity(f"{device_id}: there is no such device")
        changed = msgspec.structs.replace(entry, **_frozen(changes))
        return self.devices.write(device_id, changed, actor=actor)

    def remove_device(self, device_id: str, *, actor: str | None = None) -> list[str]:
        """Forget a device and its entities; return the ids of those entities."""
        gone = [entry.entity_id for entry in self.entities if entry.device_id == device_id]
        for entity_id in gone:
            self.remove_entity(entity_id, actor=actor)
        self.devices.delete(device_id, actor=actor)
        return gone

    def ensure_area(self, name: str, *, area_id: str | None = None) -> Area:
        """Return the area of this name, made if it is new."""
        for area in self.areas:
            if area.id == area_id or area.name.casefold() == name.casefold():
                return area
        key = area_id or slugify(name)
        return self.areas.write(key, Area(id=key, name=name))

    def area_of(self, entity_id: str) -> Area | None:
        """Return the area of an entity: its own, or else its device's."""
        entry = self.entities.get(entity_id)
        if entry is None:
            return None
        device = self.devices.get(entry.device_id)
        return self.areas.get(entry.area_id or (device.area_id if device else None))

    # Members

    def entities_of_device(self, device_id: str) -> tuple[str, ...]:
        """Return the entity ids of a device."""
        return self._cached("device", device_id, lambda e: e.device_id == device_id)

    def entities_in_area(self, area_id: str) -> tuple[str, ...]:
        """Return the entity ids in an area, their own or by their device."""
        return self._cached("area", area_id, lambda e: _id(self.area_of(e.entity_id)) == area_id)

    def entities_on_floor(self, floor_id: str) -> tuple[str, ...]:
        """Return the entity ids in the areas of a floor."""
        areas = [area.id for area in self.areas if area.floor_id == floor_id]
        return tuple(entity for area in areas for entity in self.entities_in_area(area))

    def entities_with_label(self, label_id: str) -> tuple[str, ...]:
        """Return the entity ids that bear a label, or whose device or area does."""
        return self._cached("label", label_id, lambda e: label_id in self._labels_of(e))

    def resolve(self, target: Target) -> tuple[str, ...]:
        """Return the entity ids that a target names, each once, in the order of naming."""
        found: dict[str, None] = dict.fromkeys(target.entity_id)
        for ids, members in (
            (target.device_id, self.entities_of_device),
            (target.area_id, self.entities_in_area),
            (target.floor_id, self.entities_on_floor),
            (target.label_id, self.entities_with_label),
        ):
            for one in ids:
                found.update(dict.fromkeys(members(one)))
        return tuple(found)

    def _labels_of(self, entry: EntityEntry) -> set[str]:
        device = self.devices.get(entry.device_id)
        area = self.area_of(entry.entity_id)
        return {
            *entry.labels,
            *(device.labels if device else ()),
            *(area.labels if area else ()),
        }

    def _cached(self, kind: str, key: str, belongs: Any) -> tuple[str, ...]:
        members = self._members.get((kind, key))
        if members is None:
            members = tuple(e.entity_id for e in self.entities if belongs(e))
            self._members[(kind, key)] = members
        return members

    def _free_id(self, domain: str, object_id: str) -> str:
        wish = f"{domain}.{object_id}"
        number = 2
        while wish in self.entities:
            wish = f"{domain}.{object_id}_{number}"
            number += 1
        return wish


def _frozen(changes: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in changes.items()}


def _but_nothing(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing, so that it does not take the place of what is known."""
    return {name: value for name, value in fields.items() if value is not None}


def _id(area: Area | None) -> str | None:
    return area.id if area else None
