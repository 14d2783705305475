"""Sensors: a room's motion, warmth and moisture, contacts on doors and windows, a weak radio."""

from __future__ import annotations

from typing import Final

from casita import Entity
from casita.clock import Alarm
from casita_demo._layout import OUTSIDE, Room
from casita_demo._site import Site, device

_QUIET_AFTER_S: Final = 60.0
"""How long after the last motion a sensor calls its room quiet, in seconds of the house."""


class RoomSensor:
    """The sensor on a room's ceiling."""

    def __init__(self, site: Site, room: Room) -> None:
        self._site = site
        self._quiet: Alarm | None = None
        info = device(f"{room.id}.sensor", room.name, "Room sensor", room.name, version="3.0")
        self._motion = Entity("binary_sensor", f"{room.id}.motion", "motion", device_class="motion")
        self._temperature = Entity(
            "sensor", f"{room.id}.temperature", "temperature", device_class="temperature",
            unit="°C", capabilities={"state_class": "measurement"},
        )  # fmt: skip
        self._humidity = Entity(
            "sensor", f"{room.id}.humidity", "humidity", device_class="humidity",
            unit="%", capabilities={"state_class": "measurement"},
        )  # fmt: skip
        site.add(self._motion, info, state="off")
        site.add(self._temperature, info, state="unknown")
        site.add(self._humidity, info, state="unknown")
        self._motion.observe(False)

    def see(self) -> None:
        """Notice somebody who moves."""
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self._site.time.call_later(_QUIET_AFTER_S, self._rest)
        self._motion.observe(True)

    def feel(self, temperature_c: float, humidity_pct: float) -> None:
        """Report the air."""
        self._temperature.observe(f"{temperature_c:.1f}")
        self._humidity.observe(round(humidity_pct))

    def stop(self) -> None:
        """Expect no more quiet."""
        if self._quiet is not None:
            self._quiet.cancel()

    def _rest(self) -> None:
        self._motion.observe(False)


class Contact:
    """A contact on a door or a window."""

    def __init__(self, site: Site, kind: str, name: str, area: str) -> None:
        """``kind`` is ``door`` or ``window``."""
        self._entity = Entity(
            "binary_sensor", f"{name.lower().replace(' ', '_')}.contact", device_class=kind
        )
        info = device(self._entity.unique_id, name, "Contact", area, version="1.1")
        site.add(self._entity, info, state="off")
        self._entity.observe(False)

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self._entity.state == "on"

    def open(self) -> None:
        """Open it."""
        self._entity.observe(True)

    def close(self) -> None:
        """Close it."""
        self._entity.observe(False)


class Greenhouse:
    """A sensor at the far end of the garden, at the end of its radio's reach."""

    _ID: Final = "greenhouse.sensor"
    _BETWEEN_LOSSES_H: Final = (0.5, 3.0)
    _LOSS_MIN: Final = (4.0, 25.0)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._chance = site.chance("greenhouse")
        info = device(self._ID, "Greenhouse", "Garden sensor", OUTSIDE, version="0.9")
        self._temperature = Entity(
            "sensor", "greenhouse.temperature", "temperature", device_class="temperature",
            unit="°C", capabilities={"state_class": "measurement"},
        )  # fmt: skip
        self._battery = Entity(
            "sensor", "greenhouse.battery", "battery", device_class="battery",
            unit="%", capabilities={"state_class": "measurement"},
        )  # fmt: skip
        site.add(self._temperature, info, state="unknown")
        site.add(self._battery, info, state="31")
        self._reachable = True

    def feel(self, temperature_c: float) -> None:
        """Report the air, if the radio reaches the house."""
        if self._reachable:
            self._temperature.observe(f"{temperature_c:.1f}")

    async def run(self) -> None:
        """Lose the connection now and then, and find it again, for ever."""
        while True:
            await self._site.time.sleep(3600 * self._chance.uniform(*self._BETWEEN_LOSSES_H))
            self._reachable = False
            self._site.home.lost("no radio contact", self._ID)
            await self._site.time.sleep(60 * self._chance.uniform(*self._LOSS_MIN))
            self._reachable = True
            self._site.home.back(self._ID)
