"""Listens to what devices say of themselves on the network, and passes it on as adverts."""

from __future__ import annotations

import ipaddress
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from casita.discovery import Advert
from casita.tasks import Tasks

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

AdvertHandler = Callable[[Advert], None]

_RESOLVE_MS: Final = 3000
_RESOLVING_LIMIT: Final = 64
"""How many adverts may be under resolution at once; what comes beyond is counted and dropped."""

_logger = logging.getLogger(__name__)


class Discoverer:
    """One zeroconf instance for the whole hub, opened when somebody first wants it."""

    def __init__(self, interfaces: Sequence[str] = ()) -> None:
        """``interfaces`` are addresses to listen on; none: all of the machine's."""
        self._interfaces = list(interfaces)
        self._handlers: dict[str, list[AdvertHandler]] = defaultdict(list)
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks = Tasks("network")
        self.dropped = 0
        """How many adverts were not looked at because too many came at once."""

    def listen(self, service_type: str, handler: AdvertHandler) -> None:
        """Pass adverts of a service type to a handler, once browsing has started."""
        self._handlers[service_type].append(handler)

    async def zeroconf(self) -> AsyncZeroconf:
        """Return the shared instance."""
        if self._zeroconf is None:
            from zeroconf import InterfaceChoice
            from zeroconf.asyncio import AsyncZeroconf

            self._zeroconf = AsyncZeroconf(interfaces=self._interfaces or InterfaceChoice.Default)
        return self._zeroconf

    async def browse(self) -> None:
        """Begin to listen, if anybody wants to know."""
        if not self._handlers:
            return
        from zeroconf.asyncio import AsyncServiceBrowser

        zeroconf = await self.zeroconf()
        self._browser = AsyncServiceBrowser(
            zeroconf.zeroconf, sorted(self._handlers), handlers=[self._changed]
        )

    async def stop(self) -> None:
        """Stop listening."""
        await self._tasks.stop()
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            await self._zeroconf.async_close()

    def _changed(
        self,
        zeroconf: Zeroconf,
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if state_change.name == "Removed":
            return
        if len(self._tasks) >= _RESOLVING_LIMIT:
            self.dropped += 1
            return
        self._tasks.start(self._resolve(zeroconf, service_type, name), name)

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(service_type, name)
        if not await info.async_request(zeroconf, _RESOLVE_MS):
            return
        addresses = tuple(info.parsed_scoped_addresses())
        if info.port is None or not addresses:
            return
        advert = Advert(
            type=service_type,
            name=name.removesuffix(f".{service_type}"),
            addresses=tuple(sorted(addresses, key=_ipv6_last)),
            port=info.port,
            properties={key.lower(): value or "" for key, value in info.decoded_properties.items()},
        )
        for handler in self._handlers[service_type]:
            handler(advert)


def _ipv6_last(address: str) -> tuple[bool, str]:
    return ipaddress.ip_address(address.partition("%")[0]).version == 6, address
