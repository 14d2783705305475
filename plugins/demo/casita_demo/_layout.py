"""The plan of the demo house: its rooms, what is in each, and who lives there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GROUND: Final = "Ground floor"
UPSTAIRS: Final = "Upstairs"
HALL: Final = "hall"
LANDING: Final = "landing"
OUTSIDE: Final = "Outside"

SWITCHED: Final = "onoff"
DIMMED: Final = "brightness"
WHITE: Final = "color_temp"
COLOUR: Final = "hs"
"""What a lamp can do, in the words of ``supported_color_modes``; `COLOUR` does white too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room, and the devices that stand in it besides its room sensor."""

    id: str
    name: str
    floor: str = GROUND
    lamp: str = DIMMED
    """What its ceiling lamp can do."""
    lamp_power_w: float = 12.0
    """What the lamp draws at full brightness."""
    passage: bool = False
    """A room that people only walk through; its light is left to automations."""
    door: bool = False
    """Its door has a contact."""
    window: bool = False
    """Its window has a contact."""
    setpoint_c: float | None = None
    """What its thermostat is set to at first; None: it has none."""
    blinds: bool = False


ROOMS: Final[Sequence[Room]] = (
    Room(id=HALL, name="Hall", passage=True),
    Room(
        id="living_room", name="Living room", lamp=COLOUR, lamp_power_w=24.0,
        window=True, setpoint_c=21.0, blinds=True,
    ),
    Room(id="kitchen", name="Kitchen", lamp=WHITE, lamp_power_w=30.0, window=True),
    Room(id="dining_room", name="Dining room", lamp_power_w=18.0),
    Room(id="office", name="Office", lamp=WHITE, door=True, window=True, setpoint_c=20.0),
    Room(id="laundry_room", name="Laundry room", lamp=SWITCHED, door=True),
    Room(id=LANDING, name="Landing", floor=UPSTAIRS, passage=True),
    Room(
        id="bedroom", name="Bedroom", floor=UPSTAIRS, lamp=COLOUR,
        door=True, window=True, setpoint_c=18.0, blinds=True,
    ),
    Room(
        id="bathroom", name="Bathroom", floor=UPSTAIRS, lamp=WHITE, lamp_power_w=20.0,
        door=True, window=True, setpoint_c=22.0,
    ),
    Room(id="guest_room", name="Guest room", floor=UPSTAIRS, door=True),
)  # fmt: skip
BY_ID: Final[Mapping[str, Room]] = {room.id: room for room in ROOMS}


def way(start: str | None, end: str | None) -> list[str]:
    """Return the rooms that one walks through, without the first; None is outdoors."""
    outward, inward = _to_hall(start), _to_hall(end)
    shared = {*outward} & {*inward}
    turn = next(room for room in outward if room in shared)
    path = [*outward[: outward.index(turn) + 1], *reversed(inward[: inward.index(turn)])]
    return [room for room in path if room != start]


def _to_hall(room: str | None) -> list[str]:
    if room in (None, HALL):
        return [HALL]
    upstairs = BY_ID[str(room)].floor == UPSTAIRS
    return [str(room), *([LANDING] if upstairs and room != LANDING else []), HALL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody who lives in the house. Hours are local, 17.5 is half past five."""

    id: str
    name: str
    wakes: float
    leaves: float
    """When work begins, on weekdays."""
    returns: float
    sleeps: float
    gadget: str
    """What tells where they are."""


RESIDENTS: Final[Sequence[Resident]] = (
    Resident(
        id="ana", name="Ana", wakes=6.6, leaves=8.2, returns=17.2, sleeps=22.8, gadget="Ana's phone"
    ),
    Resident(
        id="ben", name="Ben", wakes=7.0, leaves=8.7, returns=17.6, sleeps=23.2, gadget="Ben's phone"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of a day that is spent at home: where people like to be, and for how long."""

    until: float
    """Local hour at which it ends."""
    rooms: Mapping[str, float]
    """Rooms with their weights."""
    minutes: tuple[float, float]
    """The shortest and the longest stay."""


STAGES: Final[Sequence[Stage]] = (
    Stage(
        until=10.0,
        rooms={"bathroom": 3, "kitchen": 4, "dining_room": 2, "bedroom": 2},
        minutes=(3, 14),
    ),
    Stage(
        until=17.0,
        rooms={"office": 5, "kitchen": 2, "living_room": 2, "laundry_room": 1, "guest_room": 0.5},
        minutes=(6, 45),
    ),
    Stage(
        until=19.5,
        rooms={"kitchen": 5, "living_room": 3, "dining_room": 3, "laundry_room": 1, "office": 1},
        minutes=(3, 15),
    ),
    Stage(
        until=24.0,
        rooms={"living_room": 6, "kitchen": 2, "office": 2, "bathroom": 1, "bedroom": 1},
        minutes=(5, 30),
    ),
)


def stage_at(hour: float) -> Stage:
    """Return the part of the day at a local hour."""
    return next(stage for stage in STAGES if hour < stage.until)
