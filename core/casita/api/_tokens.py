"""Tokens: made, checked, revoked. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casita.api._errors import Refused
from casita.api._gate import CHALLENGE
from casita.api._guesses import Guesses
from casita.api._scopes import Principal, Scope, with_included
from casita.bus import Bus
from casita.clock import Clock
from casita.ids import new_id

_STORE: Final = "token"
_HUB: Final = "casita"
_PREFIX: Final = "casita"
_SECRET_BYTES: Final = 32
_LIMIT: Final = 100
_USE_NOTED_EVERY = timedelta(minutes=1)

DAYS: Final = 90
"""How long a token is good unless its maker says otherwise."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is shown: never its secret, nor the hash of it."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None = None
    """To the minute; None: never."""


class _Kept(Token, frozen=True, kw_only=True):
    """A token as it is kept."""

    digest: str
    """SHA-256 of the secret part, in hexadecimal digits."""


class Tokens:
    """All tokens. What hangs on a token (a stream) ends when the token does."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._tokens: dict[str, _Kept] = {}
        self._wrong_secrets = Guesses(clock)
        self._wrong_ids = Guesses(clock)
        self._hangers: dict[str, set[Callable[[], None]]] = {}

    def restore(self) -> None:
        """Read what the log has kept."""
        for key, document in self._bus.log.items(_STORE).items():
            self._tokens[key] = msgspec.convert(document, _Kept)

    def all(self) -> list[Token]:
        """Return all tokens that were not revoked, by name, those that are over included."""
        return [_shown(one) for one in sorted(self._tokens.values(), key=lambda one: one.name)]

    @property
    def has_admin(self) -> bool:
        """Whether somebody holds a token with which tokens can be made."""
        return any(Scope.ADMIN in one.scopes and not self._over(one)
                   for one in self._tokens.values())  # fmt: skip

    def create(
        self, name: str, scopes: Iterable[Scope], *, days: int = DAYS, actor: str
    ) -> tuple[Token, str]:
        """Make a token; return it with its text, which is not kept and cannot be had again.

        Raises `Refused` if the name is taken or there are a hundred tokens already.
        """
        self._forget_over()
        if any(one.name == name for one in self._tokens.values()):
            raise Refused(409, "name_taken", f"{name}: another token has this name", field="name")
        if len(self._tokens) >= _LIMIT:
            raise Refused(409, "too_many", f"there are {_LIMIT} tokens; revoke some first")
        token_id, secret = new_id(), secrets.token_urlsafe(_SECRET_BYTES)
        now = self._clock.now()
        kept = _Kept(
            id=token_id,
            name=name,
            scopes=tuple(sorted(with_included(scopes))),
            created=now,
            expires=now + timedelta(days=days),
            digest=_digest(secret),
        )
        self._write(kept)
        self._bus.emit(
            "token.created", name, {"id": token_id, "scopes": [str(one) for one in kept.scopes]},
            source=_HUB, actor=actor,
        )  # fmt: skip
        return _shown(kept), f"{_PREFIX}_{token_id}_{secret}"

    def revoke(self, token_id: str, *, actor: str) -> None:
        """End a token, and all that hangs on it, now. Raises `Refused` if there is none."""
        kept = self._tokens.get(token_id)
        if kept is None:
            raise Refused(404, "unknown_token", f"{token_id}: there is no token of this id")
        self._remove(token_id)
        self._bus.emit("token.revoked", kept.name, {"id": token_id}, source=_HUB, actor=actor)

    def check(self, text: str, *, source: str) -> Principal:
        """Return who presents a token.

        ``source`` is the network address that it came from. Raises `Refused` if the token is
        wrong or over, or if the source guessed wrong ten times within a minute; a token whose
        id exists is not held back by guesses whose ids do not.
        """
        kept, secret = self._find(text)
        guesses = self._wrong_secrets if kept else self._wrong_ids
        wait_s = guesses.wait_s(source)
        if wait_s:
            raise Refused(
                429, "too_many_guesses", "too many wrong tokens came from this address; wait",
                headers={"Retry-After": str(int(wait_s) + 1)},
            )  # fmt: skip
        if kept is None or not hmac.compare_digest(kept.digest, _digest(secret)):
            guesses.wrong(source)
            raise Refused(401, "wrong_token", "this token is not known here", headers=CHALLENGE)
        principal = Principal(
            actor=f"token:{kept.name}", scopes=frozenset(kept.scopes), token_id=kept.id
        )
        self.recheck(principal)
        self._note_use(kept)
        return principal

    def recheck(self, principal: Principal) -> None:
        """Raise `Refused` if the token that somebody came in with is over or revoked by now."""
        if principal.token_id is None:
            return
        kept = self._tokens.get(principal.token_id)
        if kept is None or self._over(kept):
            message = f"{principal.actor} is over or revoked; make a new token"
            raise Refused(401, "token_over", message, headers=CHALLENGE)

    @contextmanager
    def hanging(self, principal: Principal, end: Callable[[], None]) -> Iterator[None]:
        """Call ``end`` if the token is revoked, or its time is over, while the block runs."""
        if principal.token_id is None:
            yield
            return
        kept = self._tokens.get(principal.token_id)
        if kept is None:
            end()
            yield
            return
        hangers = self._hangers.setdefault(kept.id, set())
        hangers.add(end)
        alarm = self._clock.call_at(kept.expires, end)
        try:
            yield
        finally:
            alarm.cancel()
            hangers.discard(end)

    def _find(self, text: str) -> tuple[_Kept | None, str]:
        prefix, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        return (self._tokens.get(token_id) if prefix == _PREFIX else None), secret

    def _over(self, kept: _Kept) -> bool:
        return kept.expires <= self._clock.now()

    def _note_use(self, kept: _Kept) -> None:
        now = self._clock.now()
        if kept.last_used is None or now - kept.last_used >= _USE_NOTED_EVERY:
            self._write(msgspec.structs.replace(kept, last_used=now))

    def _forget_over(self) -> None:
        for token_id in [one.id for one in self._tokens.values() if self._over(one)]:
            self._remove(token_id)

    def _write(self, kept: _Kept) -> None:
        self._tokens[kept.id] = kept
        self._bus.log.put(_STORE, kept.id, msgspec.to_builtins(kept))

    def _remove(self, token_id: str) -> None:
        del self._tokens[token_id]
        self._bus.log.remove(_STORE, token_id)
        for end in list(self._hangers.pop(token_id, ())):
            end()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _shown(kept: _Kept) -> Token:
    return Token(**{name: getattr(kept, name) for name in Token.__struct_fields__})
