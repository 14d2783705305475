"""Real brokers on loopback, and a real device of somebody else's making, each in a process."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from peers.hub import free_port

_UP_WITHIN_S = 15.0
_SAID_WITHIN_S = 15.0
_DEVICE = Path(__file__).with_name("mqtt_device.py")
_AMQTT = """
import asyncio, sys
from amqtt.broker import Broker

async def main():
    anyone = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    bind = {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}}
    broker = Broker({"listeners": bind, "plugins": anyone})
    await broker.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


def mosquitto() -> str | None:
    """Return where mosquitto is installed, or None."""
    beside = Path("/usr/sbin/mosquitto")
    return shutil.which("mosquitto") or (str(beside) if beside.exists() else None)


class RealBroker:
    """mosquitto, or else amqtt. What is retained outlives a restart of mosquitto."""

    def __init__(self, folder: Path, *, program: str | None, extra: str = "") -> None:
        """``program`` is mosquitto's path, None for amqtt; ``extra`` are lines of its config."""
        self.port = free_port()
        self._folder = folder
        self._program = program
        self._extra = extra
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Its address, as the option ``broker`` has it."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments(), stdout=DEVNULL, stderr=DEVNULL
        )
        async with asyncio.timeout(_UP_WITHIN_S):
            while not await _answers(self.port):
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Ask it to stop; what is retained is written down."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut does."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it, and start it on the same port."""
        await self.stop()
        await self.start()

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(how)
            await process.wait()

    def _arguments(self) -> list[str]:
        if self._program is None:
            return [sys.executable, "-c", _AMQTT, str(self.port)]
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"persistence true\npersistence_location {self._folder}/\n{self._extra}\n"
        )
        return [self._program, "-c", str(config)]


@asynccontextmanager
async def real_broker(folder: Path, *, extra: str = "") -> AsyncIterator[RealBroker]:
    """Run a broker: mosquitto if it is installed, else amqtt."""
    broker = RealBroker(folder, program=mosquitto(), extra=extra)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()


class RealDevice:
    """ha-mqtt-discoverable in a process: a light, a motion sensor, a thermometer, a cover."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._said: list[dict[str, Any]] = []
        self._listening = asyncio.create_task(self._listen(), name="device")

    async def do(self, **what: Any) -> None:
        """Let something happen at the device: ``motion=True``, ``temperature=21.5``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def heard(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first thing that the device reports and a function accepts."""
        async with asyncio.timeout(_SAID_WITHIN_S):
            while True:
                found = next((one for one in self._said if wanted(one)), None)
                if found is not None:
                    return found
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a power cut does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._said.append(json.loads(line))


@asynccontextmanager
async def real_device(broker: RealBroker) -> AsyncIterator[RealDevice]:
    """Run a device; return when it has announced itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_DEVICE), str(broker.port), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    device = RealDevice(process)
    try:
        await device.heard(lambda one: one.get("ready") is True)
        yield device
    finally:
        await device.kill()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
