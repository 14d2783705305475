"""Carries out a command that somebody asked for over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from casita.api._acknowledging import stored
from casita.api._errors import Refused
from casita.api._scopes import Principal, Scope
from casita.api._secure import secured
from casita.api._table import Desk
from casita.events import Event
from casita.ids import Offset
from casita.model import Target
from casita.services import Outcome

SOURCE: Final = "api"
"""The source of the events that come in over HTTP."""
_PENDING: Final = "pending"


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How one command ended."""

    status: str
    """``done``, ``failed``, ``uncertain``, or ``pending`` if it was not waited for."""
    message: str | None = None
    """What the device, or its plugin, said."""
    response: Mapping[str, Any] | None = None
    offset: Offset | None = None
    """Place in the log of the event that says the command was sent."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a call."""

    service: str
    outcomes: Mapping[str, Ended]
    """By entity id, or by the service's name where it has no entities."""
    stored: bool
    """False: it is in force, but the disk has not taken the record of it."""


async def act(
    desk: Desk,
    principal: Principal,
    service: str,
    target: Target | None,
    data: Mapping[str, Any],
    *,
    wait: bool = True,
    until_confirmed: bool = False,
) -> Answer:
    """Call a service on somebody's behalf.

    Raises `Refused` if what it reaches needs a scope that they lack, and `CommandError` as
    `Commands.call` does.
    """
    if Scope.SECURE not in principal.scopes:
        what = secured(desk.kernel, service, target, data)
        if what is not None:
            raise Refused(
                403, "missing_scope", f"{what}: this token lacks the scope {Scope.SECURE}"
            )
    sent: dict[str, Offset] = {}

    def note(event: Event) -> None:
        if event.source == SOURCE and event.actor == principal.actor and event.cause is None:
            sent[event.subject] = event.offset

    subscription = desk.kernel.bus.subscribe(note, owner=SOURCE, type="command.sent")
    try:
        call = desk.kernel.commands.call(
            service,
            data,
            target,
            source=SOURCE,
            actor=principal.actor,
            until_confirmed=until_confirmed,
        )
    finally:
        subscription.cancel()
    if wait:
        await call.finished()
    outcomes = {
        subject: _ended(call.outcomes.get(subject), offset) for subject, offset in sent.items()
    }
    # with what came of it, if that was waited for: who asks next reads it
    up_to = desk.kernel.log.head if wait else max(sent.values(), default=0)
    return Answer(service=service, outcomes=outcomes, stored=await stored(desk.kernel, up_to))


def _ended(outcome: Outcome | None, offset: Offset) -> Ended:
    if outcome is None:
        return Ended(status=_PENDING, offset=offset)
    return Ended(
        status=outcome.status.value,
        message=outcome.message,
        response=outcome.response,
        offset=offset,
    )
