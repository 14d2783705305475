"""What every simulated device works with."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from casita import DeviceInfo, Entity, Home
from casita_demo._time import HouseTime

_QUICKEST_S: Final = 0.08
_SLOWEST_S: Final = 0.35
"""Bounds of how long a device takes to answer, in seconds of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The home that devices report to, the time they live in, and their chance."""

    home: Home
    time: HouseTime
    seed: int

    def chance(self, name: str) -> Random:
        """Return a source of chance of its own, so that nobody's luck depends on another's."""
        return Random(f"{self.seed}/{name}")

    def add(self, entity: Entity, device: DeviceInfo, *, state: str) -> Entity:
        """Give an entity its place, with what it says at first unless more is known."""
        entity.state = state
        return self.home.add(entity, device)

    async def answer(self, chance: Random) -> None:
        """Let the time pass that a device takes to answer."""
        await self.home.clock.sleep(chance.uniform(_QUICKEST_S, _SLOWEST_S))


def device(
    identifier: str, name: str, model: str, area: str, *, version: str | None = None
) -> DeviceInfo:
    """Describe a device of the demo house."""
    return DeviceInfo(
        identifiers=(identifier,),
        name=name,
        manufacturer="Casita demo",
        model=model,
        sw_version=version,
        suggested_area=area,
    )
