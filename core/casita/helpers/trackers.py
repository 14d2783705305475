"""Trackers without a plugin: whatever says with ``device_tracker.see`` where somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from casita.domains.fields import numbers
from casita.entities import Entity
from casita.errors import CasitaError
from casita.helpers.zone import HOME, NOT_HOME, active_zone
from casita.home import Home
from casita.ids import slugify
from casita.services import Command, Kind, Service
from casita_config.schemas import latitude, longitude, number, string

_KEY: Final = "tracker."
_HOME_ZONE: Final = f"zone.{HOME}"


class Trackers:
    """Makes a tracker when it is first seen; it is there again after a restart."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[str, Entity] = {}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Make the trackers again that were seen before the restart."""
        for key, name in kept.items():
            if key.startswith(_KEY):
                self._add(key.removeprefix(_KEY), str(name))

    def services(self) -> tuple[Service, ...]:
        """Return the service, for the gateway."""
        return (
            Service(
                domain="device_tracker",
                name="see",
                schema=vol.Schema(
                    {
                        vol.Optional("dev_id"): string,
                        vol.Optional("mac"): string,
                        vol.Optional("host_name"): string,
                        vol.Optional("location_name"): string,
                        vol.Optional("gps"): numbers(latitude, longitude),
                        vol.Optional("gps_accuracy"): number,
                        vol.Optional("battery"): number,
                    }
                ),
                kind=Kind.SET,
                handler=self._see,
                description="Say where a device is: by the name of a place, or by coordinates.",
            ),
        )

    def _see(self, command: Command) -> None:
        data = command.data
        key = data.get("dev_id") or data.get("mac")
        if not key:
            raise CasitaError("device_tracker.see: give dev_id or mac")
        object_id = slugify(key)
        tracker = self._known.get(object_id)
        if tracker is None:
            name = data.get("host_name") or str(key)
            tracker = self._add(object_id, name)
            self._home.remember(f"{_KEY}{object_id}", name)
        north, east = data.get("gps", (None, None))
        tracker.observe(
            self._place(data),
            cause=command.event,
            source_type="router" if north is None else "gps",
            latitude=north,
            longitude=east,
            gps_accuracy=data.get("gps_accuracy"),
            battery=data.get("battery"),
        )

    def _add(self, object_id: str, name: str) -> Entity:
        tracker = Entity("device_tracker", f"device_tracker.{object_id}", name, object_id=object_id)
        self._known[object_id] = tracker
        return self._home.add(tracker)

    def _place(self, data: Mapping[str, Any]) -> str:
        if "location_name" in data:
            return str(data["location_name"])
        if "gps" not in data:
            return HOME
        north, east = data["gps"]
        zones = self._home.kernel.states.of_domain("zone")
        zone = active_zone(zones, north, east, data.get("gps_accuracy", 0))
        if zone is None:
            return NOT_HOME
        return HOME if zone.entity_id == _HOME_ZONE else zone.name
