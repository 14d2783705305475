"""Areas, floors and labels, what entities are called, and what is said of the house itself."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from casita.ids import slugify
from casita.importing.gathered import Gathered
from casita.importing.names import EntityNames
from casita.importing.report import left, taken
from casita.importing.storage import Item, Stored, text_of, texts_of

_HOME: Final = {
    "location_name": "name", "latitude": "latitude", "longitude": "longitude",
    "elevation": "elevation", "time_zone": "time_zone", "country": "country",
    "currency": "currency", "language": "language",
}  # fmt: skip
_UNIT_SYSTEMS: Final = {
    "metric": "metric", "us_customary": "us_customary", "imperial": "us_customary",
}  # fmt: skip
_NOT_REGISTERED: Final = frozenset({"automation", "script", "scene"})
"""Domains whose entities take their names from the files that declare them."""


def gather_home(folder: Path, said: Collection[str], gathered: Gathered) -> None:
    """Gather what is said of the house, but for the keys that the files say themselves."""
    stored = Stored(folder, "core.config")
    _tell_fault(stored, gathered)
    wanted: dict[str, Any] = {
        ours: stored.data[theirs] for theirs, ours in _HOME.items()
        if stored.data.get(theirs) is not None
    }  # fmt: skip
    units = stored.data.get("unit_system_v2") or stored.data.get("unit_system")
    if units in _UNIT_SYSTEMS:
        wanted["unit_system"] = _UNIT_SYSTEMS[units]
    gathered.home = {key: value for key, value in wanted.items() if key not in said}
    if gathered.home:
        what = ", ".join(gathered.home)
        gathered.parts.append(taken("house", what, (stored.file, None)))


def gather_places(folder: Path, gathered: Gathered) -> None:
    """Gather floors, areas and labels under their ids."""
    floors = Stored(folder, "core.floor_registry")
    areas = Stored(folder, "core.area_registry")
    labels = Stored(folder, "core.label_registry")
    for stored, key, id_key, section in (
        (floors, "floors", "floor_id", "floors"), (labels, "labels", "label_id", "labels"),
        (areas, "areas", "id", "areas"),
    ):  # fmt: skip
        _tell_fault(stored, gathered)
        for item in stored.items(key):
            place = stored.place(item, (id_key, "name"))
            name = text_of(item, "name")
            if name is None:
                continue
            one = place_id(text_of(item, id_key) or name)
            if gathered.add(section, one, _said_of(item, section, name), place):
                gathered.parts.append(taken(section[:-1], name, place))


def gather_entities(names: EntityNames, gathered: Gathered) -> None:
    """Gather what people said of entities: their own names, areas, labels, icons."""
    _tell_fault(names.stored, gathered)
    _tell_fault(names.stored_devices, gathered)
    for item in names.entities:
        entity_id = item["entity_id"]
        if entity_id.partition(".")[0] in _NOT_REGISTERED:
            continue
        said = _of_entity(item, names.devices.get(str(item.get("device_id")), {}), gathered)
        if said:
            place = names.stored.place(item, ("entity_id",))
            gathered.add("entities", entity_id, said, place)
            gathered.parts.append(taken("entity", entity_id, place))


def place_id(text: str) -> str:
    """Return an id of Home Assistant's as one of ours, which is mostly the same."""
    return slugify(text)


def _said_of(item: Item, section: str, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name}
    if section == "floors":
        said |= {"level": item.get("level"), "aliases": texts_of(item, "aliases")}
    elif section == "areas":
        floor = text_of(item, "floor_id")
        said |= {
            "floor": place_id(floor) if floor else None,
            "aliases": texts_of(item, "aliases"),
            "labels": [place_id(one) for one in texts_of(item, "labels")],
        }
    return _but_nothing(said)


def _of_entity(item: Item, device: Item, gathered: Gathered) -> dict[str, Any]:
    area = text_of(item, "area_id") or text_of(device, "area_id")
    labels = [*texts_of(item, "labels"), *texts_of(device, "labels")]
    known_areas = gathered.sections.get("areas", {})
    known_labels = gathered.sections.get("labels", {})
    return _but_nothing(
        {
            "name": text_of(item, "name") or _name_by_device(item, device),
            "area": place_id(area) if area and place_id(area) in known_areas else None,
            "labels": [one for one in dict.fromkeys(map(place_id, labels)) if one in known_labels],
            "icon": text_of(item, "icon"),
            "disabled": item.get("disabled_by") == "user" or None,
            "hidden": item.get("hidden_by") == "user" or None,
        }
    )


def _name_by_device(item: Item, device: Item) -> str | None:
    """Return the full name of an entity whose device a person has renamed."""
    name = text_of(device, "name_by_user")
    if name is None or not item.get("has_entity_name"):
        return None
    own = text_of(item, "original_name")
    return f"{name} {own}" if own else name


def _but_nothing(said: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value not in (None, [])}


def _tell_fault(stored: Stored, gathered: Gathered) -> None:
    if stored.fault is not None:
        name = stored.file.rpartition("/")[2]
        gathered.parts.append(left("file", name, stored.fault, (stored.file, None)))
