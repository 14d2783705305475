"""Areas, devices, floors, labels, groups and distances in templates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from casita.events import State
from casita.ids import is_entity_id
from casita_automations.distance import distance_m
from casita_automations.templates.house import read
from casita_automations.templates.words import Words

if TYPE_CHECKING:
    from casita_automations.templates.environment import Environment

_GROUP: Final = "group"


def words(environment: Environment) -> Words:
    """Return the words about the registry and about where things are."""
    registry, ground = _Registry(environment), _Ground(environment)
    found = Words()
    for name in (
        "area_id", "area_name", "area_entities", "area_devices", "floor_id", "floor_name",
        "floor_areas", "floor_entities", "label_id", "label_name", "label_entities",
        "label_areas", "label_devices", "labels", "device_id", "device_name", "device_attr",
        "device_entities", "is_device_attr", "is_hidden_entity", "integration_entities",
        "label_description", "config_entry_id", "entity_name",
    ):  # fmt: skip
        found.add(name, getattr(registry, name), filter=True, test=name.startswith("is_"))
    for name in ("areas", "floors", "issues", "issue", "config_entry_attr"):
        found.functions[name] = getattr(registry, name)
    found.add("expand", ground.expand, filter=True)
    found.add("closest", ground.closest, filter=True)
    found.functions["distance"] = ground.distance
    return found


class _Registry:
    """What the registry knows, by id, name or entity."""

    def __init__(self, environment: Environment) -> None:
        self._registry = environment.kernel.registry

    # Areas and floors

    def areas(self) -> list[str]:
        """Return the ids of all areas."""
        return [area.id for area in self._registry.areas]

    def area_id(self, what: str) -> str | None:
        """Return the id of an area, given by name, alias, entity or device."""
        for area in self._registry.areas:
            if what in (area.id, *area.aliases) or _same(what, area.name):
                return area.id
        area_of = self._registry.area_of(what)
        if area_of is not None:
            return area_of.id
        device = self._registry.devices.get(what)
        return device.area_id if device else None

    def area_name(self, what: str) -> str | None:
        """Return the name of an area, given by id, entity or device."""
        area = self._registry.areas.get(self.area_id(what))
        return area.name if area else None

    def area_entities(self, what: str) -> list[str]:
        """Return the entities in an area."""
        area_id = self.area_id(what)
        return list(self._registry.entities_in_area(area_id)) if area_id else []

    def area_devices(self, what: str) -> list[str]:
        """Return the devices in an area."""
        area_id = self.area_id(what)
        return [one.id for one in self._registry.devices if area_id and one.area_id == area_id]

    def floors(self) -> list[str]:
        """Return the ids of all floors."""
        return [floor.id for floor in self._registry.floors]

    def floor_id(self, what: str) -> str | None:
        """Return the id of a floor, given by name, alias, area, entity or device."""
        for floor in self._registry.floors:
            if what in (floor.id, *floor.aliases) or _same(what, floor.name):
                return floor.id
        area = self._registry.areas.get(self.area_id(what))
        return area.floor_id if area else None

    def floor_name(self, what: str) -> str | None:
        """Return the name of a floor."""
        floor = self._registry.floors.get(self.floor_id(what))
        return floor.name if floor else None

    def floor_areas(self, what: str) -> list[str]:
        """Return the areas of a floor."""
        floor_id = self.floor_id(what)
        return [one.id for one in self._registry.areas if floor_id and one.floor_id == floor_id]

    def floor_entities(self, what: str) -> list[str]:
        """Return the entities on a floor."""
        floor_id = self.floor_id(what)
        return list(self._registry.entities_on_floor(floor_id)) if floor_id else []

    # Labels

    def labels(self, what: str | None = None) -> list[str]:
        """Return all labels, or those of an entity, a device or an area."""
        if what is None:
            return sorted(label.id for label in self._registry.labels)
        for table in (self._registry.entities, self._registry.devices, self._registry.areas):
            entry: Any = table.get(what)
            if entry is not None:
                return sorted(entry.labels)
        return []

    def label_id(self, what: str) -> str | None:
        """Return the id of a label, given by its name."""
        for label in self._registry.labels:
            if what == label.id or _same(what, label.name):
                return label.id
        return None

    def label_name(self, what: str) -> str | None:
        """Return the name of a label."""
        label = self._registry.labels.get(what)
        return label.name if label else None

    def label_description(self, what: str) -> str | None:
        """Return the description of a label: there is none, here."""
        return None

    def label_entities(self, what: str) -> list[str]:
        """Return the entities that bear a label themselves."""
        label_id = self.label_id(what)
        return [one.entity_id for one in self._registry.entities if label_id in one.labels]

    def label_areas(self, what: str) -> list[str]:
        """Return the areas that bear a label."""
        label_id = self.label_id(what)
        return [one.id for one in self._registry.areas if label_id in one.labels]

    def label_devices(self, what: str) -> list[str]:
        """Return the devices that bear a label."""
        label_id = self.label_id(what)
        return [one.id for one in self._registry.devices if label_id in one.labels]

    # Devices

    def device_id(self, what: str) -> str | None:
        """Return the device of an entity, or the one of this name."""
        entry = self._registry.entities.get(what)
        if entry is not None:
            return entry.device_id
        for device in self._registry.devices:
            if what in (device.id, device.name, device.name_by_user):
                return device.id
        return None

    def device_name(self, what: str) -> str | None:
        """Return the name of a device, or of an entity's device."""
        device = self._registry.devices.get(self.device_id(what))
        return device.shown_name if device else None

    def device_attr(self, what: str, name: str) -> Any:
        """Return what the registry says of a device, or of an entity's device."""
        device = self._registry.devices.get(self.device_id(what))
        return getattr(device, name, None) if device and not name.startswith("_") else None

    def is_device_attr(self, what: str, name: str, value: Any) -> bool:
        """Say whether the registry says this of a device."""
        return bool(self.device_attr(what, name) == value)

    def device_entities(self, what: str) -> list[str]:
        """Return the entities of a device."""
        return list(self._registry.entities_of_device(what))

    def integration_entities(self, what: str) -> list[str]:
        """Return the entities of a plugin, or of one of its instances."""
        return [
            one.entity_id
            for one in self._registry.entities
            if one.source == what or one.source.partition(".")[0] == what
        ]

    def entity_name(self, what: str) -> str | None:
        """Return the name of an entity, without that of its device."""
        entry = self._registry.entities.get(what)
        return entry.shown_name if entry else None

    # What is not kept here, under the names that people's templates have

    def config_entry_id(self, what: str) -> str | None:
        """Return the plugin instance that an entity comes from."""
        entry = self._registry.entities.get(what)
        return entry.source if entry else None

    def config_entry_attr(self, what: str, name: str) -> Any:
        """Return what is known of a plugin instance: its domain and its title."""
        known = {"domain": str(what).partition(".")[0], "title": str(what)}
        return known.get(name)

    def issues(self) -> dict[tuple[str, str], Any]:
        """Return the repairs that are due: none, `casita check` tells what is wrong."""
        return {}

    def issue(self, domain: str, issue_id: str) -> Any:
        """Return one of them."""
        return None

    def is_hidden_entity(self, what: str) -> bool:
        """Say whether an entity is hidden: none is, here."""
        return False


