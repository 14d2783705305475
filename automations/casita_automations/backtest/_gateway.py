"""The gateway of a backtest: commands are checked and written down, and go nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import voluptuous as vol

from casita.bus import Bus
from casita.clock import Clock
from casita.commands import EXPIRES_S, Commands
from casita.events import Cause, Event
from casita.ids import domain_of, is_entity_id
from casita.model import Target
from casita.registry import Registry
from casita.services import Call, Command, Kind, Service
from casita.states import UNKNOWN, States

Take = Callable[[Command], None]
_SOURCE = "backtest"
_LIVE = frozenset({"automation", "script"})
"""Domains whose services the engine itself carries out, in a backtest as in the house."""


class PaperCommands(Commands):
    """`Commands` that nobody carries out: ``take`` is told of each, and of nothing else.

    What the house does not know (a service of a plugin that does not run here, an entity that
    the record lacks) is taken as it is called.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        states: States,
        registry: Registry,
        *,
        take: Take,
        knows_attributes: bool,
    ) -> None:
        """``knows_attributes`` says whether the record has what entities are capable of."""
        super().__init__(bus, clock, states, registry)
        self._known_states = states
        self._take = take
        self._knows_attributes = knows_attributes
        self.asked: Mapping[str, Any] = {}
        """The data of the call that is being sent, as it was made."""

    def register(self, service: Service) -> None:
        if service.handler is not None and service.domain not in _LIVE:
            service = msgspec.structs.replace(service, handler=self._take)
        if service.prepare is not None and not self._knows_attributes:
            service = msgspec.structs.replace(service, prepare=None)
        super().register(service)

    def call(
        self,
        service_id: str,
        data: Mapping[str, Any] | None = None,
        target: Target | None = None,
        *,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
        expires_s: float = EXPIRES_S,
        until_confirmed: bool = False,
    ) -> Call:
        """Check a call and write its commands down; each is taken for done.

        Raises as `Commands.call` does.
        """
        if self.service(service_id) is None and "." in service_id:
            self._take_in(service_id)
        for entity_id in target.entity_id if target is not None else ():
            self.stand_in(entity_id)
        before, self.asked = self.asked, data or {}
        try:
            return super().call(
                service_id, data, target, source=source, cause=cause, actor=actor,
                expires_s=expires_s,
            )  # fmt: skip
        finally:
            self.asked = before

    def stand_in(self, entity_id: str) -> None:
        """See to it that an entity can be commanded, also one that the record does not have."""
        if not self.attached(entity_id) and is_entity_id(entity_id):
            self.attach(entity_id, self._take)
            if entity_id not in self._known_states and domain_of(entity_id) not in _LIVE:
                self._known_states.set(entity_id, UNKNOWN, {}, source=_SOURCE)

    def _take_in(self, service_id: str) -> None:
        domain, _, name = service_id.partition(".")
        self.register(
            Service(
                domain=domain, name=name, kind=Kind.PULSE, handler=self._take,
                schema=vol.Schema({}, extra=vol.ALLOW_EXTRA),
            )
        )  # fmt: skip
