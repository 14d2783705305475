"""A device that never answers delays nothing else, and one that returns is back within 30 s.

In full: 200 devices that never answer, 100 breaks; ``poe proofs`` takes them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import pytest

from casita.clock import VirtualClock
from casita.entities import Entity
from casita.errors import NotReady
from casita.host import Host, State, own_plugins
from casita.hub import Hub
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.model import Target
from casita.plugin import Component, Plugin
from casita.services import Call, Command, Status
from casita_config import Configuration
from peers.hub import free_port
from proofs import share

EXPIRES_S: Final = 2.0
CALLS: Final = 200
BLOCKED_S: Final = 0.03
UP_WITHIN_S: Final = 5.0


def _plugin(name: str, component: type[Component]) -> Plugin:
    plugin = Plugin(name, version="1")
    plugin.component(component)
    return plugin


@asynccontextmanager
async def _peer(*, answers: bool) -> AsyncIterator[int]:
    """Listen on loopback, and answer each line or swallow it; yield the port."""
    open_ = set[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        while line := await reader.readline():
            if answers:
                writer.write(line)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_:
            writer.close()
        await asyncio.sleep(0.05)


def _device(name: str, port: int, *, greets: bool, blocks: bool = False) -> Plugin:
    """Return a plugin of a lamp behind TCP, which may want a greeting before it has started.

    One that ``blocks`` asks its device again and again as no plugin may: nothing else happens
    while it waits.
    """

    class Lamp(Component):
        async def start(self) -> None:
            self.home.add(Entity("light", "lamp", name, object_id=name)).observe("off")
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
            if blocks:
                self._asking = asyncio.ensure_future(self._block())
            if greets:
                await self._ask(b"hello\n")

        async def stop(self) -> None:
            if blocks:
                self._asking.cancel()
            self._writer.close()

        async def _block(self) -> None:
            while True:
                time.sleep(BLOCKED_S)  # noqa: ASYNC251 - the fault
                await asyncio.sleep(BLOCKED_S)

        async def command(self, entity: Entity, command: Command) -> None:
            await self._ask(command.service.encode() + b"\n")
            entity.observe(command.action == "turn_on", cause=command.event)

        async def _ask(self, line: bytes) -> None:
            self._writer.write(line)
            if not await self._reader.readline():
                raise NotReady("the connection broke")

    return _plugin(name, Lamp)


@asynccontextmanager
async def _hub(plugins: list[Plugin], folder: Path) -> AsyncIterator[Hub]:
    config: dict[str, Any] = {
        "plugins": {one.name: None for one in plugins},
        "http": {"port": free_port()},
        "network": {"interfaces": ["127.0.0.1"]},
    }
    hub = Hub(Configuration.from_mapping(config), folder=folder, plugins=[*own_plugins(), *plugins])
    entering = asyncio.ensure_future(hub.__aenter__())
    try:
        yield hub
    finally:
        if not entering.done():
            entering.cancel()
        ended = await asyncio.gather(entering, return_exceptions=True)
        if ended[0] is hub:
            await hub.__aexit__(None, None, None)


async def _answers_after(hub: Hub) -> float:
    """Return after how many seconds the API answers."""
    began = time.monotonic()
    address = f"http://127.0.0.1:{hub.config.http.port}/api/health"
    async with aiohttp.ClientSession() as session:
        while time.monotonic() - began < 20:
            try:
                async with session.get(address) as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
    return time.monotonic() - began


async def _p99_ms(hub: Hub, entity_id: str) -> float:
    """Return the slowest but one percent of calls, in milliseconds."""
    took = []
    for number in range(CALLS):
        began = time.monotonic()
        service = "light.turn_on" if number % 2 else "light.turn_off"
        target = Target(entity_id=[entity_id])
        call = hub.kernel.commands.call(service, {}, target, source="test")
        await call.finished()
        took.append(time.monotonic() - began)
        assert call.outcomes[entity_id].status is Status.DONE
    return 1000 * sorted(took)[-max(1, CALLS // 100) - 1]


async def _runs(hub: Hub, name: str) -> None:
    for _ in range(500):
        if _state_of(hub, name) is State.RUNNING:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} does not run: it is {_state_of(hub, name)}")


def _state_of(hub: Hub, name: str) -> State | None:
    """Return the state of a plugin's one instance; None if it was not tried yet."""
    if not hasattr(hub, "host"):
        return None
    found = (one for plugin in hub.host.ledger() if plugin.name == name for one in plugin.instances)
    return next((one.state for one in found), None)


