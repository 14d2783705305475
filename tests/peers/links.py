"""A link between two programs that can be cut, as a cable is: nothing comes through."""

from __future__ import annotations

import asyncio
import struct
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Final, Self

_HOST: Final = b"127.0.0.1"
_SIZE: Final = 4


class Link:
    """Listens in place of a server, and passes on what both sides say.

    With ``kafka`` the server's address in its answers becomes the link's own: a client of Kafka
    connects to where it is told that the broker is.
    """

    def __init__(self, server: int, *, kafka: bool = False) -> None:
        """``server`` is its port on loopback."""
        self.port = 0
        self._target = server
        self._kafka = kafka
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Let nothing through."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through again, also what was said meanwhile."""
        self._whole.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError):
            there, out = await asyncio.open_connection("127.0.0.1", self._target)
            back = self._answers if self._kafka else self._pass_on
            pumps = [
                asyncio.create_task(self._pass_on(reader, out)),
                asyncio.create_task(back(there, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                out.close()
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._whole.wait()
            writer.write(data)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on answers of Kafka, each with its length before it."""
        there, here = (_HOST + struct.pack(">i", port) for port in (self._target, self.port))
        while True:
            size = await reader.readexactly(_SIZE)
            answer = await reader.readexactly(int.from_bytes(size))
            await self._whole.wait()
            writer.write(size + answer.replace(there, here))
            await writer.drain()
