"""The one gateway through which anything acts on a device.

Each command is checked, written down before it is sent, and ends ``done``, ``failed`` or
``uncertain``; all of it stands in the log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

import msgspec
import voluptuous as vol

from casita.bus import Bus
from casita.clock import Clock
from casita.confirming import confirms
from casita.delivery import STOPPED, Delivery, hand_over, may_be_repeated
from casita.errors import (
    HopLimitReached,
    InvalidCommand,
    UnknownService,
    did_you_mean,
)
from casita.events import Cause, Event
from casita.ids import domain_of, home_of
from casita.model import Target
from casita.registry import Registry
from casita.services import (
    Call,
    Command,
    CommandHandler,
    FixedData,
    Outcome,
    Service,
    Status,
)
from casita.states import States
from casita.tasks import Tasks

_HUB: Final = "casita"
_STORE: Final = "commands"
_SENT: Final = "command.sent"
_INTERRUPTED: Final = "the hub ended before the answer came"
_GROUP: Final = "group"
_REDIRECTS: Final = 4
"""How many services a call may be turned into one after another."""
_ENDED: Final = {status: f"command.{status}" for status in Status}

HOP_LIMIT: Final = 16
"""How many automation runs a causal chain may go through."""
EXPIRES_S: Final = 10.0
"""How long a command may take unless the caller says otherwise."""


class Commands:
    """Services by name, handlers by entity, and the way of a command between them."""

    def __init__(self, bus: Bus, clock: Clock, states: States, registry: Registry) -> None:
        self._bus = bus
        self._clock = clock
        self._states = states
        self._registry = registry
        self._services: dict[str, Service] = {}
        self._handlers: dict[str, CommandHandler] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._under_way: dict[int, Command] = {}
        self._tasks = Tasks("commands")
        self.begun: Any = None
        """What the last call began and what goes on, as a script's run; the caller takes it."""

    # Services and handlers

    def register(self, service: Service) -> None:
        """Make a service known; one of the same name is replaced."""
        self._services[service.id] = service

    def unregister(self, service_id: str) -> None:
        """Forget a service; one that is not known is no error."""
        self._services.pop(service_id, None)

    def services(self) -> list[Service]:
        """Return all services, by name."""
        return [self._services[key] for key in sorted(self._services)]

    def service(self, service_id: str) -> Service | None:
        """Return a service, or None."""
        return self._services.get(service_id)

    def attach(self, entity_id: str, handler: CommandHandler) -> None:
        """Let a handler carry out the commands for an entity."""
        self._handlers[entity_id] = handler

    def detach(self, entity_id: str) -> None:
        """Let nobody carry out the commands for an entity: they fail with a message."""
        self._handlers.pop(entity_id, None)

    def attached(self, entity_id: str) -> bool:
        """Say whether somebody carries out the commands for an entity."""
        return entity_id in self._handlers

    def restore(self) -> None:
        """End what was under way when the hub ended: nobody knows what became of it."""
        log = self._bus.log
        begin = int(log.items(_STORE).get("open", 0))
        left: dict[int, Event] = {}
        for event in log.scan(after=begin, types=(_SENT, *_ENDED.values())):
            if event.type == _SENT:
                left[event.offset] = event
            else:
                left.pop(event.cause or 0, None)
        for event in left.values():
            self._bus.emit(
                _ENDED[Status.UNCERTAIN], event.subject,
                {"service": event.data["service"], "message": _INTERRUPTED},
                source=_HUB, cause=event,
            )  # fmt: skip
        self.save()

    def save(self) -> None:
        """Note from where on the log holds commands that may be under way."""
        oldest = min(self._under_way, default=self._bus.log.head + 1)
        self._bus.log.put(_STORE, "open", oldest - 1)

    async def stop(self) -> None:
        """End what is under way; its outcome is ``uncertain``."""
        await self._tasks.stop()

    # Calls

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
        """Check a call, write its commands down and send them; return it under way or ended.

        Within ``expires_s`` a command whose answer is lost is sent again, unless repeating it
        would harm. With ``until_confirmed`` it ends ``done`` only once the entity's state says
        that it has been carried out, and ``uncertain`` if that is not so in time.

        Raises `UnknownService`, `UnknownEntity`, `InvalidCommand` or `HopLimitReached`, each
        before anything was sent. How sending went is in the call's outcomes.
        """
        service = self._require(service_id)
        origin = _Origin(source, cause, actor, expires_s, until_confirmed)
        if cause is not None and cause.hops > HOP_LIMIT:
            self._refuse_hops(service, origin)
        checked = _checked(service, data or {})
        if until_confirmed and (service.handler is not None or confirms(service.name) is None):
            raise InvalidCommand(
                f"{service.id}: no state says when it is done; leave out 'until_confirmed'"
            )
        call = Call(service_id)
        if service.handler is not None:
            whole = {**checked, **_as_data(target)} if target else checked
            self._send(service, service.handler, None, whole, origin, call)
            return call
        fitted = [
            (entity_id, *self._fitted(service, entity_id, checked))
            for entity_id in self._addressed(service, target)
        ]
        for entity_id, becomes, its_data in fitted:
            handler = self._handlers.get(entity_id, _nobody)
            self._send(service, handler, entity_id, its_data, origin, call, becomes=becomes)
        return call

    def rehearse(
        self,
        service_id: str,
        data: Mapping[str, Any] | None = None,
        target: Target | None = None,
        *,
        source: str,
        cause: Cause | Event | None = None,
    ) -> Call:
        """Check a call as `call` does, and write down what it would send; nothing is sent.

        It ends ``done``, without a response. Raises what `call` raises.
        """
        service = self._require(service_id)
        checked = _checked(service, data or {})
        call = Call(service_id)
        if service.handler is not None:
            whole = {**checked, **_as_data(target)} if target else checked
            self._note(service, service, service.id, whole, source, cause, call)
            return call
        fitted = [
            (entity_id, *self._fitted(service, entity_id, checked))
            for entity_id in self._addressed(service, target)
        ]
        for entity_id, becomes, its_data in fitted:
            self._note(service, becomes, entity_id, its_data, source, cause, call)
        return call

    def _note(
        self,
        service: Service,
        becomes: Service,
        subject: str,
        data: Mapping[str, Any],
        source: str,
        cause: Cause | Event | None,
        call: Call,
    ) -> None:
        told = {"service": service.id, "data": _logged(becomes, data), "kind": service.kind.value}
        if becomes is not service:
            told["becomes"] = becomes.id
        self._bus.emit("command.shadowed", subject, told, source=source, cause=cause)
        call.opened()
        call.ended(subject, Outcome(status=Status.DONE))

    def _require(self, service_id: str) -> Service:
        service = self._services.get(service_id)
        if service is None:
            hint = did_you_mean(service_id, self._services)
            raise UnknownService(f"{service_id}: there is no such service.{hint}")
        return service

    def _refuse_hops(self, service: Service, origin: _Origin) -> NoReturn:
        message = f"stopped: its causal chain went through more than {HOP_LIMIT} automation runs"
        self._bus.emit(
            "command.refused", service.id, {"service": service.id, "message": message},
            source=origin.source, cause=origin.cause, actor=origin.actor,
        )  # fmt: skip
        raise HopLimitReached(f"{service.id}: {message}")

    def _addressed(self, service: Service, target: Target | None) -> list[str]:
        """Return the entities of a target that the service is for."""
        domains = service.targets or (service.domain,)
        if not target:
            raise InvalidCommand(
                f"{service.id}: it needs a target: entity_id, device_id, area_id, floor_id or "
                f"label_id"
            )
        if "all" in target.entity_id and service.targets is not None:
            raise InvalidCommand(f"{service.id}: it takes no 'all'; name entities, areas or labels")
        if "all" in target.entity_id:
            mine = [one for one in self._states if home_of(one.entity_id) is None]
            return [one.entity_id for one in mine if one.domain in domains]
        for entity_id in target.entity_id:
            self._states.require(entity_id)
            if domain_of(entity_id) not in (*domains, _GROUP):
                raise InvalidCommand(
                    f"{service.id}: {entity_id} is not of its domain ({', '.join(domains)})"
                )
        return [
            one
            for one in self._expanded(self._registry.resolve(target))
            if domain_of(one) in domains and one in self._states
        ]

    def _expanded(self, entity_ids: Iterable[str]) -> Iterable[str]:
        """Put the members in place of each group, also of groups in groups; each entity once."""
        found: dict[str, None] = {}
        waiting = deque(entity_ids)
        while waiting:
            entity_id = waiting.popleft()
            state = self._states.get(entity_id) if domain_of(entity_id) == _GROUP else None
            if entity_id not in found and state is not None:
                waiting.extendleft(reversed(state.attributes.get("entity_id", ())))
            found[entity_id] = None
        return found

    def _fitted(
        self, service: Service, entity_id: str, data: Mapping[str, Any]
    ) -> tuple[Service, Mapping[str, Any]]:
        """Return the service that an entity gets, and the data that it can use.

        For an entity of another home that is found there: here its state may be an old one.
        """
        if home_of(entity_id) is not None:
            return service, data
        state = self._states.require(entity_id)
        try:
            for _ in range(_REDIRECTS):
                instead = service.redirect(state, data) if service.redirect else None
                if instead is None:
                    break
                service = self._require(instead[0])
                data = _checked(service, instead[1])
            return service, service.prepare(state.attributes, data) if service.prepare else data
        except vol.Invalid as err:
            raise InvalidCommand(f"{service.id} {entity_id}: {err}") from err

    def _send(
        self,
        service: Service,
        handler: CommandHandler,
        entity_id: str | None,
        data: Mapping[str, Any],
        origin: _Origin,
        call: Call,
        *,
        becomes: Service | None = None,
    ) -> None:
        subject = entity_id or service.id
        becomes = becomes or service
        told = {"service": service.id, "data": _logged(becomes, data), "kind": service.kind.value}
        if becomes is not service:
            told["becomes"] = becomes.id
        event = self._bus.emit(
            _SENT, subject, told,
            source=origin.source, cause=origin.cause, actor=origin.actor,
        )  # fmt: skip
        if entity_id is not None:
            self._states.expect(entity_id, event)
        call.opened()
        command = Command(service=becomes.id, entity_id=entity_id, data=data, event=event)
        result = hand_over(handler, command)
        wanted = confirms(command.action) if origin.until_confirmed else None
        ended = isinstance(result, Outcome) and not may_be_repeated(result, service.kind)
        if isinstance(result, Outcome) and ended and wanted is None:
            self._end(call, command, result)
            return
        delivery = Delivery(
            self._bus, self._clock, self._states, command, service.kind,
            lambda: service.handler or self._handlers.get(entity_id or "", _nobody),
            expires_s=origin.expires_s, confirms=wanted,
        )  # fmt: skip
        self._under_way[event.offset] = command
        self._tasks.start(self._wait(call, command, delivery, result), f"{service.id} {subject}")

    async def _wait(
        self,
        call: Call,
        command: Command,
        delivery: Delivery,
        first: Outcome | Awaitable[Outcome | None],
    ) -> None:
        """Await how a command ends; commands for one entity go one after another."""
        turn = self._turns.setdefault(command.entity_id or command.service, asyncio.Lock())
        outcome = STOPPED
        try:
            outcome = await delivery.rest(first, turn)
        finally:
            self._under_way.pop(command.event.offset, None)
            self._end(call, command, outcome)

    def _end(self, call: Call, command: Command, outcome: Outcome) -> None:
        subject = command.entity_id or command.service
        data: dict[str, Any] = {"service": command.event.data["service"]}
        if outcome.message is not None:
            data["message"] = outcome.message
        self._bus.emit(_ENDED[outcome.status], subject, data, source=_HUB, cause=command.event)
        call.ended(subject, outcome)


