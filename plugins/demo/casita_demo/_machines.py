"""Machines: blinds, the front door's lock, television, washing machine, coffee, and bells."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from casita import Cause, Command, CommandFailed, Entity, Event
from casita_demo._energy import Meter
from casita_demo._layout import OUTSIDE, Room
from casita_demo._site import Site, device


class Blinds:
    """Blinds with a motor that needs 20 s of the house for the whole way."""

    _WAY_S: Final = 20.0
    _STEP_PCT: Final = 10

    def __init__(self, site: Site, room: Room) -> None:
        self._site = site
        self._chance = site.chance(f"blinds/{room.id}")
        self._moving: asyncio.Task[None] | None = None
        self._entity = Entity(
            "cover", f"{room.id}.blinds", object_id=f"{room.id}_blinds", device_class="blind",
            capabilities={"supported_features": 1 | 2 | 4 | 8}, on_command=self.command,
        )  # fmt: skip
        self._entity.readings["current_position"] = 100
        info = device(f"{room.id}.blinds", f"{room.name} blinds", "Blinds motor", room.name)
        site.add(self._entity, info, state="open")
        self._rest(None)

    @property
    def position_pct(self) -> int:
        """How far they are open."""
        return int(self._entity.readings.get("current_position", 100))

    async def command(self, command: Command) -> None:
        """Carry out a cover's commands; done when the motor has begun."""
        await self._site.answer(self._chance)
        if self._moving is not None:
            self._moving.cancel()
        goals = {"open_cover": 100, "close_cover": 0, "stop_cover": self.position_pct}
        goal = int(command.data.get("position", goals.get(command.action, self._other_end())))
        self._moving = self._site.home.start(self._move(goal, command.event), "blinds")

    def _other_end(self) -> int:
        return 0 if self.position_pct else 100

    async def _move(self, goal_pct: int, cause: Event) -> None:
        if goal_pct != self.position_pct:
            opening = goal_pct > self.position_pct
            self._entity.observe("opening" if opening else "closing", cause=cause)
        while goal_pct != self.position_pct:
            left = goal_pct - self.position_pct
            step = max(-self._STEP_PCT, min(self._STEP_PCT, left))
            await self._site.time.sleep(self._WAY_S * abs(step) / 100)
            self._entity.readings["current_position"] = self.position_pct + step
        self._rest(cause)

    def _rest(self, cause: Cause | Event | None) -> None:
        self._entity.observe(
            "open" if self.position_pct else "closed",
            cause=cause,
            current_position=self.position_pct,
        )


class Lock:
    """The lock of the front door."""

    _TURN_S: Final = 1.5

    def __init__(self, site: Site) -> None:
        self._site = site
        self._chance = site.chance("lock")
        self._entity = Entity(
            "lock", "front_door.lock", object_id="front_door", on_command=self.command
        )
        info = device("front_door.lock", "Front door lock", "Motor lock", "Hall", version="5.2")
        site.add(self._entity, info, state="locked")

    @property
    def locked(self) -> bool:
        """Whether it is locked."""
        return self._entity.state == "locked"

    def turn(self, state: str) -> None:
        """Turn the key by hand."""
        self._entity.observe(state)

    async def command(self, command: Command) -> None:
        """Carry out ``lock``, ``unlock`` or ``open``."""
        await self._site.answer(self._chance)
        locks = command.action == "lock"
        self._entity.observe("locking" if locks else "unlocking", cause=command.event)
        await self._site.home.clock.sleep(self._TURN_S)
        self._entity.observe("locked" if locks else "unlocked", cause=command.event)


class Television:
    """The television in the living room."""

    _SOURCES: Final = ("TV", "Films", "Radio", "Games")
    _PROGRAMMES: Final = ("Evening news", "The quiet island", "Cooking for two", "Night train")
    _POWER_W: Final = 110.0

    def __init__(self, site: Site, meter: Meter) -> None:
        self._site = site
        self._meter = meter
        self._chance = site.chance("television")
        self._entity = Entity(
            "media_player", "living_room.tv", object_id="living_room_tv", device_class="tv",
            capabilities={
                "source_list": list(self._SOURCES),
                "supported_features": 1 | 4 | 8 | 128 | 256 | 1024 | 2048 | 4096 | 16384,
            },
            on_command=self.command,
        )  # fmt: skip
        self._entity.readings.update(volume_level=0.3, is_volume_muted=False)
        info = device("living_room.tv", "Living room TV", "Television", "Living room")
        site.add(self._entity, info, state="off")
        self._draw()

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self._entity.state != "off"

    def press(self) -> None:
        """Switch it with its own remote control."""
        self._enter("off" if self.on else "playing", None)

    async def command(self, command: Command) -> None:
        """Carry out a media player's commands."""
        await self._site.answer(self._chance)
        if command.action in _PLAYER_STATES:
            self._enter(_PLAYER_STATES[command.action], command.event)
        elif command.action == "media_play_pause":
            playing = self._entity.state == "playing"
            self._enter("paused" if playing else "playing", command.event)
        else:
            self._adjust(command)

    def _adjust(self, command: Command) -> None:
        level = float(self._entity.readings.get("volume_level", 0.3))
        if command.action == "volume_up":
            changes: dict[str, Any] = {"volume_level": min(1.0, round(level + 0.05, 2))}
        elif command.action == "volume_down":
            changes = {"volume_level": max(0.0, round(level - 0.05, 2))}
        elif command.action in ("volume_set", "volume_mute", "select_source"):
            changes = dict(command.data)
        else:
            raise CommandFailed(f"{self._entity.entity_id} cannot do {command.action}")
        self._entity.observe(cause=command.event, **changes)

    def _enter(self, state: str, cause: Cause | Event | None) -> None:
        on = state != "off"
        title = self._chance.choice(self._PROGRAMMES) if state == "playing" else None
        source = self._entity.readings.get("source", self._SOURCES[0]) if on else None
        self._entity.observe(state, cause=cause, media_title=title, source=source)
        self._draw()

    def _draw(self) -> None:
        self._meter.draw("television", self._POWER_W if self.on else 0.0)


