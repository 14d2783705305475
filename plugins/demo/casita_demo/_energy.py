"""The meter at the house's fuse box: it measures the sum of what is on."""

from __future__ import annotations

from typing import Final

from casita import Entity
from casita_demo._site import Site, device

_STANDBY_W: Final = 85.0
"""Router, clocks, chargers: what never sleeps."""
_REPORT_EVERY_S: Final = 60.0
"""How often the energy is reported, in seconds of the house."""
_J_PER_KWH: Final = 3_600_000


class Meter:
    """Power is the sum of all loads; energy is its integral over the house's time, exactly."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loads_w: dict[str, float] = {"standby": _STANDBY_W}
        info = device("meter", "House", "Energy meter", "Laundry room", version="2.1")
        self._power = Entity(
            "sensor", "meter.power", "power", device_class="power", unit="W",
            capabilities={"state_class": "measurement"},
        )  # fmt: skip
        self._energy = Entity(
            "sensor", "meter.energy", "energy", device_class="energy", unit="kWh",
            capabilities={"state_class": "total_increasing"},
        )  # fmt: skip
        site.add(self._power, info, state=str(round(_STANDBY_W)))
        site.add(self._energy, info, state="0.0")
        self._energy_kwh = _number(self._energy.state)
        self._counted_s = site.time.elapsed_s()

    @property
    def power_w(self) -> float:
        """What the house draws now."""
        return sum(self._loads_w.values())

    def draw(self, load: str, power_w: float) -> None:
        """Say what a load draws from now on; 0: it is off."""
        if self._loads_w.get(load, 0.0) == power_w:
            return
        self._count()
        self._loads_w[load] = power_w
        self._power.observe(round(self.power_w))

    async def run(self) -> None:
        """Report the energy once a minute, for ever."""
        self._power.observe(round(self.power_w))
        while True:
            await self._site.time.sleep(_REPORT_EVERY_S)
            self._count()
            self._energy.observe(f"{self._energy_kwh:.2f}")

    def _count(self) -> None:
        now_s = self._site.time.elapsed_s()
        self._energy_kwh += self.power_w * (now_s - self._counted_s) / _J_PER_KWH
        self._counted_s = now_s


def _number(state: str) -> float:
    try:
        return float(state)
    except ValueError:
        return 0.0
