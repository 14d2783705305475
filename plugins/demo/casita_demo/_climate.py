"""Warmth and moisture in the rooms, and the thermostats that steer them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from casita import Command, Entity
from casita_demo._energy import Meter
from casita_demo._layout import OUTSIDE, Room
from casita_demo._sensors import Contact, RoomSensor
from casita_demo._site import Site, device
from casita_demo._weather import Weather

_LEAK_H: Final = 45.0
"""In how many hours a closed room loses two thirds of its warmth to the outside."""
_AIRING_H: Final = 2.5
"""The same with an open window."""
_DRYING_H: Final = 1.5
_HEATING_C_PER_H: Final = 1.8
_CARRIED_C_PER_H: Final = 0.12
"""What a room without a thermostat gets for each degree that it is colder than the others."""
_DEADBAND_C: Final = 0.3
_HEATING_W: Final = 320.0
"""What the heat pump draws for one room."""
_UNHEATED_C: Final = 19.5
_DRY_PCT: Final = 44.0


class Thermostat:
    """A thermostat on a room's radiator."""

    def __init__(self, site: Site, meter: Meter, room: Room, setpoint_c: float) -> None:
        self._site = site
        self._meter = meter
        self._room = room
        self._chance = site.chance(f"thermostat/{room.id}")
        self._entity = Entity(
            "climate", f"{room.id}.thermostat", object_id=room.id,
            capabilities={
                "hvac_modes": ["off", "heat"], "min_temp": 7.0, "max_temp": 28.0,
                "target_temp_step": 0.5, "supported_features": 1 | 128 | 256,
            },
            on_command=self.command,
        )  # fmt: skip
        info = device(
            f"{room.id}.thermostat", f"{room.name} thermostat", "Radiator thermostat", room.name
        )
        self._entity.readings["temperature"] = setpoint_c
        site.add(self._entity, info, state="heat")
        self.heating = False

    @property
    def setpoint_c(self) -> float:
        """What it aims at while it is on."""
        return float(self._entity.readings["temperature"])

    def feel(self, temperature_c: float) -> None:
        """Open or close the valve as the room is cold or warm, and report."""
        too_cold = temperature_c < self.setpoint_c - _DEADBAND_C
        warm = temperature_c >= self.setpoint_c
        self.heating = self._entity.state == "heat" and (too_cold or (self.heating and not warm))
        self._meter.draw(f"heating/{self._room.id}", _HEATING_W if self.heating else 0.0)
        self._report(round(temperature_c, 1))

    async def command(self, command: Command) -> None:
        """Carry out ``set_temperature``, ``set_hvac_mode``, ``turn_on`` or ``turn_off``."""
        await self._site.answer(self._chance)
        mode = command.data.get("hvac_mode")
        if command.action in ("turn_on", "turn_off"):
            mode = "heat" if command.action == "turn_on" else "off"
        if "temperature" in command.data:
            self._entity.readings["temperature"] = float(command.data["temperature"])
        if mode is not None:
            self._entity.state = str(mode)
        self.feel(float(self._entity.readings.get("current_temperature", self.setpoint_c)))

    def _report(self, temperature_c: float) -> None:
        on = self._entity.state == "heat"
        action = "heating" if self.heating else "idle" if on else "off"
        self._entity.observe(current_temperature=temperature_c, hvac_action=action)


class Air:
    """The air of one room."""

    def __init__(
        self,
        room: Room,
        sensor: RoomSensor,
        window: Contact | None,
        thermostat: Thermostat | None,
        chance: Random,
    ) -> None:
        self._sensor = sensor
        self._window = window
        self._thermostat = thermostat
        self._chance = chance
        self._bias_c = chance.uniform(-0.9, 0.9)
        self._dry_pct = _DRY_PCT + chance.uniform(-4.0, 4.0)
        self.temperature_c = room.setpoint_c or _UNHEATED_C + self._bias_c
        self._humidity_pct = self._dry_pct

    def moisten(self, by_pct: float) -> None:
        """Let somebody shower or cook."""
        self._humidity_pct = min(95.0, self._humidity_pct + by_pct)

    def step(self, hours: float, weather: Weather, mean_c: float) -> None:
        """Let time pass, and let the room's devices feel it. ``mean_c`` is of all rooms."""
        airing = self._window is not None and self._window.is_open
        loss = (weather.temperature_c - self.temperature_c) / (_AIRING_H if airing else _LEAK_H)
        self.temperature_c += hours * (loss + self._gain(mean_c))
        dry_pct = weather.humidity_pct * 0.75 if airing else self._dry_pct
        share = min(1.0, hours / (_DRYING_H / 3 if airing else _DRYING_H))
        self._humidity_pct += (dry_pct - self._humidity_pct) * share + self._chance.gauss(0, 0.2)
        if self._thermostat is not None:
            self._thermostat.feel(self.temperature_c)
        self._sensor.feel(self.temperature_c, self._humidity_pct)

    def _gain(self, mean_c: float) -> float:
        if self._thermostat is not None:
            return _HEATING_C_PER_H if self._thermostat.heating else 0.0
        return 3 * _CARRIED_C_PER_H * (mean_c + 0.8 + self._bias_c - self.temperature_c)


class Outdoors:
    """The sensors in the garden, and the part of the day that they tell."""

    def __init__(self, site: Site) -> None:
        info = device("outdoors", "Outdoor", "Garden sensor", OUTSIDE, version="2.0")
        measured = {"state_class": "measurement"}
        self._temperature = Entity(
            "sensor", "outdoors.temperature", "temperature", device_class="temperature",
            unit="°C", capabilities=measured,
        )  # fmt: skip
        self._illuminance = Entity(
            "sensor", "outdoors.illuminance", "illuminance", device_class="illuminance",
            unit="lx", capabilities=measured,
        )  # fmt: skip
        self._part_of_day = Entity(
            "sensor", "outdoors.part_of_day", "part of day", object_id="part_of_day",
            device_class="enum",
            capabilities={"options": ["morning", "day", "evening", "night"]},
        )  # fmt: skip
        for entity in (self._temperature, self._illuminance, self._part_of_day):
            site.add(entity, info, state="unknown")

    def feel(self, weather: Weather) -> None:
        """Report the weather."""
        self._temperature.observe(f"{weather.temperature_c:.1f}")
        self._illuminance.observe(_two_digits(weather.illuminance_lx))
        self._part_of_day.observe(weather.part_of_day)


class Climate:
    """Weather and air, a few minutes at a time."""

    _STEP_S: Final = 300.0

    def __init__(
        self, site: Site, weather: Weather, airs: list[Air], feel: list[Callable[[Weather], None]]
    ) -> None:
        """``feel`` are told of the weather after each step."""
        self._site = site
        self._weather = weather
        self._airs = airs
        self._feel = feel

    async def run(self) -> None:
        """Let the weather and the air change, for ever."""
        while True:
            self.step()
            await self._site.time.sleep(self._STEP_S)

    def step(self) -> None:
        """Let five minutes pass."""
        self._weather.step(self._site.time.now())
        mean_c = sum(air.temperature_c for air in self._airs) / len(self._airs)
        for air in self._airs:
            air.step(self._STEP_S / 3600, self._weather, mean_c)
        for feel in self._feel:
            feel(self._weather)


def _two_digits(value: float) -> int:
    """Round as a cheap sensor does, so that it does not report every cloud."""
    digits = len(str(int(value))) - 2
    return round(value, -digits) if digits > 0 else round(value)  # type: ignore[return-value]  # round(float, int) to whole tens
