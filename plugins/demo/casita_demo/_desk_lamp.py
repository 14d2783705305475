"""A lamp that waits in the inbox, so that adopting a device can be tried without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita import AuthFailed, Candidate, Command, Device, Entity, Home
from casita.domains.light import readings
from casita_demo._site import device

_CODE: Final = "2468"
_ANSWERS_AFTER_S: Final = 0.2
_FULL: Final = 255

CANDIDATE: Final = Candidate(
    key="desk-lamp",
    title="Desk lamp",
    asks={"code": f"the four digits on its foot (they are {_CODE})"},
    detail={"manufacturer": "Casita demo", "model": "Desk lamp"},
)


class DeskLamp(Device):
    """The desk lamp, once a person has adopted it."""

    @classmethod
    async def pair(
        cls, candidate: Candidate, answers: Mapping[str, str], home: Home
    ) -> Mapping[str, Any]:
        """Compare the code. Raises `AuthFailed` if it is not the one on the lamp's foot."""
        if answers["code"].strip() != _CODE:
            raise AuthFailed(f"{candidate.title}: this is not its code; read its foot again")
        return {}

    async def start(self) -> None:
        """Bring the lamp into the house."""
        lamp = Entity(
            "light", "lamp", object_id="desk_lamp",
            capabilities={"supported_color_modes": ["brightness"]},
        )  # fmt: skip
        lamp.state = "off"
        self.home.add(lamp, device("desk-lamp", "Desk lamp", "Desk lamp", "Office"))

    async def command(self, entity: Entity, command: Command) -> None:
        """Carry out ``turn_on`` or ``turn_off``."""
        await self.home.clock.sleep(_ANSWERS_AFTER_S)
        if command.action == "turn_off":
            entity.observe(False, cause=command.event, **readings())
            return
        brightness = int(command.data.get("brightness", _FULL))
        shown = readings(entity.capabilities, brightness=brightness)
        entity.observe(True, cause=command.event, **shown)
