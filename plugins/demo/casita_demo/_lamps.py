"""Lamps that can be dimmed, tinted and coloured, and that have a switch on the wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita import Cause, Command, Entity, Event
from casita.domains.light import readings
from casita_demo._energy import Meter
from casita_demo._layout import COLOUR, DIMMED, SWITCHED, WHITE, Room
from casita_demo._site import Site, device

_WARMEST_K: Final = 2200
_COLDEST_K: Final = 6500
_WARM_K: Final = 2700
_FULL: Final = 255
_BRIGHT: Final = 204
_MODES: Final[Mapping[str, tuple[str, ...]]] = {
    SWITCHED: (SWITCHED,),
    DIMMED: (DIMMED,),
    WHITE: (WHITE,),
    COLOUR: (WHITE, COLOUR),
}
_MODELS: Final = {
    SWITCHED: "Ceiling lamp",
    DIMMED: "Dimmable lamp",
    WHITE: "Tunable white lamp",
    COLOUR: "Colour lamp",
}
_TINTS: Final = ("color_temp_kelvin", "hs_color")
"""The two ways in which a lamp can be told its colour; the later one counts."""


class Lamp:
    """A room's ceiling lamp. It remembers how it looked when it was last on."""

    def __init__(self, site: Site, meter: Meter, room: Room) -> None:
        self._site = site
        self._meter = meter
        self._room = room
        self._chance = site.chance(f"lamp/{room.id}")
        self._entity = Entity(
            "light", f"{room.id}.lamp", object_id=room.id, capabilities=_abilities(room.lamp),
            on_command=self.command,
        )  # fmt: skip
        info = device(
            f"{room.id}.lamp", f"{room.name} light", _MODELS[room.lamp], room.name, version="1.4"
        )
        site.add(self._entity, info, state="off")
        self._look = self._first_look()
        self._draw()

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self._entity.state == "on"

    def press(self) -> None:
        """Switch it at the wall."""
        if self.on:
            self._turn_off(None)
        else:
            self._turn_on({}, None)

    async def command(self, command: Command) -> None:
        """Carry out ``turn_on`` or ``turn_off``."""
        await self._site.answer(self._chance)
        if command.action == "turn_off":
            self._turn_off(command.event)
        else:
            self._turn_on(command.data, command.event)

    def _first_look(self) -> dict[str, Any]:
        """Return how it looked before a restart, or else how it leaves the factory."""
        known = self._entity.readings
        look: dict[str, Any] = {}
        if self._room.lamp != SWITCHED:
            look["brightness"] = known.get("brightness", _BRIGHT)
        if self._room.lamp == COLOUR and known.get("color_mode") == COLOUR:
            look["hs_color"] = known["hs_color"]
        elif WHITE in _MODES[self._room.lamp]:
            look["color_temp_kelvin"] = known.get("color_temp_kelvin", _WARM_K)
        return look

    def _turn_on(self, data: Mapping[str, Any], cause: Cause | Event | None) -> None:
        if "brightness" in data:
            self._look["brightness"] = int(data["brightness"])
        for tint in _TINTS:
            if tint in data:
                self._look = {key: v for key, v in self._look.items() if key not in _TINTS}
                self._look[tint] = data[tint]
        mode = SWITCHED if self._room.lamp == SWITCHED else None
        shown = readings(self._entity.capabilities, color_mode=mode, **self._look)
        self._entity.observe(True, cause=cause, **shown)
        self._draw()

    def _turn_off(self, cause: Cause | Event | None) -> None:
        self._entity.observe(False, cause=cause, **readings())
        self._draw()

    def _draw(self) -> None:
        share = self._look.get("brightness", _FULL) / _FULL
        power_w = max(1.0, round(self._room.lamp_power_w * share, 1)) if self.on else 0.0
        self._meter.draw(f"lamp/{self._room.id}", power_w)


def _abilities(lamp: str) -> dict[str, Any]:
    modes = _MODES[lamp]
    whites = {"min_color_temp_kelvin": _WARMEST_K, "max_color_temp_kelvin": _COLDEST_K}
    return {"supported_color_modes": list(modes), **(whites if WHITE in modes else {})}
