"""What is asked of every request first: that it is meant for us, and from a page of ours.

A web page that the owner has open can send requests to this machine, and with a name of its own
that points here (DNS rebinding) even read the answers. Host and Origin tell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from casita.api._errors import Refused

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "casita",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer."""


def check_host(given: Sequence[str], allowed: Collection[str]) -> str:
    """Return the one Host header. Raises `Refused` unless it names one of the allowed hosts."""
    if len(given) == 1 and host_name(given[0]) in allowed:
        return given[0]
    raise Refused(
        421,
        "unknown_host",
        "this hub does not answer to that name; add it to `http: allowed_hosts:` if it should",
    )


def check_origin(given: Sequence[str], host: str) -> None:
    """Raise `Refused` if a page of another origin sent the request."""
    ours = (f"http://{host}".lower(), f"https://{host}".lower())
    if any(origin.lower() not in ours for origin in given):
        raise Refused(403, "foreign_origin", "pages of other sites may not talk to this hub")


def check_content(content_type: str | None, encoding: str | None, *, has_body: bool) -> None:
    """Raise `Refused` if a body is anything but plain JSON: forms of other pages are not."""
    if content_type is None and not has_body:
        return
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "not_json", "the body has to be JSON: `Content-Type: application/json`")
    if encoding not in (None, "identity"):
        raise Refused(415, "encoded", "a body with a Content-Encoding is not taken")


def bearer(given: Sequence[str]) -> str:
    """Return the token of an Authorization header. Raises `Refused` if there is none."""
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(
            401, "no_token", "send a token as the header `Authorization: Bearer ...`",
            headers=CHALLENGE,
        )  # fmt: skip
    return token.strip()


CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
"""What an answer of 401 carries."""


def host_name(host: str) -> str:
    """Return a Host header without its port, brackets and case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()
