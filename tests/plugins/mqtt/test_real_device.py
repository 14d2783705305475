"""The whole way: a real hub, a real broker, and a device of somebody else's making."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from casita import Plugin, State
from casita.domains import plugin as domains
from casita.hub import Hub
from casita.model import Target
from casita_config import Configuration
from casita_mqtt import plugin as mqtt
from peers.mqtt import RealBroker, mosquitto, real_broker, real_device

pytestmark = pytest.mark.system
needs_mosquitto = pytest.mark.skipif(
    mosquitto() is None, reason="no mosquitto: install it with apt-get install mosquitto"
)
_WITHIN_S = 15.0


class Home:
    """A hub and what tests want of it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.kernel = hub.kernel

    async def becomes(self, entity_id: str, state: str) -> State:
        """Return an entity's state once it is this one."""
        return await self.fits(entity_id, lambda one: one.state == state)

    async def fits(self, entity_id: str, fits: Callable[[State], bool]) -> State:
        """Return an entity's state once it fits."""
        found: asyncio.Future[State] = asyncio.get_running_loop().create_future()

        def look(_: Any = None) -> None:
            state = self.kernel.states.get(entity_id)
            if state is not None and fits(state) and not found.done():
                found.set_result(state)

        subscription = self.kernel.bus.subscribe(look, owner="test", subject=entity_id)
        look()
        try:
            return await asyncio.wait_for(found, _WITHIN_S)
        finally:
            subscription.cancel()

    async def happens(self, type: str, subject: str) -> None:
        """Return once there was an event of this type."""
        happened = asyncio.Event()
        subscription = self.kernel.bus.subscribe(
            lambda _: happened.set(), owner="test", type=type, subject=subject
        )
        if self.count(type, subject):
            happened.set()
        try:
            await asyncio.wait_for(happened.wait(), _WITHIN_S)
        finally:
            subscription.cancel()

    def count(self, type: str, subject: str) -> int:
        """Return how many events of a type about a subject there were."""
        return sum(
            one.type == type and one.subject == subject for one in self.kernel.log.scan(after=0)
        )

    async def call(self, service: str, entity_id: str | None = None, **data: Any) -> str:
        """Call a service; return how it ended."""
        target = Target(entity_id=(entity_id,)) if entity_id else None
        call = self.kernel.commands.call(service, data, target, source="test")
        await asyncio.wait_for(call.finished(), _WITHIN_S)
        (outcome,) = call.outcomes.values()
        return str(outcome.status)

    def history(self, entity_id: str, after: int = 0) -> list[str | None]:
        """Return the states that an entity has had since an offset."""
        return [
            one.data["state"]
            for one in self.kernel.log.scan(after=after)
            if one.type == "state.changed" and one.subject == entity_id
        ]


@asynccontextmanager
async def home_at(broker: RealBroker, **options: Any) -> AsyncIterator[Home]:
    """Run a hub at a broker."""
    config = Configuration.from_mapping({"plugins": {"mqtt": {"broker": broker.url, **options}}})
    plugins: list[Plugin] = [domains, mqtt]
    async with Hub(config, folder=None, plugins=plugins, api=False) as hub:
        await asyncio.wait_for(hub.host.started(), _WITHIN_S)
        yield Home(hub)


async def test_a_device_is_found_observed_and_commanded(tmp_path: Path) -> None:
    async with (
        real_broker(tmp_path) as broker,
        real_device(broker) as device,
        home_at(broker) as home,
    ):
        lamp = await home.becomes("light.box_lamp", "off")
        air = await home.becomes("sensor.box_air", "20.0")
        await device.do(motion=True, temperature=21.5)
        motion = await home.becomes("binary_sensor.box_motion", "on")
        warmer = await home.becomes("sensor.box_air", "21.5")
        outcome = await home.call("light.turn_on", "light.box_lamp", brightness=77)
        told = await device.heard(lambda one: "light" in one)
        lit = await home.becomes("light.box_lamp", "on")
        await home.call("cover.open_cover", "cover.box_blind")
        moved = await device.heard(lambda one: "blind" in one)
        await home.becomes("cover.box_blind", "open")

    assert lamp.attributes["supported_color_modes"] == ["brightness"]
    assert air.attributes["unit_of_measurement"] == "°C"
    assert motion.attributes["device_class"] == "motion"
    assert warmer.attributes["friendly_name"] == "Box Air"
    assert outcome == "done"
    assert told["light"] == {"state": "ON", "brightness": 77}
    assert lit.attributes["brightness"] == 77
    assert moved["blind"] == "OPEN"
    (entry,) = home.kernel.registry.devices
    assert (entry.name, entry.model, entry.manufacturer) == ("Box", "B1", "Boxes Ltd")


