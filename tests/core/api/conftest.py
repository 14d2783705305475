"""A small house behind a real API on a free port, and somebody who asks it things."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import voluptuous as vol

from casita.api import Api
from casita.clock import VirtualClock
from casita.discovery import Candidate
from casita.errors import AuthFailed
from casita.home import Home
from casita.host import Host
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.plugin import Device, Plugin
from casita.services import Command, Outcome, Service, Status
from casita_config import Configuration

ALL = ("read", "control", "control:secure", "admin")


@dataclass(frozen=True)
class Reply:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])


class Listener:
    """Reads a stream of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last_id = 0

    async def next(self) -> Any:
        """Return the next event; None: the stream has ended."""
        async with asyncio.timeout(5):
            while True:
                try:
                    block = await self.response.content.readuntil(b"\n\n")
                except aiohttp.ClientError:
                    return None
                if not block:
                    return None
                fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line)
                if b"id" in fields:
                    self.last_id = int(fields[b"id"])
                if b"data" in fields:
                    return msgspec.json.decode(fields[b"data"])


class Caller:
    """Asks the API things, with a token unless it is told otherwise."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.token: str | None = None

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        data: bytes | io.BytesIO | None = None,
    ) -> Reply:
        """``token`` None: ask without one."""
        sent = {**self.bearer(token), **(headers or {})}
        if body is not None:
            data = msgspec.json.encode(body)
            sent = {"Content-Type": "application/json", **sent}
        async with self.session.request(
            method, self.address + path, data=data, headers=sent, skip_auto_headers=["Content-Type"]
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    @asynccontextmanager
    async def follow(
        self, query: str = "", *, token: str | None = "", last_event_id: int | None = None
    ) -> AsyncIterator[Listener]:
        """Listen to the stream of events."""
        headers = self.bearer(token)
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        url = f"{self.address}/api/events{query}"
        async with self.session.get(url, headers=headers) as response:
            assert response.status == 200
            yield Listener(response)

    def bearer(self, token: str | None = "") -> dict[str, str]:
        wanted = self.token if token == "" else token
        return {} if wanted is None else {"Authorization": f"Bearer {wanted}"}

    async def make_token(self, name: str, *scopes: str, **more: Any) -> str:
        """Make a token by way of the API."""
        body = {"name": name, "scopes": scopes or ("read",), **more}
        reply = await self("POST", "/api/tokens", body)
        assert reply.status == 200, reply.body
        return str(reply.json["token"])


@pytest.fixture
def config() -> dict[str, Any]:
    return {"http": {"port": 0, "allowed_hosts": ["home.example"]}}


@pytest.fixture
def kernel(clock: VirtualClock, log: MemoryLog, config: dict[str, Any]) -> Kernel:
    kernel = Kernel.assemble(Configuration.from_mapping(config), clock, log)
    _furnish(kernel)
    return kernel


@pytest.fixture
def host(kernel: Kernel) -> Host:
    host = Host(kernel, plugins=[_lamps()])
    host.load()
    return host


@pytest.fixture
async def api(kernel: Kernel, host: Host, tmp_path: Path) -> AsyncIterator[Api]:
    async with Api(kernel, host, folder=tmp_path) as api:
        yield api


@pytest.fixture
async def ask(api: Api) -> AsyncIterator[Caller]:
    """Somebody with a token that may do everything."""
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, api.address)
        reply = await caller(
            "POST", "/api/setup", {"code": api.setup_code, "name": "ann"}, token=None
        )
        caller.token = reply.json["token"]
        yield caller


def _furnish(kernel: Kernel) -> None:
    """Put entities, services and areas into the house, without any device behind them."""
    brightness = vol.All(int, vol.Range(min=0, max=255))
    doors = ("light", "lock", "cover", "group", "scene")
    services = [
        _service("light.turn_on", {vol.Optional("brightness"): brightness}),
        _service("light.turn_off"),
        _service("lock.unlock", {vol.Optional("code"): str}, secret_fields=("code",)),
        _service("cover.open_cover"),
        _service("homeassistant.turn_on", targets=doors),
        _service("scene.apply", {"entities": dict}, handler=lambda command: None),
        *(_service(f"automation.{name}") for name in ("turn_on", "turn_off", "trigger")),
    ]
    for service in services:
        kernel.commands.register(service)
    for entity_id, state, attributes in _STATES:
        kernel.registry.add_entity(
            source="test", unique_id=entity_id, domain=entity_id.split(".")[0],
            name=attributes.get("friendly_name", entity_id), object_id=entity_id.split(".")[1],
        )  # fmt: skip
        kernel.states.set(entity_id, state, attributes, source="test")
        kernel.commands.attach(entity_id, lambda command: _obey(kernel, command))
    kernel.registry.ensure_area("Hall", area_id="hall")


def _service(id: str, schema: Mapping[Any, Any] | None = None, **more: Any) -> Service:
    domain, _, name = id.partition(".")
    return Service(domain=domain, name=name, schema=vol.Schema(dict(schema or {})), **more)


_STATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("light.hall", "off", {"friendly_name": "Hall lamp", "supported_color_modes": ["brightness"]}),
    ("light.broken", "off", {}),
    ("lock.front", "locked", {"friendly_name": "Front door"}),
    ("cover.garage", "closed", {"device_class": "garage"}),
    ("cover.blind", "closed", {"device_class": "blind"}),
    ("group.doors", "on", {"entity_id": ["light.hall", "group.inner"]}),
    ("group.inner", "on", {"entity_id": ["lock.front", "group.doors"]}),
    ("group.gates", "on", {"entity_id": ["cover.blind", "cover.garage"]}),
    ("cover.both", "open", {"entity_id": ["cover.blind", "cover.garage"]}),
    ("scene.leaving", "unknown", {"entity_id": ["lock.front"]}),
    ("automation.night", "on", {"friendly_name": "Night", "mode": "single", "current": 0}),
)


def _obey(kernel: Kernel, command: Command) -> Outcome | None:
    entity_id = str(command.entity_id)
    if entity_id == "light.broken":
        return Outcome(status=Status.FAILED, message="it does not answer")
    if command.action in ("turn_on", "turn_off"):
        attributes = {**kernel.states.require(entity_id).attributes, **command.data}
        kernel.states.set(
            entity_id, command.action.removeprefix("turn_"), attributes, source="test",
            cause=command.event,
        )  # fmt: skip
    return None


def _lamps() -> Plugin:
    """A plugin of which a device can be found and adopted with the code 1234."""
    plugin = Plugin("lamps", version="1.0")

    @plugin.device
    class Lamp(Device):
        @classmethod
        async def pair(
            cls, candidate: Candidate, answers: Mapping[str, str], home: Home
        ) -> Mapping[str, Any]:
            if answers["code"] != "1234":
                raise AuthFailed(f"{candidate.title}: the code is wrong")
            return {"secret": "canary-7f3a"}

        async def start(self) -> None:
            pass

    return plugin
