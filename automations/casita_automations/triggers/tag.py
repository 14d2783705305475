"""``tag``: an NFC tag was scanned. Whatever scans it emits the event ``tag_scanned``."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita_automations.happening import Happening
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel
from casita_config.schemas import string

SCANNED: Final = "tag_scanned"
_SCHEMA: Final = vol.Schema(
    {
        vol.Required("tag_id"): vol.All(listed, [string]),
        vol.Optional("device_id", default=list): vol.All(listed, [string]),
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> TagTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return TagTrigger(parts, frozenset(checked["tag_id"]), frozenset(checked["device_id"]))


class TagTrigger:
    """A compiled ``tag`` trigger."""

    def __init__(self, parts: Parts, tags: Set[str], devices: Set[str]) -> None:
        self._parts = parts
        self._tags = tags
        self._devices = devices

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def happened(event: Event) -> None:
            if event.data.get("tag_id") not in self._tags:
                return
            if self._devices and event.data.get("device_id") not in self._devices:
                return
            arming.fires(
                event, platform="tag", event=Happening(event), description="Tag scanned"
            )  # fmt: skip

        return self._parts.listening.on(SCANNED, happened)
