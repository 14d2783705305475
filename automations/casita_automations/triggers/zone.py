"""``zone``: somebody or something has entered or left a zone."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.events import StateChanged
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel, all_of
from casita_automations.zones import has_place, is_in
from casita_config.schemas import entity_id, entity_ids

_SCHEMA: Final = vol.Schema(
    {
        vol.Required("entity_id"): entity_ids,
        vol.Required("zone"): entity_id,
        vol.Optional("event", default="enter"): vol.In(["enter", "leave"]),
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> ZoneTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return ZoneTrigger(parts, checked["entity_id"], checked["zone"], checked["event"])


class ZoneTrigger:
    """A compiled ``zone`` trigger."""

    def __init__(self, parts: Parts, entities: list[str], zone: str, event: str) -> None:
        self._parts = parts
        self._entities = entities
        self._zone = zone
        self._event = event

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def changed(event: StateChanged) -> None:
            zone = self._parts.kernel.states.get(self._zone)
            old, new = event.old, event.new
            if zone is None or new is None or not has_place(new):
                return
            if old is not None and not has_place(old):
                return
            was_in = old is not None and is_in(zone, old)
            if is_in(zone, new) is not (self._event == "enter") or was_in is (
                self._event == "enter"
            ):
                return
            verb = "entering" if self._event == "enter" else "leaving"
            arming.fires(
                event, platform="zone", entity_id=event.subject, from_state=old, to_state=new,
                zone=zone, event=self._event,
                description=f"{event.subject} {verb} {zone.name}",
            )  # fmt: skip

        return all_of([self._parts.watch.entity(one, changed) for one in self._entities])
