"""A hub in a process of its own, as people run it, and its API over its socket."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

_READY_WITHIN_S = 30.0


class HubProcess:
    """``casita run`` on a configuration folder; may be killed and started again."""

    def __init__(self, folder: Path, *, program: Sequence[str] = ("-m", "casita")) -> None:
        """``program`` is what Python is given to run."""
        self.folder = folder
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def socket(self) -> Path:
        """Where its API answers without a token."""
        return self.folder / ".casita" / "hub.sock"

    @property
    def command(self) -> list[str]:
        """What starts it."""
        return [sys.executable, *self._program, "run", "--quiet", str(self.folder)]

    async def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command, stdout=asyncio.subprocess.DEVNULL
        )  # fmt: skip
        connector = aiohttp.UnixConnector(str(self.socket))
        self._session = aiohttp.ClientSession("http://localhost", connector=connector)
        async with asyncio.timeout(_READY_WITHIN_S):
            while not await self._answers():
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a power cut does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def get(self, path: str) -> Any:
        """Return what a route answers."""
        assert self._session is not None
        async with self._session.get(path) as answer:
            return await answer.json()

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Post JSON, return what the route answers."""
        assert self._session is not None
        async with self._session.post(path, json=body or {}) as answer:
            text = await answer.text()
            assert answer.status < 300, text
            return json.loads(text) if text else None

    async def state(self, entity_id: str) -> str | None:
        """Return the text of an entity's state, or None if there is no such entity."""
        answer = await self.get(f"/api/states/{entity_id}")
        state = answer.get("state")
        return None if state is None else str(state)

    async def becomes(self, entity_id: str, state: str, within_s: float = 10) -> None:
        """Return when an entity has a state."""
        async with asyncio.timeout(within_s):
            while await self.state(entity_id) != state:
                await asyncio.sleep(0.02)

    async def log(self, types: str = "", subjects: str = "") -> list[dict[str, Any]]:
        """Return the events of some types about some subjects."""
        events: list[dict[str, Any]] = []
        after = 0
        while True:
            wanted = {"types": types, "subjects": subjects}
            more = "".join(f"&{key}={value}" for key, value in wanted.items() if value)
            page = await self.get(f"/api/log?after={after}&limit=1000{more}")
            if not page["events"]:
                return events
            events += page["events"]
            after = events[-1]["offset"]

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._session is not None
        if self._process.returncode is not None:
            raise RuntimeError(f"the hub ended with {self._process.returncode}")
        try:
            async with self._session.get("/api/health") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        session, self._session = self._session, None
        if process is not None and process.returncode is None and how is signal.SIGKILL:
            process.kill()  # while requests are under way
        if session is not None:
            await session.close()
        if process is None:
            return 0
        if process.returncode is None and how is not signal.SIGKILL:
            process.send_signal(how)
        async with asyncio.timeout(20):
            return await process.wait()


class WorkerProcess(HubProcess):
    """``casita worker`` on a configuration folder that it shares with others."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.name = name

    @property
    def socket(self) -> Path:
        return self.folder / ".casita" / "workers" / self.name / "hub.sock"

    @property
    def command(self) -> list[str]:
        worker = ("worker", "--quiet", "--id", self.name)
        return [sys.executable, *self._program, *worker, str(self.folder)]


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running_hub(
    folder: Path, config: str, *, program: Sequence[str] = ("-m", "casita")
) -> AsyncIterator[HubProcess]:
    """Write a configuration, run a hub on it, and stop it."""
    (folder / "casita.yaml").write_text(
        f"http: {{port: {free_port()}}}\nnetwork: {{interfaces: [127.0.0.1]}}\n{config}"
    )
    hub = HubProcess(folder, program=program)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()
