"""The phones that people carry: they tell who is at home, and take messages."""

from __future__ import annotations

from casita import Command, Entity, StateChanged
from casita_demo._layout import Resident
from casita_demo._site import Site, device


class Phone:
    """Somebody's phone."""

    def __init__(self, site: Site, resident: Resident) -> None:
        self._site = site
        self._chance = site.chance(f"phone/{resident.id}")
        info = device(f"{resident.id}.phone", resident.gadget, "Phone", "")
        self._tracker = Entity(
            "device_tracker", f"{resident.id}.tracker", object_id=f"{resident.id}_phone",
            capabilities={"source_type": "router"},
        )  # fmt: skip
        self._messages = Entity(
            "notify", f"{resident.id}.messages", object_id=f"{resident.id}_phone",
            on_command=self.command,
        )  # fmt: skip
        site.add(self._tracker, info, state="home")
        site.add(self._messages, info, state="unknown")

    @property
    def tracker_id(self) -> str:
        """The entity that tells whether it is at home."""
        return self._tracker.entity_id

    def tell(self, presence: str) -> StateChanged | None:
        """Report ``home`` or ``not_home``; return the event, if it was one."""
        return self._tracker.observe(presence)

    async def command(self, command: Command) -> None:
        """Take a message; the state is when it came."""
        await self._site.answer(self._chance)
        now = self._site.home.clock.now()
        self._messages.observe(now.isoformat(timespec="milliseconds"), cause=command.event)
