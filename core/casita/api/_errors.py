"""How a request is refused, and how the errors of the rest of the hub read over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from casita.errors import (
    AuthFailed,
    CasitaError,
    HopLimitReached,
    InvalidCommand,
    NotPermitted,
    NotReady,
    SetupFailed,
    UnknownEntity,
    UnknownService,
)

_BY_TYPE: Final[tuple[tuple[type[CasitaError], int, str], ...]] = (
    (UnknownService, 404, "unknown_service"),
    (UnknownEntity, 404, "unknown_entity"),
    (InvalidCommand, 400, "invalid_command"),
    (NotPermitted, 403, "not_permitted"),
    (HopLimitReached, 409, "hop_limit"),
    (AuthFailed, 422, "auth_failed"),
    (NotReady, 409, "not_ready"),
    (SetupFailed, 422, "setup_failed"),
    (CasitaError, 400, "refused"),
)


class Refused(CasitaError):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``code`` is for programs, ``message`` for people; ``field`` is what was wrong."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.headers = headers or {}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with a request."""

    code: str
    """A word for programs, as ``unknown_entity``."""
    message: str
    """What was wrong and what to do, for a person."""
    field: str | None = None
    """The part of the body or query that was wrong, as ``target.entity_id``."""


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error."""

    error: Fault

    @classmethod
    def of(cls, refused: Refused) -> ErrorAnswer:
        """Return the answer to a refused request."""
        return cls(error=Fault(code=refused.code, message=str(refused), field=refused.field))


def translated(err: CasitaError) -> Refused:
    """Return the refusal by which an error of the hub is answered."""
    if isinstance(err, Refused):
        return err
    for error_type, status, code in _BY_TYPE:
        if isinstance(err, error_type):
            return Refused(status, code, str(err))
    raise TypeError(f"{err!r} is no CasitaError")
