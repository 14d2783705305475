"""Turns what handlers return, or raise, into responses."""

from __future__ import annotations

import logging
from typing import Any, Final

from aiohttp import web

from casita.api._encoding import encoded
from casita.api._errors import ErrorAnswer, Refused, translated
from casita.api._gate import HEADERS
from casita.api._table import Document
from casita.errors import CasitaError
from casita.ids import new_id

_logger = logging.getLogger(__name__)

_TOO_LARGE: Final = Refused(413, "too_large", "the body is larger than 1 MB")


def response(result: Any) -> web.Response:
    """Return the response for what a handler returned."""
    if isinstance(result, Document):
        headers = {**HEADERS, "Content-Type": result.content_type}
        return web.Response(body=result.content, headers=headers)
    return _json(200, encoded(result))


def refusal(refused: Refused) -> web.Response:
    """Return the response to a request that was refused."""
    answer = _json(refused.status, encoded(ErrorAnswer.of(refused)))
    answer.headers.update(refused.headers)
    return answer


def failure(err: Exception, where: str) -> web.Response:
    """Return the response for what a request's handling raised; a fault of ours gets an id."""
    if isinstance(err, CasitaError):
        return refusal(translated(err))
    if isinstance(err, web.HTTPRequestEntityTooLarge):
        return refusal(_TOO_LARGE)
    if isinstance(err, TimeoutError):
        return refusal(Refused(504, "timeout", "it took too long; it may still happen"))
    error_id = new_id()
    _logger.error("%s failed (error %s)", where, error_id, exc_info=err)
    return refusal(
        Refused(500, "internal", f"a fault of the hub; its log tells more under {error_id}")
    )


def malformed() -> web.Response:
    """Return the response to what is no proper HTTP request."""
    answer = refusal(Refused(400, "malformed", "this is no proper HTTP request"))
    answer.force_close()
    return answer


def _json(status: int, body: bytes) -> web.Response:
    headers = {**HEADERS, "Content-Type": "application/json"}
    return web.Response(status=status, body=body, headers=headers)
