"""Commands to devices of another home, and from others to ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from casita.broker._naming import home_in, patterns, source_of
from casita.broker._outgoing import HOPS
from casita.broker._seen import Seen
from casita.cloudevents import CloudEvent
from casita.commands import EXPIRES_S
from casita.errors import CasitaError, CommandFailed, NotPermitted, NotReady
from casita.events import Cause
from casita.ids import domain_of, home_of, is_entity_id, new_id
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Call, Command, Outcome, Status
from casita.transport import Channel, Message, Purpose

ASKED: Final = "casita.command"
ANSWERED: Final = "casita.command.outcome"
_RECEIVED: Final = "broker.received"
_SECURED: Final = frozenset({"lock", "alarm_control_panel"})
_SECURED_COVERS: Final = frozenset({"garage", "gate", "door"})

Send = Callable[[Message], Awaitable[None]]
"""Publishes a message. Raises `NotReady` if the link is down, `CasitaError` if it is refused."""


class Commanding:
    """Sends commands to the home that owns the device, and carries out what others may ask."""

    def __init__(
        self,
        kernel: Kernel,
        broker: str,
        home: str,
        allowed: Mapping[str, Sequence[str]],
        send: Send,
        later: Callable[[Any, str], object],
    ) -> None:
        """``allowed`` names by home what it may command; ``later`` starts a named task."""
        self._kernel = kernel
        self._broker = broker
        self._home = home
        self._allowed = allowed
        self._send = send
        self._later = later
        self._seen = Seen(kernel.log, f"{broker}.commands")
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}

    def carry_out(self, command: Command) -> Awaitable[Outcome]:
        """Have a command done by the home that owns its entity.

        Nothing is sent while the link is down. Once it is sent, it is ``uncertain`` until the
        answer comes. A worker sends it only while it is certain that no other runs the
        automation, and no home does it after that.
        """
        group = self._kernel.group
        share = group.shares.of(command.event) if group is not None else None
        return self._carry_out(command, share)

    async def _carry_out(self, command: Command, share: str | None) -> Outcome:
        group, until = self._kernel.group, None
        if group is not None and share is not None:
            try:
                until = await group.admitted(share)
            except CasitaError as err:
                raise CommandFailed(f"nothing was sent: {err}") from err
        owner = home_of(command.entity_id or "")
        if owner is None or command.entity_id is None:
            raise CommandFailed(f"{command.entity_id}: it is of no other home")
        asked = self._asking(command, command.entity_id.removeprefix(f"{owner}."), until)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[asked.id] = answer
        try:
            await self._dispatch(Message(channel=Channel(owner, Purpose.COMMANDS), event=asked))
            return await answer
        finally:
            del self._waiting[asked.id]

    def take(self, event: CloudEvent) -> None:
        """Take a message that was for this home alone. Raises nothing."""
        if event.type == ANSWERED:
            self._answered(event)
        elif event.type == ASKED and self._kernel.group is None and event.key not in self._seen:
            self._seen.add(event.key)  # before it is done: a pulse is never done twice
            self._asked(event)

    async def _dispatch(self, message: Message) -> None:
        try:
            await self._send(message)
        except NotReady as err:
            raise CommandFailed(f"nothing was sent: {err}") from err

    def _asking(self, command: Command, entity_id: str, until: datetime | None) -> CloudEvent:
        expires = self._kernel.clock.now() + timedelta(seconds=EXPIRES_S)
        if until is not None:
            expires = min(expires, until)
        data = {
            "service": command.service,
            "entity_id": entity_id,
            "data": msgspec.to_builtins(dict(command.data)),
            "expires": expires.isoformat(),
        }
        return self._event(ASKED, entity_id, data, hops=command.event.hops)

    def _event(
        self, type_: str, subject: str, data: Mapping[str, Any], *, hops: int = 0
    ) -> CloudEvent:
        return CloudEvent(
            id=new_id(), source=source_of(self._home), type=type_, subject=subject,
            time=self._kernel.clock.now(), data=data,
            extensions={"partitionkey": subject, HOPS: hops},
        )  # fmt: skip

    # What others ask of us

    def _asked(self, event: CloudEvent) -> None:
        asker = home_in(event.source)
        if asker is None:
            return
        try:
            call = self._call(event, asker)
        except (CasitaError, ValueError, TypeError, KeyError) as err:
            failed = Outcome(status=Status.FAILED, message=str(err) or type(err).__name__)
            self._answer(event, asker, failed)
            return

        def done(ended: Call) -> None:
            outcome = next(iter(ended.outcomes.values()), None)
            lost = Outcome(status=Status.FAILED, message="it reached no entity")
            self._answer(event, asker, outcome or lost)

        call.on_done(done)

    def _call(self, event: CloudEvent, asker: str) -> Call:
        service, entity_id = str(event.data["service"]), str(event.data["entity_id"])
        if self._kernel.clock.now() >= datetime.fromisoformat(str(event.data["expires"])):
            raise CommandFailed("it came too late")
        self._permit(asker, service, entity_id)
        data = {"id": event.id, "source": event.source, "type": event.type, "service": service}
        received = self._kernel.bus.emit(_RECEIVED, entity_id, data, source=event.source)
        hops = event.extensions.get(HOPS, 0)
        cause = Cause(
            offset=received.offset, root=received.offset, hops=hops if isinstance(hops, int) else 0
        )
        return self._kernel.commands.call(
            service, event.data["data"], Target(entity_id=(entity_id,)),
            source=event.source, cause=cause, actor=f"home:{asker}",
        )  # fmt: skip

    def _permit(self, asker: str, service: str, entity_id: str) -> None:
        """Raise `NotPermitted` unless a home may do this to an entity."""
        allowed = self._allowed.get(asker, ())
        if not is_entity_id(entity_id) or home_of(entity_id) is not None:
            raise NotPermitted(f"{entity_id}: it is no entity of {self._home}")
        if domain_of(service) != domain_of(entity_id):
            raise NotPermitted(f"{service}: it is not of the domain of {entity_id}")
        if self._is_secured(entity_id):
            fits = entity_id in allowed
        else:
            fits = bool(allowed) and patterns(allowed)(entity_id)
        if not fits:
            raise NotPermitted(
                f"{self._home} does not let {asker} command {entity_id}; its configuration says "
                f"so under 'brokers: {self._broker}: commands: {asker}:'"
            )

    def _is_secured(self, entity_id: str) -> bool:
        """Say whether an entity lets people in: such are commanded only if named in full."""
        domain, state = domain_of(entity_id), self._kernel.states.get(entity_id)
        covers = state is not None and state.attributes.get("device_class") in _SECURED_COVERS
        return domain in _SECURED or (domain == "cover" and covers)

    def _answer(self, event: CloudEvent, asker: str, outcome: Outcome) -> None:
        data = {"id": event.id, **msgspec.to_builtins(outcome)}
        answer = self._event(ANSWERED, event.subject, data)
        message = Message(channel=Channel(asker, Purpose.COMMANDS), event=answer)
        self._later(self._send_answer(message), "answer")

    async def _send_answer(self, message: Message) -> None:
        try:
            await self._send(message)
        except CasitaError:
            return  # then the other home does not know, and says so: uncertain

    def _answered(self, event: CloudEvent) -> None:
        answer = self._waiting.get(str(event.data.get("id")))
        if answer is None or answer.done():
            return
        try:
            fields = {key: event.data.get(key) for key in ("status", "message", "response")}
            answer.set_result(msgspec.convert(fields, Outcome))
        except msgspec.ValidationError:
            message = "the answer could not be read"
            answer.set_result(Outcome(status=Status.UNCERTAIN, message=message))
