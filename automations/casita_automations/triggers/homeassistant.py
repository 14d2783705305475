"""``homeassistant``: the hub has started, or is about to end."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel

_SCHEMA: Final = vol.Schema({vol.Required("event"): vol.In(["start", "shutdown"])})
_EVENTS: Final = {"start": "hub.started", "shutdown": "hub.stopped"}
_DESCRIPTIONS: Final = {"start": "Home Assistant starting", "shutdown": "Home Assistant stopping"}


def compiled(config: dict[str, Any], at: At, parts: Parts) -> HomeAssistantTrigger:
    """Compile the trigger from its keys."""
    return HomeAssistantTrigger(parts, at.check(_SCHEMA, config)["event"])


class HomeAssistantTrigger:
    """A compiled ``homeassistant`` trigger."""

    def __init__(self, parts: Parts, event: str) -> None:
        self._parts = parts
        self._event = event

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def happened(event: Event) -> None:
            arming.fires(
                event, platform="homeassistant", event=self._event,
                description=_DESCRIPTIONS[self._event],
            )  # fmt: skip

        return self._parts.listening.on(_EVENTS[self._event], happened)
