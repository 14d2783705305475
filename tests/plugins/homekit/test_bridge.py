"""The plugin against a real HomeKit bridge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from casita.domains import plugin as domains
from casita.errors import AuthFailed
from casita.hub import Hub
from casita.model import Target
from casita.services import Status
from casita_config import Configuration
from casita_homekit import plugin as homekit
from peers.hap import CODE, HapBridge, hap_bridge
from peers.hub import free_port

CONFIG = {"network": {"interfaces": ["127.0.0.1"]}, "plugins": {"homekit": None}}


def _hub(folder: Path) -> Hub:
    return Hub(
        Configuration.from_mapping(CONFIG),
        folder=folder,
        plugins=[domains, homekit],
        api=False,
    )


async def _until(holds: Callable[[], bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def _found(hub: Hub) -> str:
    await _until(lambda: bool(hub.kernel.discovery.inbox()))
    return hub.kernel.discovery.inbox()[0].id


def _state(hub: Hub, entity_id: str) -> str | None:
    state = hub.kernel.states.get(entity_id)
    return state.state if state else None


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[HapBridge]:
    async with hap_bridge(tmp_path, free_port()) as one:
        yield one


@pytest.fixture
async def hub(tmp_path: Path, bridge: HapBridge) -> AsyncIterator[Hub]:
    """A hub that has adopted the bridge."""
    async with _hub(tmp_path / "data") as one:
        await one.host.adopt(await _found(one), {"code": CODE})
        await one.host.started()
        yield one


async def test_a_bridge_is_found_and_a_wrong_code_is_explained(
    tmp_path: Path, bridge: HapBridge
) -> None:
    async with _hub(tmp_path / "data") as hub:
        key = await _found(hub)
        found = hub.kernel.discovery.inbox()[0]

        with pytest.raises(AuthFailed, match="eight digits"):
            await hub.host.adopt(key, {"code": "123"})
        with pytest.raises(AuthFailed, match="not its code"):
            await hub.host.adopt(key, {"code": "123-45-679"})

        assert found.candidate.title.startswith("Test Bridge")
        assert found.candidate.detail["category"] == "bridge"
        assert list(hub.kernel.discovery.adopted()) == []


async def test_its_accessories_are_devices_with_entities(hub: Hub) -> None:
    registry = hub.kernel.registry
    lamp = registry.require_entity("light.lamp")
    device = registry.devices.get(lamp.device_id)

    assert device is not None
    assert device.via_device_id is not None
    assert {entry.entity_id for entry in registry.entities} == {
        "light.lamp", "switch.plug", "sensor.thermo", "binary_sensor.motion", "lock.door",
        "cover.blind",
    }  # fmt: skip
    assert hub.kernel.states.require("light.lamp").attributes["supported_color_modes"] == ["hs"]


async def test_what_it_pushes_becomes_a_state(hub: Hub, bridge: HapBridge) -> None:
    bridge.poke("motion on")
    bridge.poke("temperature 21.5")

    await _until(lambda: _state(hub, "binary_sensor.motion") == "on")
    await _until(lambda: _state(hub, "sensor.thermo") == "21.5")


async def test_a_command_reaches_it_and_its_effect_carries_it_as_cause(
    hub: Hub, bridge: HapBridge
) -> None:
    call = hub.kernel.commands.call(
        "light.turn_on", {"brightness_pct": 40, "hs_color": [120, 50]},
        Target(entity_id=["light.lamp"]), source="test",
    )  # fmt: skip
    await bridge.says("lamp Brightness=40")
    await call.finished()

    state = hub.kernel.states.require("light.lamp")
    event = await hub.kernel.log.event(state.offset)
    assert event is not None
    cause = await hub.kernel.log.event(event.cause or 0)
    assert call.outcomes["light.lamp"].status is Status.DONE
    assert (state.state, state.attributes["brightness"]) == ("on", 102)
    assert cause is not None
    assert cause.type == "command.sent"


async def test_a_bridge_that_returns_on_another_port_is_lost_once_and_back_once(
    hub: Hub, bridge: HapBridge
) -> None:
    await bridge.kill()
    await _until(lambda: _state(hub, "light.lamp") == "unavailable")

    await bridge.start(free_port())
    await _until(lambda: _state(hub, "light.lamp") == "off", within_s=40)
    bridge.poke("motion on")
    await _until(lambda: _state(hub, "binary_sensor.motion") == "on")

    told = [event.type for event in hub.kernel.log.scan(types=["device.lost", "device.back"])]
    assert told == ["device.lost", "device.back"]


async def test_a_restart_of_the_hub_needs_no_pairing_and_is_no_storm(
    tmp_path: Path, bridge: HapBridge
) -> None:
    async with _hub(tmp_path / "data") as hub:
        await hub.host.adopt(await _found(hub), {"code": CODE})
        await _until(lambda: _state(hub, "light.lamp") == "off")
        hub.kernel.log.flush()
        before = hub.kernel.log.head

    async with _hub(tmp_path / "data") as hub:
        await hub.host.started()
        bridge.poke("motion on")
        await _until(lambda: _state(hub, "binary_sensor.motion") == "on")
        hub.kernel.log.flush()
        changed = [e.subject for e in hub.kernel.log.scan(after=before, types=["state.changed"])]

    assert changed == ["binary_sensor.motion"]