class Found(NamedTuple):
    """How a house with devices that never answer did."""

    alone_ms: float
    up_s: float
    among_ms: float
    ended_s: float
    calls: list[Call]
    unstarted: set[State | None]

    @property
    def undisturbed(self) -> bool:
        """Whether the good device was as quick as without the others."""
        return self.among_ms <= max(2 * self.alone_ms, 20)


async def _among(holes: int, tmp_path: Path, *, blocks: bool = False) -> Found:
    """Let a good device work alone, and then among others that never answer."""
    async with _peer(answers=True) as good_port, _peer(answers=False) as hole_port:
        good = _device("good", good_port, greets=True)
        async with _hub([good], tmp_path / "alone") as hub:
            await _runs(hub, "good")
            alone_ms = await _p99_ms(hub, "light.good")

        plugins = [
            _device(f"hole{n}", hole_port, greets=n % 2 == 0, blocks=blocks) for n in range(holes)
        ]
        async with _hub([good, *plugins], tmp_path / "among") as hub:
            up_s = await _answers_after(hub)
            await _runs(hub, "good")
            silent = [f"hole{n}" for n in range(1, holes, 2)]
            for name in silent:
                await _runs(hub, name)
            began = time.monotonic()
            calls = [
                hub.kernel.commands.call(
                    "light.turn_on", {}, Target(entity_id=[f"light.{name}"]), source="test",
                    expires_s=EXPIRES_S,
                )
                for name in silent
            ]  # fmt: skip
            among_ms = await _p99_ms(hub, "light.good")
            for call in calls:
                await call.finished()
            ended_s = time.monotonic() - began
            unstarted = {_state_of(hub, f"hole{number}") for number in range(0, holes, 2)}
    return Found(alone_ms, up_s, among_ms, ended_s, calls, unstarted)


async def test_black_holes_delay_nobody(tmp_path: Path) -> None:
    found = await _among(share(200), tmp_path)

    outcomes = {one.status for call in found.calls for one in call.outcomes.values()}
    assert found.up_s <= UP_WITHIN_S
    assert found.undisturbed
    assert found.ended_s <= EXPIRES_S + 1
    assert outcomes == {Status.UNCERTAIN}
    assert found.unstarted <= {State.STARTING, State.WAITING}


async def test_control_plugins_that_block_disturb_the_others(tmp_path: Path) -> None:
    found = await _among(2, tmp_path, blocks=True)

    assert not found.undisturbed


async def _healed_s(breaks_s: list[float], seed: int) -> list[float]:
    """Let devices be away at the start for so long; return how long each took to be back then."""
    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    kernel = Kernel.assemble(Configuration.from_mapping({}), clock, MemoryLog(clock=clock))
    back: dict[str, float] = {}
    random.seed(seed)

    def device(name: str, away_s: float) -> Plugin:
        class Returning(Component):
            async def start(self) -> None:
                if clock.monotonic() < away_s:
                    raise NotReady("it does not answer")
                back[name] = clock.monotonic() - away_s

        return _plugin(name, Returning)

    host = Host(kernel, plugins=[device(f"d{n}", one) for n, one in enumerate(breaks_s)])
    host.load()
    starting = asyncio.ensure_future(host.start())
    await clock.pass_time(max(breaks_s) + 400)
    await starting
    await host.stop()
    assert len(back) == len(breaks_s)
    return list(back.values())


async def test_devices_that_return_are_back_within_half_a_minute() -> None:
    chance = random.Random(12)
    breaks_s = [chance.uniform(1, 3600) for _ in range(share(100))]

    healed = await _healed_s(breaks_s, seed=12)

    assert max(healed) <= 30


async def test_control_longer_pauses_break_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casita.host._runner._LONGEST_RETRY_S", 300.0)

    healed = await _healed_s([200.0 * n for n in range(1, 11)], seed=12)

    assert max(healed) > 30
