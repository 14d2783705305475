"""The people of the demo house, and how they spend their days."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import date
from typing import Any, Final

from casita import Entity
from casita_demo._house import House
from casita_demo._layout import HALL, Resident, stage_at, way
from casita_demo._phones import Phone

_PER_ROOM_S: Final = (4.0, 9.0)
"""How long it takes to walk through a room."""
_STIR_MIN: Final = (0.8, 4.0)
"""How long somebody who is awake sits still."""
_UP_AT_NIGHT_MIN: Final = (150.0, 420.0)
"""How long somebody sleeps before they get up once."""
_LONGEST_BATH_MIN: Final = 12.0
_MEALS: Final = ((6.5, 8.5), (12.0, 13.5), (18.0, 19.5))
_NEVER: Final = 24.0
_SATURDAY: Final = 5
_ERRANDS: Final = 10.5
"""When they go out at the weekend, as a local hour."""


class Person:
    """Somebody who wakes, works, comes home, and goes to bed."""

    def __init__(self, house: House, resident: Resident) -> None:
        self._house = house
        self._resident = resident
        self._time = house.site.time
        self._home = house.site.home
        self._chance = house.site.chance(f"person/{resident.id}")
        self._entity = Entity("person", f"{resident.id}.person", resident.name)
        self._phone = Phone(house.site, resident)
        self._entity.state = "home"
        self._entity.readings.update(source=self._phone.tracker_id, id=resident.id)
        self._home.add(self._entity)
        self._day: tuple[date, float, float] | None = None
        self._where: str | None = self._first_room()
        house.place(resident.id, self._where)
        self._tell_presence()

    async def live(self) -> None:
        """Live one day after another."""
        while True:
            if self._where is None:
                await self._spend_away()
            elif self._is_out(self._time.hour()):
                await self._go_out()
            elif self._asleep(self._time.hour()):
                await self._sleep()
            else:
                await self._spend_time()

    async def begin(self, delay_s: float) -> None:
        """Do something that can be seen, then live; ``delay_s`` is of the clock.

        Who should be out comes home, and stays in for that day.
        """
        await self._home.clock.sleep(delay_s)
        if self._where is None:
            self._day = (self._time.now().date(), _NEVER, _NEVER)
            await self._come_home(walk_s=0.0)
        elif self._asleep(self._time.hour()):
            await self._get_up_at_night()
        else:
            await self._go_to("kitchen" if self._where != "kitchen" else "living_room")
        await self.live()

    # The day

    def _first_room(self) -> str | None:
        hour = self._time.hour()
        if self._is_out(hour):
            return None
        return "bedroom" if self._asleep(hour) else "living_room"

    def _is_out(self, hour: float) -> bool:
        _, leaves, returns = self._plan(self._time.now().date())
        return leaves <= hour < returns

    def _asleep(self, hour: float) -> bool:
        return hour >= self._resident.sleeps or hour < self._resident.wakes

    def _plan(self, today: date) -> tuple[date, float, float]:
        """Return when they leave and come back today; nobody is punctual."""
        if self._day is None or self._day[0] != today:
            if today.weekday() >= _SATURDAY:
                leaves = _ERRANDS + self._chance.uniform(-0.5, 0.5)
                returns = leaves + self._chance.uniform(1.0, 2.5)
            else:
                leaves = self._resident.leaves + self._chance.uniform(-0.2, 0.2)
                returns = self._resident.returns + self._chance.uniform(-0.3, 0.5)
            self._day = (today, leaves, returns)
        return self._day

    async def _spend_away(self) -> None:
        while self._is_out(self._time.hour()):
            await self._time.sleep(60 * self._chance.uniform(2, 6))
        await self._come_home(walk_s=self._chance.uniform(20, 60))

    async def _sleep(self) -> None:
        if self._where != "bedroom":
            await self._go_to("bedroom")
            if not self._house.is_in("living_room") and self._house.television.on:
                self._house.television.press()
            if len(self._house.is_in("bedroom")) > 1:
                self._house.bells.press_bedside()
        self._house.light_out("bedroom")
        until = self._chance.uniform(*_UP_AT_NIGHT_MIN)
        while self._asleep(self._time.hour()) and until > 0:
            nap = min(until, self._chance.uniform(10, 25))
            await self._time.sleep(60 * nap)
            until -= nap
        if self._asleep(self._time.hour()):
            await self._get_up_at_night()

    async def _get_up_at_night(self) -> None:
        await self._go_to("bathroom")
        await self._time.sleep(60 * self._chance.uniform(1.5, 4))
        await self._go_to("bedroom")

    async def _spend_time(self) -> None:
        stage = stage_at(self._time.hour())
        room = self._chance.choices(list(stage.rooms), list(stage.rooms.values()))[0]
        await self._go_to(room)
        minutes = self._chance.uniform(*stage.minutes)
        if room == "bathroom":
            minutes = min(minutes, _LONGEST_BATH_MIN)
        self._begin_activity(room, minutes)
        await self._stay(minutes)

    async def _stay(self, minutes: float) -> None:
        while minutes > 0 and self._where is not None:
            still = min(minutes, self._chance.uniform(*_STIR_MIN))
            await self._time.sleep(60 * still)
            minutes -= still
            self._house.see(self._where)

    # Ways

    async def _go_to(self, room: str) -> None:
        for step in way(self._where, room):
            await self._time.sleep(self._chance.uniform(*_PER_ROOM_S))
            await self._house.enter(self._resident.id, step)
            self._where = step
        if not self._asleep(self._time.hour()) or room == "bathroom":
            await self._house.want_light(room)

    async def _go_out(self) -> None:
        if self._house.television.on and len(self._house.is_in("living_room")) <= 1:
            self._house.television.press()
        await self._go_to(HALL)
        await self._house.pass_front_door(self._resident.id, into=None)
        self._where = None
        await self._time.sleep(self._chance.uniform(30, 90))
        self._tell_presence()

    async def _come_home(self, *, walk_s: float) -> None:
        """Come home; ``walk_s`` is the way from where the phone is noticed to the door."""
        self._where = HALL
        self._tell_presence()
        await self._time.sleep(walk_s)
        await self._house.pass_front_door(self._resident.id, into=HALL)

    def _tell_presence(self) -> None:
        state = "not_home" if self._where is None else "home"
        self._entity.observe(state, cause=self._phone.tell(state))

    # What they do where they are

    def _begin_activity(self, room: str, minutes: float) -> None:
        activities = {
            "kitchen": self._cook,
            "living_room": self._relax,
            "office": self._work,
            "bathroom": self._wash,
            "bedroom": self._air_bedroom,
            "laundry_room": self._do_laundry,
        }
        activity = activities.get(room)
        if activity is not None:
            activity(minutes)

    def _cook(self, minutes: float) -> None:
        hour = self._time.hour()
        if hour < 9 and not self._house.coffee_machine.on:
            self._start(self._make_coffee(), "coffee")
        if any(start <= hour < end for start, end in _MEALS) and self._chance.random() < 0.6:
            self._house.moisten("kitchen", 8.0)
            self._start(
                self._house.use(f"hob/{self._resident.id}", 1700.0, min(minutes, 18.0)), "hob"
            )
        else:
            self._start(self._house.use(f"kettle/{self._resident.id}", 2000.0, 2.5), "kettle")

    async def _make_coffee(self) -> None:
        self._house.coffee_machine.press()
        await self._time.sleep(60 * self._chance.uniform(4, 9))
        if self._house.coffee_machine.on:
            self._house.coffee_machine.press()

    def _relax(self, minutes: float) -> None:
        hour = self._time.hour()
        if hour >= 18 and not self._house.television.on and self._chance.random() < 0.7:
            self._house.television.press()
        if self._chance.random() < 0.25:
            self._start(self._house.air("living_room", min(minutes, 10.0)), "airing")

    def _work(self, minutes: float) -> None:
        self._start(self._house.use(f"computer/{self._resident.id}", 115.0, minutes), "computer")

    def _wash(self, minutes: float) -> None:
        self._house.moisten("bathroom", 22.0 if minutes > 6 else 5.0)
        if minutes > 6:
            self._start(self._house.air("bathroom", 8.0), "airing")

    def _air_bedroom(self, minutes: float) -> None:
        if self._time.hour() < 10:
            self._start(self._house.air("bedroom", 12.0), "airing")

    def _do_laundry(self, minutes: float) -> None:
        machine = self._house.washing_machine
        if machine.state == "finished":
            machine.empty()
        elif machine.state == "idle":
            self._start(machine.wash(), "washing machine")

    def _start(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        self._home.start(coroutine, f"{self._resident.name}: {name}")
