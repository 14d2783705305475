"""The demo house: every device in its room, and what people can do there."""

from __future__ import annotations

from typing import Final

from casita_demo._climate import Air, Climate, Outdoors, Thermostat
from casita_demo._energy import Meter
from casita_demo._lamps import Lamp
from casita_demo._layout import BY_ID, HALL, ROOMS, Room
from casita_demo._machines import Bells, Blinds, CoffeeMachine, Lock, Television, WashingMachine
from casita_demo._sensors import Contact, Greenhouse, RoomSensor
from casita_demo._site import Site
from casita_demo._weather import Weather

_SWITCH_AFTER_S: Final = 2.0
"""How long somebody waits in the dark before they reach for the switch."""
_DOOR_OPEN_S: Final = (3.0, 7.0)


class House:
    """Knows who is where, and lets rooms and doors notice it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.meter = Meter(site)
        self.weather = Weather(site.chance("weather"))
        self._chance = site.chance("house")
        self._sensors = {room.id: RoomSensor(site, room) for room in ROOMS}
        self._lamps = {room.id: Lamp(site, self.meter, room) for room in ROOMS}
        self._doors = {
            room.id: Contact(site, "door", f"{room.name} door", room.name)
            for room in ROOMS
            if room.door
        }
        self._windows = {
            room.id: Contact(site, "window", f"{room.name} window", room.name)
            for room in ROOMS
            if room.window
        }
        self._airs = {room.id: self._air_of(room) for room in ROOMS}
        for room in ROOMS:
            if room.blinds:
                Blinds(site, room)
        self.lock = Lock(site)
        self._front_door = Contact(site, "door", "Front door", "Hall")
        self.television = Television(site, self.meter)
        self.washing_machine = WashingMachine(site, self.meter)
        self.coffee_machine = CoffeeMachine(site, self.meter)
        self.bells = Bells(site)
        self.greenhouse = Greenhouse(site)
        self._outdoors = Outdoors(site)
        self._people: dict[str, str | None] = {}
        self.climate = Climate(
            site, self.weather, list(self._airs.values()), [self._outdoors.feel, self._feel_garden]
        )

    def stop(self) -> None:
        """Let nothing more be due."""
        for sensor in self._sensors.values():
            sensor.stop()

    # Who is where

    def is_in(self, room: str) -> list[str]:
        """Return who is in a room."""
        return [who for who, where in self._people.items() if where == room]

    @property
    def empty(self) -> bool:
        """Whether nobody is at home."""
        return all(where is None for where in self._people.values())

    def place(self, who: str, room: str | None) -> None:
        """Say where somebody is, without anybody noticing."""
        self._people[who] = room

    async def enter(self, who: str, room: str) -> None:
        """Let somebody come into a room, through its door if it has one."""
        left = self._people.get(who)
        door = self._doors.get(room) or self._doors.get(left or "")
        if door is not None and not door.is_open:
            door.open()
        self._people[who] = room
        self.see(room)
        if door is not None:
            await self.site.time.sleep(self._chance.uniform(*_DOOR_OPEN_S))
            door.close()
        if left is not None:
            self._leave_dark(left)

    async def pass_front_door(self, who: str, *, into: str | None) -> None:
        """Let somebody come home or go out, and lock up behind the last."""
        if self.lock.locked:
            self.lock.turn("unlocked")
            await self.site.time.sleep(self._chance.uniform(1.0, 3.0))
        self._front_door.open()
        self._people[who] = into
        self.see(HALL)
        await self.site.time.sleep(self._chance.uniform(*_DOOR_OPEN_S))
        self._front_door.close()
        if self.empty:
            self.lock.turn("locked")
            for room in ROOMS:
                self._leave_dark(room.id)

    # What people do

    def see(self, room: str) -> None:
        """Let somebody move in a room."""
        self._sensors[room].see()

    async def want_light(self, room: str) -> None:
        """Switch a room's light on by hand if it is dark there; passages see to themselves."""
        await self.site.time.sleep(_SWITCH_AFTER_S)
        wanted = self.weather.dark and not BY_ID[room].passage
        if wanted and not self._lamps[room].on and self.is_in(room):
            self._lamps[room].press()

    def light_out(self, room: str) -> None:
        """Switch a room's light off by hand."""
        if self._lamps[room].on:
            self._lamps[room].press()

    def moisten(self, room: str, by_pct: float) -> None:
        """Let a room's air get damp."""
        self._airs[room].moisten(by_pct)

    async def air(self, room: str, minutes: float) -> None:
        """Open a room's window for a while."""
        window = self._windows[room]
        if window.is_open:
            return
        window.open()
        await self.site.time.sleep(60 * minutes)
        window.close()

    async def use(self, load: str, power_w: float, minutes: float) -> None:
        """Let something draw power for a while."""
        self.meter.draw(load, power_w)
        await self.site.time.sleep(60 * minutes)
        self.meter.draw(load, 0.0)

    # What happens by itself

    async def keep_fridge_cold(self) -> None:
        """Let the fridge's motor run now and then, for ever."""
        chance = self.site.chance("fridge")
        while True:
            await self.site.time.sleep(60 * chance.uniform(22, 34))
            await self.use("fridge", 95.0, chance.uniform(9, 14))

    async def expect_visitors(self) -> None:
        """Let somebody ring at the front door now and then in the daytime, for ever."""
        chance = self.site.chance("visitors")
        while True:
            await self.site.time.sleep(60 * chance.uniform(60, 240))
            if 8.5 <= self.site.time.hour() < 20.5:
                self.bells.ring()

    def _feel_garden(self, weather: Weather) -> None:
        sun_c = 8.0 * min(1.0, weather.illuminance_lx / 40_000)
        self.greenhouse.feel(weather.temperature_c + 1.5 + sun_c)

    def _leave_dark(self, room: str) -> None:
        """Let the last to leave switch the light off, mostly; passages see to themselves."""
        forgetful = self._chance.random() < 0.15
        if self.is_in(room) or BY_ID[room].passage or forgetful:
            return
        self.light_out(room)

    def _air_of(self, room: Room) -> Air:
        thermostat = None
        if room.setpoint_c is not None:
            thermostat = Thermostat(self.site, self.meter, room, room.setpoint_c)
        chance = self.site.chance(f"air/{room.id}")
        return Air(room, self._sensors[room.id], self._windows.get(room.id), thermostat, chance)
