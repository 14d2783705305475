"""Helpers, persons and zones that were made in Home Assistant's pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from casita.helpers.schedule import DAYS
from casita.ids import slugify
from casita.importing.gathered import Gathered
from casita.importing.names import EntityNames
from casita.importing.report import left, note, taken
from casita.importing.storage import Item, Stored, text_of

_COMMON: Final = ("name", "icon")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "input_boolean": ("initial",),
    "input_button": (),
    "input_number": ("min", "max", "initial", "step", "mode", "unit_of_measurement"),
    "input_text": ("min", "max", "initial", "pattern", "mode", "unit_of_measurement"),
    "input_select": ("options", "initial"),
    "input_datetime": ("has_date", "has_time", "initial"),
    "counter": ("initial", "minimum", "maximum", "step", "restore"),
    "timer": ("duration", "restore"),
    "schedule": DAYS,
}
_ZONE: Final = ("latitude", "longitude", "radius", "passive")
_PERSON: Final = ("id", "user_id", "device_trackers")


def gather_helpers(folder: Path, names: EntityNames, gathered: Gathered) -> None:
    """Gather the helpers by the names that their entities have."""
    for kind, fields in _FIELDS.items():
        stored = Stored(folder, kind)
        _tell_fault(stored, kind, gathered)
        for item in stored.items():
            place = stored.place(item, ("id", "name"))
            wish = text_of(item, "id") or slugify(text_of(item, "name") or kind)
            name = names.object_id(kind, wish) or slugify(wish)
            if gathered.add(kind, name, _chosen(item, fields), place):
                gathered.parts.append(taken(kind, name, place))


def gather_people_and_places(folder: Path, names: EntityNames, gathered: Gathered) -> None:
    """Gather persons and zones."""
    for kind, fields in (("person", _PERSON), ("zone", _ZONE)):
        stored = Stored(folder, kind)
        _tell_fault(stored, kind, gathered)
        for item in stored.items():
            place = stored.place(item, ("id", "name"))
            name = text_of(item, "name")
            if name is None:
                gathered.parts.append(left(kind, "without a name", "it has no name", place))
                continue
            gathered.append(kind, _chosen(item, fields), place)
            gathered.parts.append(taken(kind, name, place))
            before = names.object_id(kind, str(item.get("id")))
            if before is not None and before != slugify(name):
                reason = (
                    f"it was {kind}.{before} and is {kind}.{slugify(name)} here, after its name; "
                    f"rename it, or change what names it"
                )
                gathered.parts.append(note(kind, name, reason, place))


def _chosen(item: Item, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields that the hub knows, as far as they say anything."""
    return {
        key: item[key] for key in (*_COMMON, *fields) if item.get(key) not in (None, "", [], {})
    }


def _tell_fault(stored: Stored, kind: str, gathered: Gathered) -> None:
    if stored.fault is not None:
        gathered.parts.append(left("file", kind, stored.fault, (stored.file, None)))