class _Ground:
    """Groups, and where things are."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def expand(self, *args: Any) -> list[State]:
        """Return the states of entities, the last first.

        In place of a group there are its members, and in place of a zone the persons in it.
        """
        waiting, found, seen = list(args), dict[str, State](), set[str]()
        while waiting:
            one = waiting.pop()
            state = read(self._environment, one) if isinstance(one, str | State) else None
            if state is not None and state.entity_id not in seen:
                members = self._members_of(state)
                if members is None:
                    found[state.entity_id] = state
                else:
                    seen.add(state.entity_id)
                    waiting += members
            elif isinstance(one, Iterable) and not isinstance(one, str | State):
                waiting += one
        return list(found.values())

    def distance(self, *args: Any) -> float | None:
        """Return the distance between two places, or from home to one, in km."""
        points, waiting = [], list(args)
        while waiting:
            point = self._point(waiting)
            if point is None:
                return None
            points.append(point)
        home = self._home()
        if len(points) == 1 and home is not None:
            points.insert(0, home)
        if len(points) != 2:
            return None
        return round(distance_m(*points[0], *points[1]) / 1000, 6) * 1000 * 0.001

    def closest(self, *args: Any) -> State | None:
        """Return which of several entities is nearest to home, or to a place."""
        *place, entities = args
        point = self._point(place) if place else self._home()
        if point is None:
            return None
        ranked = []
        for state in self.expand(entities):
            where = _position(state)
            if where is not None:
                ranked.append((distance_m(*point, *where), state.entity_id, state))
        return min(ranked)[2] if ranked else None

    def _members_of(self, state: State) -> list[str] | None:
        """Return whom a group or a zone stands for; None for what is neither."""
        if state.domain == "zone":
            return list(state.attributes.get("persons") or ())
        entry = self._environment.kernel.registry.entities.get(state.entity_id)
        if state.domain == _GROUP or (entry and entry.source.partition(".")[0] == _GROUP):
            return list(state.attributes.get("entity_id") or ())
        return None

    def _point(self, waiting: list[Any]) -> tuple[float, float] | None:
        """Take a place off the front: an entity, its state, or latitude and longitude."""
        first = waiting.pop(0)
        known = first
        if isinstance(first, str) and is_entity_id(first):
            known = read(self._environment, first)
        if isinstance(known, State):
            return _position(known)
        try:
            return float(first), float(waiting.pop(0))
        except (TypeError, ValueError, IndexError):
            return None

    def _home(self) -> tuple[float, float] | None:
        home = self._environment.kernel.config.home
        if home.latitude is None or home.longitude is None:
            return None
        return home.latitude, home.longitude


def _position(state: State) -> tuple[float, float] | None:
    latitude, longitude = state.attributes.get("latitude"), state.attributes.get("longitude")
    if latitude is None or longitude is None:
        return None
    return float(latitude), float(longitude)


def _same(first: str, second: str) -> bool:
    return first.casefold() == second.casefold()
