"""Services: what the house can be asked to do, and how an asking ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.errors import CommandFailed
from casita.events import Event, State


class Kind(StrEnum):
    """Whether repeating a command harms."""

    SET = "set"
    """Brings about a state; may be repeated."""
    PULSE = "pulse"
    """Does something once (toggle, open, dispense); is never repeated."""


class Status(StrEnum):
    """How a command ended."""

    DONE = "done"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """The answer was lost: it may or may not have happened."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended, and what the device said."""

    status: Status
    message: str | None = None
    response: Mapping[str, Any] | None = None


DONE: Final = Outcome(status=Status.DONE)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A checked command on its way to one entity, or to a service that has no entities."""

    service: str
    """``domain.action``, as ``light.turn_on``."""
    entity_id: str | None
    data: Mapping[str, Any]
    """The service's data after its schema: units and names as the service declares them."""
    event: Event
    """The ``command.sent`` event: what the command causes carries it as its cause."""

    @property
    def action(self) -> str:
        """The part of the service after the dot: ``turn_on``."""
        return self.service.partition(".")[2]


CommandHandler = Callable[[Command], Outcome | Awaitable[Outcome | None] | None]
"""Returns how it went, None meaning done; raises `CommandFailed`; may be asynchronous."""
Prepare = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""Given an entity's attributes and checked data, returns the data that this entity can use.

Raises ``vol.Invalid`` if it can use none of it.
"""
Redirect = Callable[[State, Mapping[str, Any]], tuple[str, Mapping[str, Any]] | None]
"""Given an entity's state and checked data, returns the service that the entity gets instead.

With it goes that service's data; None lets the service stand as it is.
"""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service of the house, as people call it."""

    domain: str
    name: str
    schema: vol.Schema
    """Schema of the data, without the target."""
    kind: Kind = Kind.SET
    description: str = ""
    handler: CommandHandler | None = None
    """Who carries it out; None: each target entity's own plugin does."""
    prepare: Prepare | None = None
    """Fits the data to an entity's capabilities, once the entity is known."""
    redirect: Redirect | None = None
    """Turns it into another service for an entity: ``toggle`` into ``turn_on`` or ``turn_off``,
    so that no plugin has to know it. The log keeps its own name and kind."""
    targets: tuple[str, ...] | None = None
    """Domains that an entity service may address; None: its own domain."""
    secret_fields: tuple[str, ...] = ()
    """Fields that the log must not hold, as the code of a lock."""

    @property
    def id(self) -> str:
        """``domain.name``."""
        return f"{self.domain}.{self.name}"


class FixedData(dict[str, Any]):
    """Data of calls that are made often with the same: a service checks it once.

    Nobody may change it.
    """

    __slots__ = ("checked",)

    checked: tuple[Service, Mapping[str, Any]] | None

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.checked = None


class Call:
    """A service call under way: one command for each entity that it addresses."""

    __slots__ = ("_callbacks", "_open", "outcomes", "service")

    def __init__(self, service: str) -> None:
        self.service = service
        self.outcomes: dict[str, Outcome] = {}
        """By entity id, or by the service's name where it has no entities."""
        self._open = 0
        self._callbacks: list[Callable[[Call], None]] = []

    @property
    def done(self) -> bool:
        """Whether every command has ended."""
        return self._open == 0

    @property
    def failure(self) -> tuple[str, Outcome] | None:
        """The first command that did not end ``done``."""
        for subject, outcome in self.outcomes.items():
            if outcome.status is not Status.DONE:
                return subject, outcome
        return None

    @property
    def response(self) -> Mapping[str, Any]:
        """What the service answered; by entity id where several were addressed."""
        answers = {s: o.response for s, o in self.outcomes.items() if o.response is not None}
        return answers.get(self.service) or answers

    def on_done(self, callback: Callable[[Call], None]) -> None:
        """Call back when every command has ended; at once if that is so already."""
        if self.done:
            callback(self)
        else:
            self._callbacks.append(callback)

    async def finished(self) -> Call:
        """Return once every command has ended."""
        if not self.done:
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def wake(_call: Call) -> None:
                if not ended.done():
                    ended.set_result(None)

            self.on_done(wake)
            await ended
        return self

    def raise_for_failure(self) -> None:
        """Raise `CommandFailed` if a command did not end ``done``."""
        failure = self.failure
        if failure is not None:
            subject, outcome = failure
            raise CommandFailed(f"{self.service} {subject}: {outcome.message or outcome.status}")

    def opened(self) -> None:
        """Count one more command that is under way. For the gateway."""
        self._open += 1

    def ended(self, subject: str, outcome: Outcome) -> None:
        """Take down how a command ended. For the gateway."""
        self.outcomes[subject] = outcome
        self._open -= 1
        if self._open == 0:
            for callback in self._callbacks:
                callback(self)
            self._callbacks.clear()
