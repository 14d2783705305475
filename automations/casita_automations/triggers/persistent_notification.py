"""``persistent_notification``: a message to be seen was shown, changed or dismissed."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita.helpers.notifications import CREATED, DISMISSED
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel, all_of
from casita_config.schemas import string

_KINDS: Final = ("added", "removed", "updated", "current")
_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("notification_id"): string,
        vol.Optional("update_type", default=list(_KINDS)): vol.All(listed, [vol.In(_KINDS)]),
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> NotificationTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return NotificationTrigger(
        parts, checked.get("notification_id"), frozenset(checked["update_type"])
    )


class NotificationTrigger:
    """A compiled ``persistent_notification`` trigger."""

    def __init__(self, parts: Parts, notification_id: str | None, kinds: Set[str]) -> None:
        self._parts = parts
        self._id = notification_id
        self._kinds = kinds

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        shown: set[str] = set()

        def created(event: Event) -> None:
            kind = "updated" if event.subject in shown else "added"
            shown.add(event.subject)
            tell(event, kind)

        def dismissed(event: Event) -> None:
            shown.discard(event.subject)
            tell(event, "removed")

        def tell(event: Event, kind: str) -> None:
            if kind not in self._kinds or self._id not in (None, event.subject):
                return
            notification = {
                "notification_id": event.subject, "title": event.data.get("title"),
                "message": event.data.get("message"), "created_at": event.time,
            }  # fmt: skip
            arming.fires(
                event, platform="persistent_notification", update_type=kind,
                notification=notification, description="persistent_notification",
            )  # fmt: skip

        listening = self._parts.listening
        return all_of([listening.on(CREATED, created), listening.on(DISMISSED, dismissed)])
