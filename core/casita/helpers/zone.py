"""Zones: circles on the map that people are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

import voluptuous as vol

from casita.events import Event, State
from casita.helpers._base import Helper, item_schema
from casita.home import Home
from casita.ids import slugify
from casita.states import UNAVAILABLE, UNKNOWN
from casita_config.schemas import boolean, latitude, longitude, number, string

HOME: Final = "home"
NOT_HOME: Final = "not_home"
_EARTH_RADIUS_M: Final = 6_371_009
_NOWHERE: Final = (NOT_HOME, UNKNOWN, UNAVAILABLE)


class Zone(Helper):
    """A circle on the map; its state is the number of persons in it."""

    section = "zone"
    schema = item_schema(
        {
            vol.Required("name"): string,
            vol.Required("latitude"): latitude,
            vol.Required("longitude"): longitude,
            vol.Optional("radius", default=100): vol.All(number, vol.Range(min=0)),
            vol.Optional("passive", default=False): boolean,
        }
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        shown = ("latitude", "longitude", "radius", "passive")
        super().__init__(object_id, config, capabilities={key: config[key] for key in shown})
        self._words = {str(config["name"]).casefold()} | ({HOME} if object_id == HOME else set())
        self._persons: set[str] = set()
        self.state = "0"

    @classmethod
    def of_home(cls, home: Home) -> Zone | None:
        """Return the zone of the house itself, if it is known where the house stands."""
        settings = home.kernel.config.home
        if settings.latitude is None or settings.longitude is None:
            return None
        config = {
            "name": settings.name,
            "latitude": settings.latitude,
            "longitude": settings.longitude,
            "icon": "mdi:home",
        }
        return cls(HOME, cls.schema(config))

    def first(self) -> None:
        for state in self.home.kernel.states.of_domain("person"):
            self._place(state.entity_id, state)
        self._show(None)

    def begin(self) -> None:
        self._show(None)
        self.home.on(self._seen, type="state.changed")

    def _seen(self, event: Event) -> None:
        if event.subject.startswith("person."):
            before = len(self._persons)
            self._place(event.subject, self.home.state(event.subject))
            if len(self._persons) != before:
                self._show(event)

    def _place(self, person: str, state: State | None) -> None:
        where = state.state if state is not None else UNKNOWN
        if where not in _NOWHERE and where.casefold() in self._words:
            self._persons.add(person)
        else:
            self._persons.discard(person)

    def _show(self, cause: Event | None) -> None:
        self.observe(len(self._persons), persons=sorted(self._persons), cause=cause)


def object_id_of(config: Mapping[str, Any]) -> str:
    """Return the object id of a zone that the configuration only names."""
    return slugify(str(config["name"]))


def active_zone(
    zones: Iterable[State], latitude: float, longitude: float, accuracy_m: float = 0
) -> State | None:
    """Return the zone that a point is in: the nearest, or of equally near ones the smallest.

    Passive zones are left out. ``accuracy_m`` widens the point.
    """
    found: list[tuple[float, float, str, State]] = []
    for zone in zones:
        shown = zone.attributes
        if zone.state == UNAVAILABLE or shown.get("passive"):
            continue
        away_m = distance_m(latitude, longitude, shown["latitude"], shown["longitude"])
        if away_m - accuracy_m < shown["radius"]:
            found.append((away_m, shown["radius"], zone.entity_id, zone))
    return min(found)[3] if found else None


def distance_m(latitude: float, longitude: float, latitude_2: float, longitude_2: float) -> float:
    """Return the distance of two points on a round earth, in metres."""
    north, north_2 = radians(latitude), radians(latitude_2)
    half_east = radians(longitude_2 - longitude) / 2
    part = sin((north_2 - north) / 2) ** 2 + cos(north) * cos(north_2) * sin(half_east) ** 2
    return 2 * _EARTH_RADIUS_M * asin(min(1.0, sqrt(part)))
