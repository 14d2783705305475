"""Sends server-sent events to one client, for as long as it listens and may."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Final

from aiohttp import web

from casita.api._gate import HEADERS
from casita.api._scopes import Principal
from casita.api._table import Stream
from casita.api._tokens import Tokens
from casita.clock import Clock

_BEAT_S: Final = 15.0
_STUCK_BEATS: Final = 4
"""A client that takes nothing for so many beats is let go; it can resume where it was."""
_BEAT: Final = b":\n\n"

_logger = logging.getLogger(__name__)


async def send(
    request: web.BaseRequest,
    stream: Stream,
    principal: Principal,
    *,
    tokens: Tokens,
    clock: Clock,
    closing: asyncio.Event,
) -> web.StreamResponse:
    """Send a stream until the client goes, its token ends, or ``closing`` is set.

    The stream is pulled: a client that is slow falls behind in the log, and holds up nobody.
    """
    headers = {**HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    response.force_close()
    if request.method == "HEAD":
        await stream.chunks.aclose()
        return response
    await response.prepare(request)
    over = asyncio.Event()
    pump = _Pump(response, request.transport, stream)
    with tokens.hanging(principal, over.set):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pump.run(), name="api: stream")
                group.create_task(pump.beat(clock), name="api: stream beat")
                group.create_task(_until(over), name="api: stream token")
                group.create_task(_until(closing), name="api: stream end")
        except* (_Over, ConnectionError):
            pass
        except* Exception as group_err:
            _logger.error("a stream failed", exc_info=group_err)
    pump.hang_up()
    return response


class _Over(Exception):
    """The stream is to end."""


class _Pump:
    def __init__(
        self, response: web.StreamResponse, transport: asyncio.Transport | None, stream: Stream
    ) -> None:
        self._response = response
        self._transport = transport
        self._stream = stream
        self._sent = 0

    async def run(self) -> None:
        async with aclosing(self._stream.chunks) as chunks:
            async for chunk in chunks:
                await self._response.write(chunk)
                self._sent += 1
        raise _Over

    async def beat(self, clock: Clock) -> None:
        """Write a comment now and then, so that both sides notice a dead connection."""
        stuck, sent = 0, -1
        while stuck < _STUCK_BEATS:
            await clock.sleep(_BEAT_S)
            if not self._backlog():
                await self._response.write(_BEAT)
                stuck = 0
            else:
                stuck = stuck + 1 if self._sent == sent else 0
            sent = self._sent
        raise _Over

    def hang_up(self) -> None:
        """Close the connection at once if the client is behind; else aiohttp does, in order."""
        if self._backlog() and self._transport is not None:
            self._transport.abort()

    def _backlog(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0


async def _until(event: asyncio.Event) -> None:
    await event.wait()
    raise _Over
