"""A house of real parts: a HomeKit bridge, an MQTT device, and an automation between them."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from peers.hap import CODE, hap_bridge
from peers.hub import HubProcess, free_port, running_hub
from peers.mqtt import real_broker, real_device

AUTOMATIONS = """
automations:
  - alias: Motion lights the box
    triggers:
      - trigger: state
        entity_id: binary_sensor.motion
        to: "on"
    actions:
      - action: light.turn_on
        target: {entity_id: light.box_lamp}
        data: {brightness_pct: 40}
"""


async def _adopted(hub: HubProcess) -> None:
    async with asyncio.timeout(15):
        while not (inbox := await hub.get("/api/discovery")):
            await asyncio.sleep(0.05)
    await hub.post(f"/api/discovery/{inbox[0]['id']}/adopt", {"answers": {"code": CODE}})


async def _casita(folder: Path, *arguments: str) -> str:
    """Run the command line; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "casita", *arguments, "--config", str(folder),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return said.decode()


async def test_from_a_homekit_sensor_to_an_mqtt_light_and_back_to_why(tmp_path: Path) -> None:
    async with (
        real_broker(tmp_path) as broker,
        real_device(broker) as box,
        hap_bridge(tmp_path, free_port()) as bridge,
        running_hub(
            tmp_path, f"plugins: {{homekit: null, mqtt: {{broker: '{broker.url}'}}}}\n{AUTOMATIONS}"
        ) as hub,
    ):
        await _adopted(hub)
        await hub.becomes("binary_sensor.motion", "off")
        await hub.becomes("light.box_lamp", "off")

        bridge.poke("motion on")
        told = await box.heard(lambda one: "light" in one)
        await hub.becomes("light.box_lamp", "on")
        why: dict[str, Any] = json.loads(await _casita(tmp_path, "why", "light.box_lamp", "--json"))
        tree = await _casita(tmp_path, "why", "light.box_lamp")

    assert told["light"] == {"state": "ON", "brightness": 102}
    assert [(one["type"], one["subject"]) for one in why["chain"]] == [
        ("state.changed", "light.box_lamp"),
        ("command.sent", "light.box_lamp"),
        ("run.started", "automation.motion_lights_the_box"),
        ("state.changed", "binary_sensor.motion"),
    ]
    assert [line.partition("  [")[0].strip(" └─") for line in tree.splitlines()] == [
        "Box Lamp turned on (40 %)",
        "light.turn_on sent to Box Lamp (brightness 102)",
        "automation Motion lights the box ran",
        "Motion turned on",
    ]


async def test_a_house_that_is_killed_needs_no_hand(tmp_path: Path) -> None:
    async with (
        real_broker(tmp_path) as broker,
        real_device(broker) as box,
        hap_bridge(tmp_path, free_port()) as bridge,
        running_hub(
            tmp_path, f"plugins: {{homekit: null, mqtt: {{broker: '{broker.url}'}}}}\n{AUTOMATIONS}"
        ) as hub,
    ):
        await _adopted(hub)
        await hub.becomes("binary_sensor.motion", "off")
        await hub.becomes("sensor.box_air", "20.0")

        await hub.kill()
        await hub.start()
        states = [await hub.state(one) for one in ("binary_sensor.motion", "sensor.box_air")]
        bridge.poke("motion on")
        told = await box.heard(lambda one: "light" in one)
        events = await hub.log()

    assert states == ["off", "20.0"]
    assert told["light"]["state"] == "ON"
    assert [event["offset"] for event in events] == list(range(1, len(events) + 1))
