"""The inbox of devices that were noticed. An advert is a hint: only a person adopts a device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from casita.bus import Bus
from casita.clock import Clock
from casita.errors import CasitaError, did_you_mean
from casita.events import Event

_HUB: Final = "casita"
_CANDIDATES: Final = "candidate"
_ADOPTED: Final = "adopted"
_INBOX_LIMIT: Final = 500
"""More candidates than this at once is a flood, not a house."""


class Advert(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself on the network, as it was heard."""

    type: str
    """Service type, as ``_hap._tcp.local.``."""
    name: str
    """Instance name without the type."""
    addresses: tuple[str, ...]
    port: int
    properties: Mapping[str, str]
    """TXT record; keys in lower case."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A device that could be adopted, as its plugin describes it."""

    key: str
    """What tells it from all others of its plugin, whatever its address: pinned when adopted."""
    title: str
    asks: Mapping[str, str] = {}
    """What a person has to give to adopt it, by field: what to write there (``code``: ...)."""
    adoptable: bool = True
    """False for one that belongs to somebody else at present: known, and not offered."""
    detail: Mapping[str, Any] = {}
    """What helps to recognise it and to reach it: model, address, port."""


class Status(StrEnum):
    """What became of a candidate."""

    NEW = "new"
    IGNORED = "ignored"
    ADOPTED = "adopted"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the inbox."""

    id: str
    source: str
    """The plugin that knows what to do with it."""
    candidate: Candidate
    status: Status
    first_seen: datetime


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """A device that a person adopted."""

    id: str
    source: str
    key: str
    title: str
    settings: Mapping[str, Any]
    """What its plugin needs to reach it again; may hold secrets, so it is never logged."""

    @property
    def instance(self) -> str:
        """The name under which its entities and events come: ``homekit.a1_b2``."""
        return self.id


Adopter = Callable[[Candidate, Mapping[str, str]], Awaitable[Mapping[str, Any]]]
"""Pairs with a candidate, given a person's answers; returns the settings to keep."""


class Discovery:
    """Candidates and adopted devices; kept across restarts."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._inbox: dict[str, Found] = {}
        self._adopted: dict[str, Adopted] = {}
        self._adopters: dict[str, Adopter] = {}
        self.dropped = 0
        """How many candidates were not taken because the inbox was full."""

    def restore(self) -> None:
        """Read what the log has kept."""
        for key, document in self._bus.log.items(_CANDIDATES).items():
            self._inbox[key] = msgspec.convert(document, Found)
        for key, document in self._bus.log.items(_ADOPTED).items():
            self._adopted[key] = msgspec.convert(document, Adopted)

    def inbox(self) -> list[Found]:
        """Return what was found and is not adopted, by time of finding."""
        waiting = (one for one in self._inbox.values() if one.status is not Status.ADOPTED)
        return sorted(waiting, key=lambda one: one.first_seen)

    def adopted(self, source: str | None = None) -> Iterator[Adopted]:
        """Return the adopted devices, of one plugin or of all."""
        return (one for one in list(self._adopted.values()) if source in (None, one.source))

    def adopters(self, source: str, adopter: Adopter) -> None:
        """Let a plugin pair with the candidates that it found."""
        self._adopters[source] = adopter

    def found(self, source: str, candidate: Candidate) -> Event | None:
        """Put a candidate into the inbox; an event only if it is new there."""
        key = _key(source, candidate)
        known = self._inbox.get(key)
        if known is not None and known.status is Status.NEW and not candidate.adoptable:
            del self._inbox[key]
            self._bus.log.remove(_CANDIDATES, key)
            return None
        if known is not None:
            if known.candidate != candidate:
                self._write(msgspec.structs.replace(known, candidate=candidate))
            return None
        if key in self._adopted or not candidate.adoptable:
            return None
        if len(self._inbox) >= _INBOX_LIMIT:
            self.dropped += 1
            return None
        self._write(
            Found(
                id=key,
                source=source,
                candidate=candidate,
                status=Status.NEW,
                first_seen=self._clock.now(),
            )
        )
        data = {"title": candidate.title, "asks": dict(candidate.asks)}
        return self._bus.emit("device.found", key, data, source=source)

    def ignore(self, key: str, *, actor: str | None = None) -> None:
        """Take a candidate out of sight; it stays known, so that it is not found anew."""
        found = self._require(key)
        self._write(msgspec.structs.replace(found, status=Status.IGNORED))
        self._bus.emit("device.ignored", key, {}, source=_HUB, actor=actor)

    async def adopt(
        self, key: str, answers: Mapping[str, str], *, actor: str | None = None
    ) -> Adopted:
        """Pair with a candidate and keep it. Raises `CasitaError` that says what is missing."""
        found = self._require(key)
        missing = [f"{field} ({what})" for field, what in found.candidate.asks.items()
                   if not answers.get(field)]  # fmt: skip
        if missing:
            raise CasitaError(f"{found.candidate.title}: to adopt it give {', '.join(missing)}")
        adopter = self._adopters.get(found.source)
        if adopter is None:
            raise CasitaError(f"{found.candidate.title}: its plugin {found.source} is not running")
        settings = await adopter(found.candidate, answers)
        adopted = Adopted(
            id=key,
            source=found.source,
            key=found.candidate.key,
            title=found.candidate.title,
            settings=settings,
        )
        self._adopted[key] = adopted
        self._bus.log.put(_ADOPTED, key, msgspec.to_builtins(adopted))
        self._write(msgspec.structs.replace(found, status=Status.ADOPTED))
        self._bus.emit("device.adopted", key, {"title": adopted.title}, source=_HUB, actor=actor)
        return adopted

    def update(self, key: str, settings: Mapping[str, Any]) -> None:
        """Replace the settings of an adopted device, as when its address or pairing changed."""
        adopted = msgspec.structs.replace(self._adopted[key], settings=settings)
        self._adopted[key] = adopted
        self._bus.log.put(_ADOPTED, key, msgspec.to_builtins(adopted))

    def disown(self, key: str, *, actor: str | None = None) -> None:
        """Forget an adopted device; it may be found again."""
        if self._adopted.pop(key, None) is None:
            raise CasitaError(f"{key}: no such adopted device.{did_you_mean(key, self._adopted)}")
        self._inbox.pop(key, None)
        self._bus.log.remove(_ADOPTED, key)
        self._bus.log.remove(_CANDIDATES, key)
        self._bus.emit("device.disowned", key, {}, source=_HUB, actor=actor)

    def _require(self, key: str) -> Found:
        found = self._inbox.get(key)
        if found is None:
            hint = did_you_mean(key, self._inbox)
            raise CasitaError(f"{key}: nothing of this id waits to be adopted.{hint}")
        return found

    def _write(self, found: Found) -> None:
        self._inbox[found.id] = found
        self._bus.log.put(_CANDIDATES, found.id, msgspec.to_builtins(found))


def _key(source: str, candidate: Candidate) -> str:
    safe = "".join(char if char.isalnum() else "_" for char in candidate.key.lower())
    return f"{source}.{safe}"
