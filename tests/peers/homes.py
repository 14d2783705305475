"""Homes that share a broker: real hubs in this process, with lamps that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from casita.broker import Brokers, BrokerStatus, LinkState
from casita.events import Event
from casita.hub import Hub
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Call, Command
from casita_config import Configuration
from peers.brokers import Peer

LINK = "link"
_WITHIN_S = 40.0


class Home:
    """One home; it can be stopped and started again over its log."""

    def __init__(self, name: str, folder: Path, peer: Peer, broker: Mapping[str, Any]) -> None:
        self.name = name
        self.hub: Hub | None = None
        self.done: list[tuple[str, str]] = []
        """The commands that its devices were given: service and entity."""
        self._folder = folder / name
        self._plugins = peer.plugins()
        self._config: dict[str, Any] = {
            "home": {"name": name.capitalize()},
            "network": {"interfaces": ["127.0.0.1"]},
            "brokers": {LINK: {"home": name, **broker}},
        }
        if peer.plugin is not None:
            self._config["plugins"] = {peer.plugin: None}

    @property
    def kernel(self) -> Kernel:
        """The parts of its hub."""
        assert self.hub is not None
        return self.hub.kernel

    async def start(self) -> None:
        """Start its hub."""
        config = Configuration.from_mapping(self._config)
        self.hub = Hub(config, folder=self._folder, api=False, plugins=self._plugins)
        await self.hub.__aenter__()

    async def stop(self) -> None:
        """Stop its hub."""
        hub, self.hub = self.hub, None
        if hub is not None:
            await hub.__aexit__(None, None, None)

    async def status(self) -> BrokerStatus:
        """Return how its link fares."""
        assert self.hub is not None
        component = self.hub.host.component("brokers")
        assert isinstance(component, Brokers)
        return (await component.statuses())[0]

    async def connected(self) -> None:
        """Return once it is connected."""
        async with asyncio.timeout(_WITHIN_S):
            while (await self.status()).state is not LinkState.UP:
                await asyncio.sleep(0.05)

    def sees(self, entity_id: str, state: str, **attributes: Any) -> Event | None:
        """Let one of its entities have a state; it takes commands from then on."""
        kernel = self.kernel
        if not kernel.commands.attached(entity_id):
            kernel.commands.attach(entity_id, self._take)
        return kernel.states.set(entity_id, state, attributes, source="test")

    def emits(self, type: str, subject: str, **data: Any) -> Event:
        """Let something happen."""
        return self.kernel.bus.emit(type, subject, data, source="test")

    def calls(self, service: str, entity_id: str, **data: Any) -> Call:
        """Call a service, as a person of this home would."""
        target = Target(entity_id=(entity_id,))
        return self.kernel.commands.call(service, data, target, source="test", actor="owner")

    def state(self, entity_id: str) -> str | None:
        """Return the text of a state."""
        found = self.kernel.states.get(entity_id)
        return found.state if found is not None else None

    def logged(self, type: str, subject: str | None = None) -> list[Event]:
        """Return what its log holds."""
        subjects = (subject,) if subject is not None else ()
        return list(self.kernel.log.scan(types=(type,), subjects=subjects))

    def _take(self, command: Command) -> None:
        assert command.entity_id is not None
        self.done.append((command.service, command.entity_id))
        if command.action in ("turn_on", "turn_off"):
            self.kernel.states.set(
                command.entity_id, command.action.removeprefix("turn_"), dict(command.data),
                source="test", cause=command.event,
            )  # fmt: skip


@asynccontextmanager
async def sharing(
    peer: Peer, prefix: str, folder: Path, **homes: Mapping[str, Any]
) -> AsyncIterator[dict[str, Home]]:
    """Let homes live at one broker: each with what it has there beside the URL."""
    found: dict[str, Home] = {}
    try:
        for name, broker in homes.items():
            found[name] = Home(name, folder, peer, broker_of(peer, prefix, homes, broker))
            await found[name].start()
            await found[name].connected()
        yield found
    finally:
        for home in found.values():
            await home.stop()


def broker_of(
    peer: Peer, prefix: str, homes: Mapping[str, Any], broker: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a broker's part of a configuration, with what its kind needs."""
    url = peer.plan(prefix, "main").url
    made = {"url": url, **peer.options(prefix), "publish": {}, "subscribe": {}, **broker}
    if not peer.kind.fans_out and made["publish"] is not None:
        made["publish"] = {"to": list(homes), **made["publish"]}
    return {key: one for key, one in made.items() if one is not None}


async def until(fact: Callable[[], bool], within_s: float = _WITHIN_S) -> None:
    """Return once something is so."""
    async with asyncio.timeout(within_s):
        while not fact():
            await asyncio.sleep(0.02)
