"""HomeKit accessories and bridges: found on the network, paired with their code, observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from casita import Advert, Candidate, Command, Device, Entity, Home, Outcome, Plugin
from casita_homekit._recognise import recognise

if TYPE_CHECKING:
    from casita_homekit._bridge import Connection

plugin = Plugin("homekit", version="0.1.0")
plugin.discover("_hap._tcp.local.")(recognise)
plugin.discover("_hap._udp.local.")(lambda _advert: None)  # the library wants it browsed as well


@plugin.device
class Bridge(Device):
    """An adopted accessory, or a bridge with all its accessories."""

    _connection: Connection

    @classmethod
    async def pair(
        cls, candidate: Candidate, answers: Mapping[str, str], home: Home
    ) -> Mapping[str, Any]:
        """Pair with the code that the person read off the accessory."""
        from casita_homekit._pairing import pair  # heavy: cryptography

        return await pair(candidate, answers["code"], home)

    async def start(self) -> None:
        """Connect, add the entities and listen to their events."""
        from casita_homekit._bridge import Connection  # heavy: cryptography

        self._connection = Connection(self.home, self.adopted)
        await self._connection.open()

    async def stop(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def command(self, entity: Entity, command: Command) -> Outcome | None:
        """Write what a command asks for to the accessory."""
        return await self._connection.command(entity, command)

    async def moved(self, advert: Advert) -> None:
        """Go to where the accessory says that it is now."""
        self._connection.moved(advert)
