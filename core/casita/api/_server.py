"""The HTTP server: takes requests through every check to their handlers."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import voluptuous as vol
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from casita.api import _gate
from casita.api._answers import failure, malformed, response
from casita.api._checking import FORMS, checked, decoded, form_of, query_of
from casita.api._errors import Refused
from casita.api._scopes import NOBODY, OWNER, Principal, Scope
from casita.api._streams import send
from casita.api._table import Desk, Request, Route, Router, Stream
from casita.clock import deadline
from casita.tasks import Tasks

_CONNECTIONS_LIMIT: Final = 256
_CONNECTIONS_PER_ADDRESS: Final = 128
_STREAMS_LIMIT: Final = 64
_STREAMS_PER_ACTOR: Final = 16
_SHUT_WITHIN_S: Final = 2.0
_IDLE_S: Final = 30.0
"""How long a connection may be silent, also before its first request is complete."""
_BODY_WITHIN_S: Final = 10.0
_LONGEST_PATH: Final = 1000
_NO_BODY: Final = vol.Schema({})
_LINE_LIMIT: Final = 8190
_HEADERS_LIMIT: Final = 64

_logger = logging.getLogger(__name__)


class Front:
    """Answers requests that come by one way: over TCP, or through the owner's socket."""

    def __init__(
        self, desk: Desk, router: Router, *, hosts: Collection[str] | None, tasks: Tasks
    ) -> None:
        """``hosts`` are the names that we answer to; None: whoever gets here is the owner."""
        self._desk = desk
        self._router = router
        self._hosts = hosts
        self._tasks = tasks
        self._closing = asyncio.Event()
        self._streams: Counter[str] = Counter()

    def close(self) -> None:
        """End all streams."""
        self._closing.set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. Raises nothing: whatever goes wrong is an answer."""
        where = f"{request.method} {request.rel_url.raw_path[:_LONGEST_PATH]}"
        try:
            route, asked = await self._admit(request)
            handled = self._handle(route, asked)
            if route.method == "GET":
                result = await handled
            else:
                # what was begun is brought to its end, also if the client goes away
                result = await asyncio.shield(self._tasks.start(handled, where))
            if isinstance(result, Stream):
                return await self._stream(request, result, asked.principal)
        except Exception as err:  # noqa: BLE001 - the boundary of the hub
            return failure(err, where)
        return failure(result, where) if isinstance(result, Exception) else response(result)

    async def _admit(self, request: web.BaseRequest) -> tuple[Route, Request]:
        """Take a request through every check, the cheap ones first."""
        if self._hosts is not None:
            self._check_sender(request, self._hosts)
        route, params = self._route(request)
        query = query_of(request.query.items())
        principal = self._principal(route, request)
        if route.scope is not Scope.OPEN and route.scope not in principal.scopes:
            raise Refused(403, "missing_scope", f"this token lacks the scope {route.scope}")
        checked_query = checked(route.query, query, what="query")
        body, form = await self._body(route, request)
        asked = Request(
            principal=principal,
            params=params,
            query=checked_query,
            body=body,
            form=form,
            last_event_id=request.headers.get("Last-Event-ID"),
            remote=None if self._hosts is None else request.remote,
        )
        self._desk.tokens.recheck(principal)  # the body may have been a long time coming
        return route, asked

    def _check_sender(self, request: web.BaseRequest, hosts: Collection[str]) -> None:
        sockname = request.get_extra_info("sockname")
        # an address, unlike a name, cannot be made to point here by somebody else
        reached = {str(sockname[0])} if isinstance(sockname, tuple) else set()
        host = _gate.check_host(request.headers.getall("Host", []), {*hosts, *reached})
        # a request line with a whole URL in it names a host too
        _gate.check_host([request.host], {*hosts, *reached})
        _gate.check_origin(request.headers.getall("Origin", []), host)

    def _route(self, request: web.BaseRequest) -> tuple[Route, Mapping[str, str]]:
        by_method, params = self._router.find(request.path)
        if not by_method or len(request.path) > _LONGEST_PATH:
            raise Refused(404, "not_found", "there is nothing at this address")
        method = "GET" if request.method == "HEAD" else request.method
        if method not in by_method:
            allowed = sorted({*by_method, *(("HEAD",) if "GET" in by_method else ())})
            raise Refused(
                405, "wrong_method", f"it takes {', '.join(allowed)}",
                headers={"Allow": ", ".join(allowed)},
            )  # fmt: skip
        return by_method[method], params

    def _principal(self, route: Route, request: web.BaseRequest) -> Principal:
        if self._hosts is None:
            return OWNER
        if route.scope is Scope.OPEN:
            return NOBODY
        token = _gate.bearer(request.headers.getall("Authorization", []))
        return self._desk.tokens.check(token, source=request.remote or "")

    async def _body(
        self, route: Route, request: web.BaseRequest
    ) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        """Return what the JSON of a body says, and the fields of a form."""
        given = request.headers.get("Content-Type")
        kind = (given or "").partition(";")[0].strip().lower()
        is_form = route.forms and kind in FORMS
        _gate.check_content(
            "application/json" if is_form else given, request.headers.get("Content-Encoding"),
            has_body=request.can_read_body,
        )  # fmt: skip
        if route.method == "GET":
            return {}, None
        try:
            async with deadline(self._desk.kernel.clock, _BODY_WITHIN_S):
                raw = await request.read()
        except TimeoutError as err:
            message = f"the body did not arrive within {_BODY_WITHIN_S:g} s"
            raise Refused(408, "too_slow", message) from err
        if is_form and given is not None:
            return {}, form_of(given, raw)
        return checked(route.body or _NO_BODY, decoded(raw), what="body"), None

    async def _handle(self, route: Route, asked: Request) -> Any:
        """Return what a handler returns, or raises: a task that nobody awaits raises nothing."""
        try:
            async with deadline(self._desk.kernel.clock, route.timeout_s):
                return await route.handler(self._desk, asked)
        except Exception as err:  # noqa: BLE001 - it is answered
            return err

    async def _stream(
        self, request: web.BaseRequest, stream: Stream, principal: Principal
    ) -> web.StreamResponse:
        actor = principal.actor
        if self._streams.total() >= _STREAMS_LIMIT or self._streams[actor] >= _STREAMS_PER_ACTOR:
            raise Refused(
                503, "too_many_streams",
                f"{self._streams[actor]} streams of {actor} are open; close some",
                headers={"Retry-After": "10"},
            )  # fmt: skip
        self._streams[actor] += 1
        try:
            return await send(
                request, stream, principal, tokens=self._desk.tokens,
                clock=self._desk.kernel.clock, closing=self._closing,
            )  # fmt: skip
        finally:
            self._streams -= Counter([actor])


@asynccontextmanager
async def serving(front: Front, sockets: Iterable[socket.socket]) -> AsyncIterator[None]:
    """Let a front answer on sockets; at the end streams end, and what is under way gets 2 s."""
    runner = web.ServerRunner(_Server(front), shutdown_timeout=_SHUT_WITHIN_S)
    await runner.setup()
    try:
        for one in sockets:
            await web.SockSite(runner, one).start()
        yield
    finally:
        front.close()
        await runner.cleanup()


class _Server(web.Server):
    def __init__(self, front: Front) -> None:
        super().__init__(
            front.answer,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=_IDLE_S,
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            max_headers=_HEADERS_LIMIT,
        )

    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        others = [_address_of(one) for one in self.connections]
        from_there = others.count(_address_of(handler))
        if len(others) > _CONNECTIONS_LIMIT or from_there > _CONNECTIONS_PER_ADDRESS:
            transport.abort()


def _address_of(handler: RequestHandler) -> str:
    peer = handler.peername
    return str(peer[0]) if isinstance(peer, tuple) else "owner"


class _Protocol(RequestHandler):
    """aiohttp's own, with our words for what is not HTTP at all."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        _logger.debug("%s: no proper request: %s", request.remote, message)
        return malformed()