_PLAYER_STATES: Final = {
    "turn_on": "playing",
    "media_play": "playing",
    "media_pause": "paused",
    "media_stop": "idle",
    "turn_off": "off",
}


class WashingMachine:
    """A washing machine that tells what it is at, and what it draws."""

    _PROGRAMME: Final = ((12, 2050.0), (38, 160.0), (14, 420.0), (6, 90.0))
    """Minutes and watts of heating, washing, spinning, and of coming to rest."""

    def __init__(self, site: Site, meter: Meter) -> None:
        self._site = site
        self._meter = meter
        info = device("washer", "Washing machine", "Front loader", "Laundry room", version="7.3")
        self._entity = Entity(
            "sensor", "washer.state", device_class="enum",
            capabilities={"options": ["idle", "running", "finished"]},
        )  # fmt: skip
        self._power = Entity(
            "sensor", "washer.power", "power", device_class="power", unit="W",
            capabilities={"state_class": "measurement"},
        )  # fmt: skip
        site.add(self._entity, info, state="idle")
        site.add(self._power, info, state="0")

    @property
    def state(self) -> str:
        """``idle``, ``running`` or ``finished``."""
        return self._entity.state

    async def wash(self, *, minutes_left: float | None = None) -> None:
        """Run a programme, or the rest of one, to its end."""
        left_s = 60 * (minutes_left if minutes_left is not None else self._length_min())
        self._entity.observe("running")
        for minutes, power_w in self._rest_of_programme(left_s / 60):
            self._draw(power_w)
            await self._site.time.sleep(60 * minutes)
        self._draw(0.0)
        self._entity.observe("finished")

    def empty(self) -> None:
        """Take the laundry out."""
        self._entity.observe("idle")

    def _length_min(self) -> float:
        return sum(minutes for minutes, _ in self._PROGRAMME)

    def _rest_of_programme(self, left_min: float) -> list[tuple[float, float]]:
        rest: list[tuple[float, float]] = []
        for minutes, power_w in reversed(self._PROGRAMME):
            share = min(float(minutes), left_min)
            left_min -= share
            if share > 0:
                rest.insert(0, (share, power_w))
        return rest

    def _draw(self, power_w: float) -> None:
        self._power.observe(round(power_w))
        self._meter.draw("washing machine", power_w)


class CoffeeMachine:
    """A coffee machine on a switched socket; it is hot when it has been on for a while."""

    _POWER_W: Final = 1300.0

    def __init__(self, site: Site, meter: Meter) -> None:
        self._site = site
        self._meter = meter
        self._chance = site.chance("coffee")
        self._entity = Entity(
            "switch", "coffee.socket", object_id="coffee_machine", device_class="outlet",
            on_command=self.command,
        )  # fmt: skip
        info = device("coffee.socket", "Coffee machine", "Socket", "Kitchen", version="1.0")
        site.add(self._entity, info, state="off")
        self._enter(self.on, None)

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self._entity.state == "on"

    def press(self) -> None:
        """Switch it at the socket."""
        self._enter(not self.on, None)

    async def command(self, command: Command) -> None:
        """Carry out ``turn_on`` or ``turn_off``."""
        await self._site.answer(self._chance)
        self._enter(command.action == "turn_on", command.event)

    def _enter(self, on: bool, cause: Cause | Event | None) -> None:
        self._entity.observe(on, cause=cause)
        self._meter.draw("coffee machine", self._POWER_W if on else 0.0)


class Bells:
    """The doorbell, its chime, and the button beside the bed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._chance = site.chance("bells")
        self._doorbell = Entity(
            "event", "doorbell.ring", object_id="doorbell", device_class="doorbell",
            capabilities={"event_types": ["ring"]},
        )  # fmt: skip
        self._bedside = Entity(
            "event", "bedside.button", object_id="bedside_button", device_class="button",
            capabilities={"event_types": ["press", "double_press", "long_press"]},
        )  # fmt: skip
        self._chime = Entity(
            "button", "doorbell.chime", "chime", object_id="doorbell_chime",
            on_command=self.command,
        )  # fmt: skip
        bell = device("doorbell", "Doorbell", "Doorbell", OUTSIDE, version="2.2")
        button = device("bedside", "Bedside button", "Wireless button", "Bedroom", version="1.0")
        site.add(self._doorbell, bell, state="unknown")
        site.add(self._chime, bell, state="unknown")
        site.add(self._bedside, button, state="unknown")

    def ring(self) -> None:
        """Let somebody ring at the front door."""
        self._happen(self._doorbell, "ring")

    def press_bedside(self, how: str = "press") -> None:
        """Let somebody press the button beside the bed."""
        self._happen(self._bedside, how)

    async def command(self, command: Command) -> None:
        """Carry out ``press``: let the chime sound."""
        await self._site.answer(self._chance)
        self._chime.observe(self._stamp(), cause=command.event)

    def _happen(self, entity: Entity, event_type: str) -> None:
        entity.observe(self._stamp(), event_type=event_type)

    def _stamp(self) -> str:
        return self._site.home.clock.now().isoformat(timespec="milliseconds")
