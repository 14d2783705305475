"""A house to try Casita with: ten rooms, two people, no hardware.

Nothing in it is real, and everything in it behaves: people walk from room to room as the day
goes, sensors notice, lamps and machines answer commands after a moment, the meter adds up
what is on. The same seed gives the same house.
"""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita import Component, Plugin
from casita_config.schemas import integer, number, time_of_day, time_zone
from casita_demo._desk_lamp import CANDIDATE, DeskLamp
from casita_demo._house import House
from casita_demo._layout import RESIDENTS
from casita_demo._people import Person
from casita_demo._site import Site
from casita_demo._time import HouseTime

_WASHING_LEFT_MIN: Final = 8.0
"""How much of its programme the washing machine has left when the house begins."""
_FIRST_MOVE_S: Final = 1.0
"""How long after the start somebody does something that can be seen, whatever the hour."""

plugin = Plugin(
    "demo",
    version="0.1.0",
    config={
        vol.Optional("seed", default=1): integer,
        vol.Optional("pace", default=1.0): vol.All(number, vol.Range(min=0.1, max=600)),
        vol.Optional("at"): time_of_day,
        vol.Optional("time_zone", default="UTC"): time_zone,
    },
)
"""``pace``: seconds of the house in one of the clock; ``at``: its time of day at the start."""


@plugin.component
class Demo(Component):
    """The house, as long as the hub runs."""

    _house: House | None = None

    async def start(self) -> None:
        """Furnish the house and let life begin: something is to be seen within a second or two."""
        time = HouseTime(
            self.home.clock,
            pace=self.options["pace"],
            at=self.options.get("at"),
            time_zone=self.options["time_zone"],
        )
        site = Site(home=self.home, time=time, seed=self.options["seed"])
        self._house = house = House(site)
        for name, life in (
            ("climate", house.climate.run()),
            ("energy meter", house.meter.run()),
            ("fridge", house.keep_fridge_cold()),
            ("visitors", house.expect_visitors()),
            ("greenhouse", house.greenhouse.run()),
            ("washing machine", house.washing_machine.wash(minutes_left=_WASHING_LEFT_MIN)),
        ):
            self.home.start(life, name)
        first, *others = (Person(house, resident) for resident in RESIDENTS)
        self.home.start(first.begin(_FIRST_MOVE_S), "first resident")
        for person in others:
            self.home.start(person.live(), "resident")
        self.home.found(CANDIDATE)

    async def stop(self) -> None:
        """Let nothing more happen."""
        if self._house is not None:
            self._house.stop()


plugin.device(DeskLamp)
