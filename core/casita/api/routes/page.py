"""The page: a few files, served as they are."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Final

import voluptuous as vol

from casita.api._scopes import Scope
from casita.api._table import Desk, Document, Request, route

_PAGE: Final = files("casita.api") / "page"


@route(
    "GET", "/", scope=Scope.OPEN, returns="the page",
    query={vol.Extra: object},  # a link from elsewhere may carry anything
)  # fmt: skip
async def index(desk: Desk, request: Request) -> Document:
    """Get the page."""
    return await _file("index.html", "text/html; charset=utf-8")


@route("GET", "/app.js", scope=Scope.OPEN, returns="its script")
async def script(desk: Desk, request: Request) -> Document:
    """Get the script of the page."""
    return await _file("app.js", "text/javascript; charset=utf-8")


@route("GET", "/style.css", scope=Scope.OPEN, returns="its style sheet")
async def style(desk: Desk, request: Request) -> Document:
    """Get the style sheet of the page."""
    return await _file("style.css", "text/css; charset=utf-8")


@route("GET", "/icon.svg", scope=Scope.OPEN, returns="its icon")
async def icon(desk: Desk, request: Request) -> Document:
    """Get the icon of the page."""
    return await _file("icon.svg", "image/svg+xml")


async def _file(name: str, content_type: str) -> Document:
    content = await asyncio.to_thread((_PAGE / name).read_bytes)
    return Document(content_type=content_type, content=content)
