"""``geo_location``: what a source tells of, a fire or a quake, has entered or left a zone."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.events import State, StateChanged
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel
from casita_automations.zones import is_in
from casita_config.schemas import entity_id, string

_SCHEMA: Final = vol.Schema(
    {
        vol.Required("source"): vol.All(string, vol.Lower),
        vol.Required("zone"): entity_id,
        vol.Optional("event", default="enter"): vol.In(["enter", "leave"]),
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> GeoLocationTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    return GeoLocationTrigger(parts, checked["source"], checked["zone"], checked["event"])


class GeoLocationTrigger:
    """A compiled ``geo_location`` trigger."""

    def __init__(self, parts: Parts, source: str, zone: str, event: str) -> None:
        self._parts = parts
        self._source = source
        self._zone = zone
        self._event = event

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        entering = self._event == "enter"

        def changed(event: StateChanged) -> None:
            zone = self._parts.kernel.states.get(self._zone)
            old, new = event.old, event.new
            if zone is None or not (self._is_ours(old) or self._is_ours(new)):
                return
            was_in = old is not None and is_in(zone, old)
            now_in = new is not None and is_in(zone, new)
            if was_in == now_in or now_in is not entering:
                return
            arming.fires(
                event, platform="geo_location", source=self._source, entity_id=event.subject,
                from_state=old, to_state=new, zone=zone, event=self._event,
                description=f"geo_location - {self._source}",
            )  # fmt: skip

        return self._parts.watch.domain("geo_location", changed)

    def _is_ours(self, state: State | None) -> bool:
        return state is not None and state.attributes.get("source") == self._source
