"""Routes as they are declared: everything that is asked of a request stands beside its handler."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from casita.api._scopes import Principal, Scope

if TYPE_CHECKING:
    from casita.api._setup import SetupCode
    from casita.api._tokens import Tokens
    from casita.host import Host
    from casita.kernel import Kernel

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HANDLED_WITHIN_S: Final = 20.0
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


@dataclass(slots=True, kw_only=True)
class Desk:
    """What handlers work with."""

    kernel: Kernel
    host: Host
    tokens: Tokens
    setup: SetupCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that has passed every check: all in it fits the route's declaration."""

    principal: Principal
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] | None = None
    """The fields of a form, if it is one, and the route takes forms."""
    last_event_id: str | None = None
    remote: str | None = None
    """The address that it came from; None: the owner's own socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An answer that is no JSON."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An answer without an end: server-sent events, each a chunk of its own."""

    chunks: AsyncGenerator[bytes, None]


Handler = Callable[[Desk, Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route. Its handler's docstring is its description, its return type the answer's schema."""

    method: str
    path: str
    scope: Scope
    returns: str
    handler: Handler
    query: vol.Schema
    body: vol.Schema | None
    timeout_s: float
    forms: bool = False
    """Whether it takes forms as well as JSON. No page may send it one: its origin is looked at."""

    @property
    def name(self) -> str:
        """What programs that are generated from the API call it."""
        return str(getattr(self.handler, "__name__", self.path))

    @property
    def summary(self) -> str:
        """What it is for, in one line."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """What else there is to know."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()

    @property
    def parameters(self) -> list[str]:
        """Names of the parts of the path that vary."""
        return _PARAMETER.findall(self.path)


def route(
    method: str,
    path: str,
    *,
    scope: Scope,
    returns: str,
    query: Mapping[Any, Any] | None = None,
    body: Mapping[Any, Any] | None = None,
    timeout_s: float = _HANDLED_WITHIN_S,
    forms: bool = False,
) -> Callable[[Handler], Route]:
    """Declare a handler's route.

    ``path`` has varying parts in braces. ``returns`` says in words what is answered. ``query``
    and ``body`` are voluptuous schemas; no ``body`` means that the request has none. Raises
    `TypeError` if the scope is none: a route that forgot its lock must not exist.
    """
    if not isinstance(scope, Scope):
        raise TypeError(f"{method} {path}: it has to declare one of the scopes, not {scope!r}")
    if method not in METHODS:
        raise ValueError(f"{method} {path}: the method is one of {', '.join(METHODS)}")
    if body is not None and method == "GET":
        raise ValueError(f"{method} {path}: a GET has no body")

    def declare(handler: Handler) -> Route:
        return Route(
            method=method,
            path=path,
            scope=scope,
            returns=returns,
            handler=handler,
            query=vol.Schema(dict(query or {})),
            body=None if body is None else vol.Schema(dict(body)),
            timeout_s=timeout_s,
            forms=forms,
        )

    return declare


def routes_of(modules: Iterable[ModuleType]) -> list[Route]:
    """Return the routes that modules declare."""
    return [one for module in modules for one in vars(module).values() if isinstance(one, Route)]


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        by_path: dict[str, dict[str, Route]] = {}
        for one in sorted(routes, key=lambda route: route.path.count("{")):
            by_method = by_path.setdefault(one.path, {})
            if one.method in by_method:
                raise ValueError(f"{one.method} {one.path} is declared twice")
            by_method[one.method] = one
        self._fixed = {path: found for path, found in by_path.items() if "{" not in path}
        for path, by_method in by_path.items():
            if "{" in path:
                self._patterns.append((_pattern(path), by_method))

    def find(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        """Return the routes of a path by method, none if there are none, and its parameters."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, {}
        for pattern, by_method in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return by_method, match.groupdict()
        return {}, {}


def _pattern(path: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(path)
    text = "".join(
        f"(?P<{part}>[^/]+)" if position % 2 else re.escape(part)
        for position, part in enumerate(parts)
    )
    return re.compile(text)