class _Origin(NamedTuple):
    """Where a call comes from, and how long it may take."""

    source: str
    cause: Cause | Event | None
    actor: str | None
    expires_s: float
    until_confirmed: bool


def _nobody(command: Command) -> Outcome:
    return Outcome(status=Status.FAILED, message="no running plugin serves it at present")


def _checked(service: Service, data: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(data, FixedData) and data.checked is not None and data.checked[0] is service:
        return data.checked[1]
    try:
        checked: Mapping[str, Any] = service.schema(dict(data))
    except vol.MultipleInvalid as err:
        raise InvalidCommand("; ".join(_explained(service, one) for one in err.errors)) from err
    if isinstance(data, FixedData):
        data.checked = service, checked
    return checked


def _explained(service: Service, err: vol.Invalid) -> str:
    path = ".".join(str(part) for part in err.path)
    if err.error_message == "extra keys not allowed":
        known = [str(key) for key in service.schema.schema]
        return f"{service.id}: it has no field {path!r}.{did_you_mean(path, known)}"
    return f"{service.id}: {path + ': ' if path else ''}{err.error_message}"


def _as_data(target: Target | None) -> Mapping[str, Any]:
    """Return a target as a service without entities of its own gets it: lists by key."""
    document = msgspec.to_builtins(target) if target else {}
    return {key: list(ids) for key, ids in document.items() if ids}


def _logged(service: Service, data: Mapping[str, Any]) -> Mapping[str, Any]:
    if not any(key in data for key in service.secret_fields):
        return data
    return {key: "***" if key in service.secret_fields else data[key] for key in data}
