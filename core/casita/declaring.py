"""Brings what the configuration says of areas, floors, labels and entities into the registry.

Whoever spoke last wins. What was declared is kept; at a start only what the files say
differently since then is applied, and what a person changed meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from casita.errors import Problem, did_you_mean
from casita.log import EventLog
from casita.model import Area, EntityEntry, Floor, Label
from casita.registry import Registry, Table
from casita_config import AreaSettings, Configuration, EntitySettings, Place

COLLECTION: Final = "declared"
"""Documents with the fields that were last declared, by ``entity light.hall``."""
_Entry = TypeVar("_Entry", Floor, Area, Label)
_Fields = dict[str, Any]
_DEFAULTS: Final[Mapping[str, _Fields]] = {
    "floor": {"level": None, "aliases": []},
    "area": {"floor_id": None, "aliases": [], "labels": []},
    "label": {},
    "entity": {
        "name_by_user": None, "area_id": None, "labels": [], "icon": None, "disabled": False,
        "hidden": False,
    },
}  # fmt: skip


def declare(config: Configuration, registry: Registry, log: EventLog) -> list[Problem]:
    """Apply what a configuration declares; return what of it names things that do not exist.

    An entity that is not registered yet gets what is said of it as soon as it is.
    """
    declaring = _Declaring(registry, log)
    declaring.all_of(config)
    return declaring.problems


class _Declaring:
    def __init__(self, registry: Registry, log: EventLog) -> None:
        self._registry = registry
        self._log = log
        self._before: dict[str, _Fields] = log.items(COLLECTION)
        self._now: dict[str, _Fields] = {}
        self.problems: list[Problem] = []

    def all_of(self, config: Configuration) -> None:
        registry = self._registry
        for key, floor in config.floors.items():
            said = {"name": floor.name, "level": floor.level, "aliases": list(floor.aliases)}
            self._into(registry.floors, "floor", Floor, key, said)
        for key, label in config.labels.items():
            self._into(registry.labels, "label", Label, key, {"name": label.name})
        for key, area in config.areas.items():
            self._into(registry.areas, "area", Area, key, self._of_area(key, area))
        expected = {key: self._of_entity(key, one) for key, one in config.entities.items()}
        registry.expect({key: _frozen(fields) for key, fields in expected.items()})
        for key, fields in expected.items():
            self._to_entity(key, fields)
        for place in self._before.keys() - self._now.keys():
            self._undeclare(place)

    def _of_area(self, key: str, area: AreaSettings) -> _Fields:
        floor = self._known("floor", [area.floor], f"areas.{key}.floor", area.place)
        labels = self._known("label", area.labels, f"areas.{key}.labels", area.place)
        return {
            "name": area.name,
            "floor_id": next(floor, None),
            "aliases": list(area.aliases),
            "labels": list(labels),
        }

    def _of_entity(self, key: str, entity: EntitySettings) -> _Fields:
        area = self._known("area", [entity.area], f"entities.{key}.area", entity.place)
        labels = self._known("label", entity.labels, f"entities.{key}.labels", entity.place)
        return {
            "name_by_user": entity.name,
            "area_id": next(area, None),
            "labels": list(labels),
            "icon": entity.icon,
            "disabled": entity.disabled,
            "hidden": entity.hidden,
        }

    def _known(
        self, kind: str, ids: Collection[str | None], key: str, place: Place | None
    ) -> Iterator[str]:
        """Go through the ids that there are; of others there is a problem."""
        tables: Mapping[str, Table[Any]] = {
            "area": self._registry.areas,
            "floor": self._registry.floors,
            "label": self._registry.labels,
        }
        for one in ids:
            if one is None:
                continue
            if one in tables[kind]:
                yield one
                continue
            hint = did_you_mean(one, (each.id for each in tables[kind]))
            message = f"there is no {kind} {one!r}; declare it under {kind}s.{hint}"
            file, line = place or (None, None)
            self.problems.append(Problem(message=message, file=file, line=line, key=key))

    def _into(
        self, table: Table[_Entry], kind: str, make: type[_Entry], key: str, fields: _Fields
    ) -> None:
        known = table.get(key)
        changes = self._changes(kind, key, fields)
        if known is None:
            table.write(key, make(id=key, **_frozen(fields)))
        elif changes:
            table.write(key, msgspec.structs.replace(known, **changes))

    def _to_entity(self, key: str, fields: _Fields) -> None:
        changes = self._changes("entity", key, fields)
        if changes and key in self._registry.entities:
            self._registry.update_entity(key, **changes)

    def _changes(self, kind: str, key: str, fields: _Fields) -> _Fields:
        """Return the fields that are declared differently than before; remember them."""
        place = f"{kind} {key}"
        before = {**_DEFAULTS[kind], **self._before.get(place, {})}
        self._now[place] = fields
        if self._before.get(place) != fields:
            self._log.put(COLLECTION, place, fields)
        return _frozen({name: one for name, one in fields.items() if one != before.get(name)})

    def _undeclare(self, place: str) -> None:
        """Take back what was said of an entity, as far as nobody has changed it since."""
        kind, _, key = place.partition(" ")
        entry = self._registry.entities.get(key) if kind == "entity" else None
        if entry is not None:
            changes = _taken_back(entry, _frozen(self._before[place]))
            if changes:
                self._registry.update_entity(key, **changes)
        self._log.remove(COLLECTION, place)


def _taken_back(entry: EntityEntry, before: _Fields) -> _Fields:
    defaults = _frozen(_DEFAULTS["entity"])
    return {
        name: defaults[name]
        for name, value in before.items()
        if name in defaults and getattr(entry, name) == value != defaults[name]
    }


def _frozen(fields: Mapping[str, Any]) -> _Fields:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()}
