"""The API as the hub starts and stops it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from casita.api._gate import LOOPBACK
from casita.api._listening import Doors, socket_at, tcp_sockets
from casita.api._setup import SetupCode
from casita.api._table import Desk, Router
from casita.api._tokens import Tokens
from casita.tasks import Tasks

if TYPE_CHECKING:
    from casita.host import Host
    from casita.kernel import Kernel

SOCKET: Final = "hub.sock"
"""Name of the owner's socket in the data folder."""


class Api:
    """The HTTP API: over TCP for those with a token, over a socket in the data folder for the
    user that the hub runs as.
    """

    def __init__(self, kernel: Kernel, host: Host, *, folder: Path | None = None) -> None:
        """``folder`` is where the owner's socket is put; None: there is none."""
        self._desk = Desk(kernel=kernel, host=host, tokens=Tokens(kernel.bus, kernel.clock))
        self._folder = folder
        self._address: str | None = None
        self._stack = AsyncExitStack()

    @property
    def address(self) -> str:
        """Where it answers, as ``http://127.0.0.1:8723``."""
        if self._address is None:
            raise RuntimeError("the API does not run")
        return self._address

    @property
    def setup_code(self) -> str | None:
        """The code with which the first token is made; None if there is nothing to set up."""
        setup = self._desk.setup
        return setup.text if setup is not None and setup.usable else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to listen. Raises `OSError` if the address is taken."""
        desk, settings = self._desk, self._desk.kernel.config.http
        desk.tokens.restore()
        if not desk.tokens.has_admin:
            desk.setup = SetupCode(desk.kernel.clock)
        async with AsyncExitStack() as stack:
            handling, opening = Tasks("api"), Tasks("api doors")
            stack.push_async_callback(handling.stop)
            doors = Doors(opening)
            stack.callback(doors.close)
            by_tcp = doors.hold(await tcp_sockets(settings.host, settings.port))
            by_owner = doors.hold(stack.enter_context(socket_at(self._socket_path)))
            served = await stack.enter_async_context(AsyncExitStack())
            self._address = _url(settings.host, by_tcp[0].getsockname()[1])

            async def open_up() -> None:
                router = await asyncio.to_thread(_loaded_router)
                from casita.api._server import Front, serving  # loaded by now

                allowed = {*LOOPBACK, *map(str.lower, settings.allowed_hosts)}
                for sockets, names in ((by_tcp, allowed), (by_owner, None)):
                    front = Front(desk, router, hosts=names, tasks=handling)
                    await served.enter_async_context(serving(front, sockets))

            stack.push_async_callback(opening.stop)
            doors.wait(open_up)
            stack.callback(doors.ignore)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop answering: streams end, what is under way is given 2 s."""
        await self._stack.aclose()
        self._address = None

    @property
    def _socket_path(self) -> Path | None:
        return self._folder / SOCKET if self._folder is not None else None


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the API; no hub has to run."""
    from casita.api._openapi import document
    from casita.api.routes import every_route

    return document(every_route())


def _loaded_router() -> Router:
    import casita.api._server  # noqa: F401 - it is heavy: this runs in a thread
    from casita.api.routes import every_route

    return Router(every_route())


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
