"""A real browser, driven through its debugging port."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-port=0",
)  # fmt: skip


class Page:
    """One page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0
        self.complaints: list[str] = []
        """What the browser said was wrong: refused by policy, failed, thrown."""

    async def do(self, method: str, **params: Any) -> Any:
        """Send a command of the DevTools protocol; return its result."""
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == self._asked:
                return message["result"]
            if message["method"] in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(str(message["params"]))

    async def open(self, url: str) -> None:
        """Go to a page."""
        for domain in ("Page", "Runtime", "Log"):
            await self.do(f"{domain}.enable")
        await self.do("Page.navigate", url=url)

    async def js(self, expression: str) -> Any:
        """Return the value of an expression on the page."""
        found = await self.do(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true on the page; fail after 15 s."""
        async with asyncio.timeout(15):
            while not await self.js(f"new Promise(r => setTimeout(() => r({expression}), 50))"):
                pass


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """Start a browser with a fresh profile, and give its page."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            address = await _debugger(process)
            async with session.get(f"http://{address}/json") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            url = pages[0]["webSocketDebuggerUrl"]
            async with session.ws_connect(url, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        process.kill()
        await process.communicate()


async def _debugger(process: asyncio.subprocess.Process) -> str:
    """Return host and port of the debugging port, which the browser prints."""
    assert process.stderr is not None
    async for line in process.stderr:
        if b"DevTools listening on ws://" in line:
            return line.split(b"ws://", 1)[1].split(b"/", 1)[0].decode()
    raise RuntimeError("the browser ended before it listened")
