"""What a token may be allowed to do, and who is asking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a route demands of whoever uses it."""

    OPEN = "open"
    """No token at all."""
    READ = "read"
    """See everything but tokens."""
    CONTROL = "control"
    """Command devices, run automations, emit events."""
    SECURE = "control:secure"
    """Command locks, alarms, and the doors of garages and gates."""
    ADMIN = "admin"
    """Adopt and rename devices, make and revoke tokens."""


GRANTABLE: Final = (Scope.READ, Scope.CONTROL, Scope.SECURE, Scope.ADMIN)
"""The scopes that a token can have."""
_INCLUDES: Final = {
    Scope.READ: {Scope.READ},
    Scope.CONTROL: {Scope.READ, Scope.CONTROL},
    Scope.SECURE: {Scope.READ, Scope.CONTROL, Scope.SECURE},
    Scope.ADMIN: {Scope.READ, Scope.ADMIN},
}


def with_included(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return scopes with those that they include: who may control may read."""
    return frozenset(one for scope in scopes for one in _INCLUDES[scope])


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking, and what they may do."""

    actor: str
    """What the log calls them: ``token:kitchen tablet``, or ``owner``."""
    scopes: frozenset[Scope]
    token_id: str | None = None


OWNER: Final = Principal(actor="owner", scopes=frozenset(GRANTABLE))
"""Whoever comes through the socket in the data folder: it is theirs."""
NOBODY: Final = Principal(actor="nobody", scopes=frozenset())
"""Whoever uses an open route."""
