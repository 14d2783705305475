"""The API as the hub starts and stops it."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from casita.api._gate import LOOPBACK
from casita.api._setup import SetupCode
from casita.api._table import Desk, Router
from casita.api._tokens import Tokens
from casita.tasks import Tasks

if TYPE_CHECKING:
    from aiohttp import web

    from casita.host import Host
    from casita.kernel import Kernel

SOCKET: Final = "hub.sock"
"""Name of the owner's socket in the data folder."""
_LONGEST_SOCKET_PATH: Final = 100
_SHUT_WITHIN_S: Final = 2.0

_logger = logging.getLogger(__name__)


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
        """Begin to answer. Raises `OSError` if the address is taken."""
        from aiohttp import web  # it is heavy, and a hub in a test may do without

        from casita.api._server import Front, serve
        from casita.api.routes import every_route

        desk, settings = self._desk, self._desk.kernel.config.http
        desk.tokens.restore()
        if not desk.tokens.has_admin:
            desk.setup = SetupCode(desk.kernel.clock)
        router = Router(every_route())
        async with AsyncExitStack() as stack:
            tasks = Tasks("api")
            stack.push_async_callback(tasks.stop)

            async def listen(front: Front) -> web.ServerRunner:
                runner = web.ServerRunner(serve(front), shutdown_timeout=_SHUT_WITHIN_S)
                await runner.setup()
                stack.push_async_callback(runner.cleanup)
                stack.callback(front.close)
                return runner

            hosts = {*LOOPBACK, settings.host, *(one.lower() for one in settings.allowed_hosts)}
            runner = await listen(Front(desk, router, hosts=hosts, tasks=tasks))
            await web.TCPSite(runner, settings.host, settings.port).start()
            self._address = _url(settings.host, runner.addresses[0][1])
            path = self._socket_path()
            if path is not None:
                owners = await listen(Front(desk, router, hosts=None, tasks=tasks))
                await web.SockSite(owners, _bound(path)).start()
                stack.callback(path.unlink, missing_ok=True)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop answering: streams end, what is under way is given 2 s."""
        await self._stack.aclose()
        self._address = None

    def _socket_path(self) -> Path | None:
        if self._folder is None:
            return None
        path = self._folder / SOCKET
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            _logger.warning("%s: the path is too long for a socket; use a token instead", path)
            return None
        return path


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the API; no hub has to run."""
    from casita.api._openapi import document
    from casita.api.routes import every_route

    return document(every_route())


def _bound(path: Path) -> socket.socket:
    """Return a socket at a path, which nobody but this user could ever open."""
    path.unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        one.bind(os.fspath(path))
    except OSError:
        one.close()
        raise
    finally:
        os.umask(before)
    return one


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
