"""The sockets of the API: open from the start, answered as soon as somebody knocks.

The server takes longer to load than the rest of the hub to start, so it is loaded, in a thread,
when the first client connects. Until then the kernel keeps clients waiting.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from casita.tasks import Tasks

_BACKLOG: Final = 128
_LONGEST_SOCKET_PATH: Final = 100

_logger = logging.getLogger(__name__)


class Doors:
    """Listening sockets, and what happens at the first knock."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._held: list[socket.socket] = []
        self._watched = False

    def hold(self, sockets: list[socket.socket]) -> list[socket.socket]:
        """Take sockets that are bound, to be closed in the end; return them."""
        self._held.extend(sockets)
        return sockets

    def wait(self, open_up: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Listen; run ``open_up`` once, when the first client knocks."""
        loop = asyncio.get_running_loop()

        def knocked() -> None:
            self.ignore()
            self._tasks.start(open_up(), "open up")

        for one in self._held:
            one.listen(_BACKLOG)
            one.setblocking(False)
            loop.add_reader(one, knocked)
        self._watched = True

    def ignore(self) -> None:
        """Stop waiting for a knock."""
        if self._watched:
            self._watched = False
            for one in self._held:
                asyncio.get_running_loop().remove_reader(one)

    def close(self) -> None:
        """Close the sockets."""
        for one in self._held:
            one.close()


async def tcp_sockets(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to every address of a host. Raises `OSError` if one is taken."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        for family, _, _, _, address in infos:
            if port == 0 and bound:
                address = (address[0], bound[0].getsockname()[1], *address[2:])
            bound.append(_bound_to(family, address))
    except OSError as err:
        for one in bound:
            one.close()
        raise OSError(
            err.errno, f"{host}:{port}: {err.strerror}; does another hub run? See `http: port:`"
        ) from err
    return bound


@contextmanager
def socket_at(path: Path | None) -> Iterator[list[socket.socket]]:
    """Bind a socket at a path, which nobody but this user could ever open; remove it after.

    Gives nothing, with a warning, if the path is longer than the kernel takes.
    """
    if path is None:
        yield []
        return
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        _logger.warning("%s: the path is too long for a socket; use a token instead", path)
        yield []
        return
    path.unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        one.bind(os.fspath(path))
    finally:
        os.umask(before)
    try:
        yield [one]
    finally:
        one.close()
        path.unlink(missing_ok=True)


def _bound_to(family: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one