async def test_a_killed_device_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    async with real_broker(tmp_path) as broker, home_at(broker) as home:
        async with real_device(broker) as device:
            await home.becomes("light.box_lamp", "off")
            await device.kill()
            await home.becomes("light.box_lamp", "unavailable")
            await home.becomes("binary_sensor.box_motion", "unavailable")
            await home.happens("device.lost", "box1")
        async with real_device(broker):
            await home.becomes("light.box_lamp", "off")
            await home.becomes("binary_sensor.box_motion", "off")
            await home.happens("device.back", "box1")


async def test_a_device_that_takes_itself_back_is_gone(tmp_path: Path) -> None:
    async with (
        real_broker(tmp_path) as broker,
        real_device(broker) as device,
        home_at(broker) as home,
    ):
        await home.becomes("binary_sensor.box_motion", "off")
        await device.do(forget=True)
        await home.happens("entity.removed", "binary_sensor.box_motion")

        assert home.kernel.states.get("binary_sensor.box_motion") is None
        assert home.kernel.states.get("light.box_lamp") is not None


@needs_mosquitto
async def test_a_restarted_broker_is_lost_once_and_back_once(tmp_path: Path) -> None:
    async with real_broker(tmp_path) as broker, home_at(broker) as home:
        await _keep(home)
        await home.becomes("sensor.kept", "12")
        await home.becomes("switch.kept", "on")
        before = home.kernel.log.head

        await broker.stop()
        await home.happens("device.lost", "mqtt")
        await home.becomes("sensor.kept", "unavailable")
        await broker.start()
        await home.happens("device.back", "mqtt")

        assert home.history("sensor.kept", before) == ["unavailable", "12"]
        assert home.history("switch.kept", before) == ["unavailable", "on"]
        assert (home.count("device.lost", "mqtt"), home.count("device.back", "mqtt")) == (1, 1)
        await home.call("mqtt.publish", topic="kept/sensor", payload="13")
        await home.becomes("sensor.kept", "13")


async def _keep(home: Home) -> None:
    """Let the broker keep two components and their states."""
    for topic, payload in (
        ("homeassistant/sensor/kept/config", {"name": "Kept", "state_topic": "kept/sensor"}),
        ("homeassistant/switch/kept/config",
         {"name": "Kept", "state_topic": "kept/switch", "command_topic": "kept/set"}),
        ("kept/sensor", "12"),
        ("kept/switch", "ON"),
    ):  # fmt: skip
        await home.call("mqtt.publish", topic=topic, payload=payload, retain=True, qos=1)


async def test_a_trigger_hears_what_the_service_says(tmp_path: Path) -> None:
    fired: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    async with real_broker(tmp_path) as broker, home_at(broker) as home:
        schema = home.kernel.vocabulary.triggers["mqtt"].schema
        config = schema({"topic": "bell/+", "payload": "ring", "qos": 1})
        home.kernel.vocabulary.arm(
            "mqtt", config, lambda variables, cause: fired.set_result({**variables, "c": cause})
        )

        outcome = await home.call(
            "mqtt.publish", topic="bell/door", payload="ring", qos=1, retain=True
        )
        variables = await asyncio.wait_for(fired, _WITHIN_S)

    assert outcome == "done"
    assert (variables["topic"], variables["payload"], variables["qos"]) == ("bell/door", "ring", 1)
    assert (variables["c"].type, variables["c"].subject) == ("mqtt.message", "bell/door")


async def test_a_hub_without_a_broker_starts_and_finds_it_later(tmp_path: Path) -> None:
    broker = RealBroker(tmp_path, program=mosquitto())
    try:
        async with home_at(broker) as home:
            (waiting,) = [one for one in home.hub.host.ledger() if one.name == "mqtt"]
            await broker.start()
            await home.happens("plugin.started", "mqtt")
    finally:
        await broker.kill()

    assert waiting.state == "waiting"
    assert waiting.reason is not None
    assert "is the broker running?" in waiting.reason


@needs_mosquitto
async def test_a_broker_that_wants_a_password_needs_attention(tmp_path: Path) -> None:
    async with (
        real_broker(tmp_path, extra="allow_anonymous false") as broker,
        home_at(broker, username="me", password="canary-wrong") as home,
    ):
        (status,) = [one for one in home.hub.host.ledger() if one.name == "mqtt"]

    assert status.state == "needs attention"
    assert status.reason is not None
    assert "check username and password" in status.reason
    assert "canary" not in status.reason


async def test_a_stopping_hub_says_that_it_goes(tmp_path: Path) -> None:
    async with real_broker(tmp_path) as broker, home_at(broker) as witness:
        await witness.call(
            "mqtt.publish",
            topic="homeassistant/sensor/hub/config",
            payload={"name": "Hub", "state_topic": "homeassistant/status"},
        )
        birth = {"topic": "homeassistant/status", "retain": True}
        async with home_at(broker, birth=birth):
            await witness.becomes("sensor.hub", "online")
        await witness.becomes("sensor.hub", "offline")
