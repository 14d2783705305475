"""Messages that stay until somebody has seen them, and messages to whoever takes them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.events import Event
from casita.home import Home
from casita.ids import new_id
from casita.model import Target
from casita.services import Call, Command, Kind, Outcome, Service, Status
from casita_config.schemas import string

CREATED: Final = "persistent_notification.created"
DISMISSED: Final = "persistent_notification.dismissed"
_KEY: Final = "notification."
_MOST: Final = 200
"""More messages than this are a fault; the oldest go."""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """A message that nobody has dismissed yet."""

    notification_id: str
    message: str
    title: str | None = None
    created_at: datetime


class Notifications:
    """What is still to be seen; kept across restarts."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._open: dict[str, Notification] = {}

    def open(self) -> list[Notification]:
        """Return the messages that nobody has dismissed, the oldest first."""
        return sorted(self._open.values(), key=lambda one: one.created_at)

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Bring back what was open when the hub ended."""
        for key, document in kept.items():
            if key.startswith(_KEY):
                one = msgspec.convert(document, Notification)
                self._open[one.notification_id] = one

    def services(self) -> tuple[Service, ...]:
        """Return what shows and dismisses them, for the gateway."""
        own = {
            vol.Required("message"): string,
            vol.Optional("title"): string,
            vol.Optional("notification_id"): string,
        }
        general = {
            vol.Required("message"): string,
            vol.Optional("title"): string,
            vol.Optional("target"): vol.Any(str, [str]),
            vol.Optional("data"): vol.Any(dict, None),
        }
        return (
            Service(
                domain="persistent_notification",
                name="create",
                schema=vol.Schema(own),
                kind=Kind.PULSE,
                handler=self._create,
                description="Show a message until it is dismissed.",
            ),
            Service(
                domain="persistent_notification",
                name="dismiss",
                schema=vol.Schema({vol.Required("notification_id"): string}),
                handler=self._dismiss,
                description="Take a message away.",
            ),
            Service(
                domain="persistent_notification",
                name="dismiss_all",
                schema=vol.Schema({}),
                handler=self._dismiss_all,
                description="Take all messages away.",
            ),
            Service(
                domain="notify",
                name="persistent_notification",
                schema=vol.Schema(general),
                kind=Kind.PULSE,
                handler=self._create,
                description="Show a message until it is dismissed.",
            ),
            Service(
                domain="notify",
                name="notify",
                schema=vol.Schema(general),
                kind=Kind.PULSE,
                handler=self._notify,
                description="Send a message to everybody who takes one, or else show it here.",
            ),
        )

    def _create(self, command: Command) -> None:
        data = command.data
        given = data.get("data") or {}
        one = Notification(
            notification_id=data.get("notification_id")
            or str(given.get("notification_id") or new_id()),
            message=data["message"],
            title=data.get("title"),
            created_at=self._home.clock.now(),
        )
        self._open[one.notification_id] = one
        self._home.remember(f"{_KEY}{one.notification_id}", msgspec.to_builtins(one))
        told = {"title": one.title, "message": one.message}
        self._home.emit(CREATED, one.notification_id, told, cause=command.event)
        for old in self.open()[:-_MOST]:
            self._forget(old.notification_id, command.event)

    def _dismiss(self, command: Command) -> None:
        self._forget(command.data["notification_id"], command.event)

    def _dismiss_all(self, command: Command) -> None:
        for one in self.open():
            self._forget(one.notification_id, command.event)

    def _forget(self, notification_id: str, cause: Event) -> None:
        if self._open.pop(notification_id, None) is not None:
            self._home.remember(f"{_KEY}{notification_id}", None)
            self._home.emit(DISMISSED, notification_id, cause=cause)

    def _notify(self, command: Command) -> Awaitable[Outcome] | None:
        takers = [state.entity_id for state in self._home.kernel.states.of_domain("notify")]
        if not takers:
            self._create(command)
            return None
        data = {key: command.data[key] for key in ("message", "title") if key in command.data}
        call = self._home.kernel.commands.call(
            "notify.send_message",
            data,
            Target(entity_id=takers),
            source=self._home.instance,
            cause=command.event,
        )
        return _ended(call)


async def _ended(call: Call) -> Outcome:
    failure = (await call.finished()).failure
    if failure is None:
        return Outcome(status=Status.DONE)
    subject, outcome = failure
    return Outcome(status=outcome.status, message=f"{subject}: {outcome.message}")
