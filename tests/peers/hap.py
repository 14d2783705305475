"""A real HomeKit bridge on loopback: HAP-python in a process of its own.

Lines that are written to it poke its sensors (``motion on``); what a controller sets on it, it
prints (``lamp On=1``).
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

CODE = "031-45-154"

_PROGRAM = """
import sys, threading, signal
from pyhap.accessory import Accessory, Bridge
from pyhap.accessory_driver import AccessoryDriver

port, state = int(sys.argv[1]), sys.argv[2]
driver = AccessoryDriver(
    port=port, address="127.0.0.1", listen_address="127.0.0.1", advertised_address="127.0.0.1",
    interface_choice=["127.0.0.1"], persist_file=state, pincode=b"031-45-154",
)

def accessory(name, service, chars):
    one = Accessory(driver, name)
    loaded = one.add_preload_service(service, chars=chars)
    def written(values):
        for kind, value in values.items():
            print(f"{name.lower()} {kind}={value:g}", flush=True)
    loaded.setter_callback = written
    return one, loaded

bridge = Bridge(driver, "Test Bridge")
services = {}
for name, service, chars in [
    ("Lamp", "Lightbulb", ["On", "Brightness", "Hue", "Saturation"]),
    ("Plug", "Switch", ["On"]),
    ("Thermo", "TemperatureSensor", ["CurrentTemperature"]),
    ("Motion", "MotionSensor", ["MotionDetected"]),
    ("Door", "LockMechanism", ["LockCurrentState", "LockTargetState"]),
    ("Blind", "WindowCovering", ["CurrentPosition", "TargetPosition", "PositionState"]),
]:
    one, services[name.lower()] = accessory(name, service, chars)
    bridge.add_accessory(one)
driver.add_accessory(bridge)

POKES = {
    "motion": ("motion", "MotionDetected", lambda text: text == "on"),
    "plug": ("plug", "On", lambda text: text == "on"),
    "temperature": ("thermo", "CurrentTemperature", float),
}

def poke():
    for line in sys.stdin:
        what, _, value = line.strip().partition(" ")
        name, kind, convert = POKES[what]
        char = services[name].get_characteristic(kind)
        driver.loop.call_soon_threadsafe(char.set_value, convert(value))

threading.Thread(target=poke, daemon=True).start()
signal.signal(signal.SIGTERM, driver.signal_handler)
print("ready", flush=True)
driver.start()
"""


class HapBridge:
    """The bridge; its pairings last over restarts."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "hap.state"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, port: int) -> None:
        """Start it on a port."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-c", _PROGRAM, str(port), str(self._state),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await self.says("ready")

    async def says(self, text: str, within_s: float = 15) -> None:
        """Return when it prints a line with this text."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            while True:
                line = await self._process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the bridge ended before it said {text!r}")
                if text in line.decode():
                    return

    def poke(self, line: str) -> None:
        """Let a sensor notice something: ``motion on``, ``plug off``, ``temperature 21.5``."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def kill(self) -> None:
        """End it as a power cut does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it in order."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(how)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def hap_bridge(folder: Path, port: int) -> AsyncIterator[HapBridge]:
    """Run a bridge, and stop it."""
    bridge = HapBridge(folder)
    try:
        await bridge.start(port)
        yield bridge
    finally:
        await bridge.stop()
