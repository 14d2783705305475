"""The connection to one adopted accessory or bridge: what it says, what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.controller.ip.pairing import IpPairing
from aiohomekit.exceptions import AuthenticationError, HomeKitException
from aiohomekit.model import Accessories
from aiohomekit.model.characteristics import CharacteristicPermissions
from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services.service import Service

from casita import Advert, AuthFailed, Command, CommandFailed, Entity, Home, NotReady, Outcome
from casita.discovery import Adopted
from casita_homekit._accessories import device_of, parts_of
from casita_homekit._part import Part, values_of

_WATCH_EVERY_S: Final = 1.0
_POLL_EVERY_S: Final = 30.0
"""How often everything is read anew: what pushes no events, and a link that is dead in silence."""


class Connection:
    """A paired accessory. The library reconnects; this tells the house about it, once."""

    def __init__(self, home: Home, adopted: Adopted) -> None:
        self._home = home
        self._adopted = adopted
        self._controller: IpController | None = None
        self._pairing: IpPairing | None = None
        self._accessories: Accessories | None = None
        self._parts: dict[str, tuple[Service, Part]] = {}
        self._by_service: dict[tuple[int, int], list[Part]] = {}

    async def open(self) -> None:
        """Connect and add the entities. Raises `NotReady` or `AuthFailed`."""
        self._controller = IpController(
            char_cache=CharacteristicCacheMemory(),
            zeroconf_instance=await self._home.network.zeroconf(),
        )
        await self._controller.async_start()
        pairing = self._controller.load_pairing(self._adopted.key, dict(self._adopted.settings))
        assert pairing is not None
        self._pairing = pairing
        try:
            listed = await pairing.list_accessories_and_characteristics()
            self._accessories = Accessories.from_list(listed)  # type: ignore[arg-type]  # it takes JSON
            self._add_entities()
            pairing.dispatcher_connect(self._told)
            await self._catch_up()
        except AuthenticationError as err:
            raise AuthFailed(
                f"{self._adopted.title}: it does not know us any more; forget it and adopt it again"
            ) from err
        except HomeKitException as err:
            raise NotReady(f"{self._adopted.title}: no answer; is it powered? ({err})") from err
        self._home.start(self._watch(), "watch")
        self._home.start(self._poll(), "poll")

    async def close(self) -> None:
        """Close the connection; the pairing stays."""
        if self._pairing is not None:
            await self._pairing.shutdown()
        if self._controller is not None:
            await self._controller.async_stop()

    def moved(self, advert: Advert) -> None:
        """Keep the address, so that the next start finds it before it is heard of."""
        settings = dict(self._adopted.settings)
        new = {"AccessoryIP": advert.addresses[0], "AccessoryIPs": list(advert.addresses),
               "AccessoryPort": advert.port}  # fmt: skip
        if any(settings.get(key) != value for key, value in new.items()):
            self._home.keep_settings({**settings, **new})
        if self._pairing is not None and not self._pairing.is_connected:
            self._pairing.connection.reconnect_soon()

    async def command(self, entity: Entity, command: Command) -> Outcome | None:
        """Write what a command asks for. Raises `CommandFailed`."""
        service, part = self._parts[entity.unique_id]
        writes = part.write(command, values_of(service)) if part.write is not None else {}
        wanted = [
            (service.accessory.aid, service[kind].iid, value)
            for kind, value in writes.items()
            if service.has(kind)
        ]
        if not wanted:
            raise CommandFailed(
                f"{entity.entity_id}: the accessory has nothing for {command.service}"
            )
        assert self._pairing is not None
        try:
            refused = await self._pairing.put_characteristics(wanted)
        except HomeKitException as err:
            raise CommandFailed(
                f"{self._adopted.title}: no answer; is it powered? ({type(err).__name__}: {err})"
            ) from err
        for status in refused.values():
            if status.get("status"):
                raise CommandFailed(f"{entity.entity_id}: it refused: {status.get('description')}")
        return None

    # Reports

    def _add_entities(self) -> None:
        assert self._accessories is not None
        for accessory in sorted(self._accessories, key=lambda one: one.aid):
            device = device_of(accessory, self._adopted.key, self._adopted.title)
            self._home.add_device(device)
            for service, part in parts_of(accessory):
                self._parts[part.entity.unique_id] = (service, part)
                self._by_service.setdefault((accessory.aid, service.iid), []).append(part)
                self._home.add(part.entity, device)
                self._report(service, part)

    def _report(self, service: Service, part: Part) -> None:
        state, readings = part.read(values_of(service))
        if part.entity.domain != "event":
            part.entity.observe(state, **readings)

    def _told(self, update: Mapping[tuple[int, int], Mapping[str, Any]]) -> None:
        """Take in values that were pushed or read; an empty update says that it is back."""
        assert self._accessories is not None
        if not update:
            self._home.start(self._refresh(), "refresh")
            return
        touched: dict[tuple[int, int], Service] = {}
        for (aid, iid), change in update.items():
            char = self._accessories.aid(aid).characteristics.iid(iid)
            if char is None or "value" not in change:
                continue
            if char.type == C.INPUT_EVENT:
                self._pressed(char.service, change["value"])
                continue
            char.set_value(change["value"])
            touched[(aid, char.service.iid)] = char.service
        for key, service in touched.items():
            for part in self._by_service.get(key, ()):
                self._report(service, part)

    def _pressed(self, service: Service, press: Any) -> None:
        """Tell a press of a button: its state is the time of the last one."""
        for part in self._by_service.get((service.accessory.aid, service.iid), ()):
            if press is not None:
                _, readings = part.read({C.INPUT_EVENT: press})
                part.entity.observe(
                    self._home.clock.now().isoformat(timespec="milliseconds"), **readings
                )

    # Keeping the link

    async def _watch(self) -> None:
        """Notice that the link is gone; that it is back is told by the library."""
        assert self._pairing is not None
        while True:
            await self._home.clock.sleep(_WATCH_EVERY_S)
            if not self._pairing.is_connected:
                self._home.lost("the accessory closed the connection or went away")

    async def _poll(self) -> None:
        while True:
            await self._home.clock.sleep(_POLL_EVERY_S)
            await self._refresh()

    async def _refresh(self) -> None:
        """Read everything anew; then the accessory is back, if it was lost."""
        try:
            await self._catch_up()
        except HomeKitException as err:
            self._home.lost(str(err) or type(err).__name__)
        else:
            self._home.back()

    async def _catch_up(self) -> None:
        """Subscribe, then read: in this order nothing falls between the two."""
        assert self._pairing is not None
        await self._pairing.subscribe(self._eventful())
        values = await self._pairing.get_characteristics(self._readable())
        if values:
            self._told(values)

    def _readable(self) -> list[tuple[int, int]]:
        return self._with(CharacteristicPermissions.paired_read)

    def _eventful(self) -> list[tuple[int, int]]:
        return self._with(CharacteristicPermissions.events)

    def _with(self, permission: str) -> list[tuple[int, int]]:
        """Return the characteristics of our entities that have a permission."""
        services = {id(service): service for service, _ in self._parts.values()}
        return [
            (service.accessory.aid, char.iid)
            for service in services.values()
            for char in service.characteristics
            if permission in char.perms
        ]
