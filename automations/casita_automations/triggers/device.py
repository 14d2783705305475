"""``device``: as Home Assistant's editor writes it, mapped to the trigger on an entity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import voluptuous as vol

from casita.events import Cause, Event
from casita_automations.devices import trigger_of
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers import foreign, numeric_state, state, zone
from casita_automations.triggers.source import Arming, Cancel, Source
from casita_config.schemas import string

_SCHEMA: Final = vol.Schema(
    {vol.Required("device_id"): string, vol.Required("domain"): string}, extra=vol.ALLOW_EXTRA
)
_KINDS: Final[dict[str, Callable[[dict[str, Any], At, Parts], Source]]] = {
    "numeric_state": numeric_state.compiled,
    "state": state.compiled,
    "zone": zone.compiled,
}


def compiled(config: dict[str, Any], at: At, parts: Parts) -> Source:
    """Compile the trigger; one that names no entity is left to the plugin that has devices."""
    at.check(_SCHEMA, config)
    mapped = trigger_of(config)
    if mapped is None or "device" in parts.kernel.vocabulary.triggers:
        hint = "use a trigger on the device's entity, or on its event, instead"
        return foreign.compiled("device", config, at, parts, hint)
    kind = mapped.pop("trigger")
    return OfDevice(_KINDS[kind](mapped, at, parts))


class OfDevice:
    """A trigger on an entity that tells that it is one on a device."""

    def __init__(self, trigger: Source) -> None:
        self._trigger = trigger

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def fire(told: dict[str, Any], cause: Event | Cause | None) -> None:
            arming.fire({**told, "platform": "device"}, cause)

        return self._trigger.arm(replace(arming, fire=fire))
