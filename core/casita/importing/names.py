"""The entity registry of Home Assistant: which entity is whose, and what people call it."""

from __future__ import annotations

from pathlib import Path

from casita.ids import domain_of, is_entity_id
from casita.importing.storage import Item, Stored, text_of


class EntityNames:
    """Entities and devices by what names them."""

    def __init__(self, folder: Path) -> None:
        self.stored = Stored(folder, "core.entity_registry")
        self.stored_devices = Stored(folder, "core.device_registry")
        self.entities = [
            item for item in self.stored.items("entities")
            if is_entity_id(text_of(item, "entity_id") or "")
        ]  # fmt: skip
        self.devices: dict[str, Item] = {
            str(item["id"]): item for item in self.stored_devices.items("devices") if "id" in item
        }
        self._by_unique_id = {
            (item.get("platform"), domain_of(item["entity_id"]), str(item.get("unique_id"))): item
            for item in self.entities
        }
        self.by_registry_id = {
            str(item["id"]): str(item["entity_id"]) for item in self.entities if "id" in item
        }
        """Entity ids by what Home Assistant's editor writes in their place."""
        self._by_device: dict[str, list[str]] = {}
        for item in self.entities:
            self._by_device.setdefault(str(item.get("device_id")), []).append(item["entity_id"])

    def object_id(self, kind: str, unique_id: str) -> str | None:
        """Return what stands behind the dot of a helper's entity id."""
        item = self._by_unique_id.get((kind, kind, unique_id))
        return item["entity_id"].partition(".")[2] if item else None

    def entity_of(self, platform: str, domain: str, unique_id: str) -> str | None:
        """Return the id of an entity by its platform's unique id."""
        item = self._by_unique_id.get((platform, domain, unique_id))
        return item["entity_id"] if item else None

    def of_entry(self, entry_id: str) -> str | None:
        """Return the entity that belongs to a config entry, as a helper's does."""
        found = (e["entity_id"] for e in self.entities if e.get("config_entry_id") == entry_id)
        return next(found, None)

    def of_device(self, device_id: str) -> list[str] | None:
        """Return the entities of a device; None if there is no such device."""
        return self._by_device.get(device_id, []) if device_id in self.devices else None

    def reached_in(self, device_id: str) -> list[str] | None:
        """Return the entities that a call to a device reaches; None if there is no such device.

        Those that are hidden, disabled, or for settings and diagnosis, are named one by one.
        """
        if device_id not in self.devices:
            return None
        apart = ("hidden_by", "disabled_by", "entity_category")
        return [
            item["entity_id"] for item in self.entities
            if item.get("device_id") == device_id and not any(item.get(key) for key in apart)
        ]  # fmt: skip
