"""Automations and scripts as entities: their states, written when somebody can notice."""

from __future__ import annotations

from typing import Any, Final

from casita.clock import Alarm
from casita_automations.automation import Automation
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts

_SOON_S: Final = 0.5
"""Runs that follow each other quickly share one change of state, unless it is watched."""


class Shown:
    """Writes the states of automations and scripts: at once where a trigger watches, else soon."""

    def __init__(self, parts: Parts, owners: dict[str, Owner]) -> None:
        self._parts = parts
        self._owners = owners
        self._alarm: Alarm | None = None

    def changed(self, owner: Owner) -> None:
        """Take down that something is to be shown of an owner."""
        if owner.entity_id in self._parts.stale or self._owners.get(owner.entity_id) is not owner:
            return
        if self._parts.watch.watched(owner.entity_id):
            self.write(owner)
            return
        self._parts.stale.add(owner.entity_id)
        if self._alarm is None:
            self._alarm = self._parts.kernel.clock.call_later(_SOON_S, self._write_stale)

    def freshen(self, entity_id: str) -> None:
        """Write a state that is about to be read."""
        if entity_id in self._parts.stale:
            self._parts.stale.discard(entity_id)
            owner = self._owners.get(entity_id)
            if owner is not None:
                self.write(owner)

    def write(self, owner: Owner) -> None:
        """Write a state now."""
        self._parts.stale.discard(owner.entity_id)
        on = owner.enabled if isinstance(owner, Automation) else bool(owner.runs)
        self._parts.kernel.states.set(
            owner.entity_id, "on" if on else "off", _attributes(owner), source=SOURCE
        )

    def close(self) -> None:
        """Write what is left, and nothing after."""
        self._write_stale()
        if self._alarm is not None:
            self._alarm.cancel()

    def _write_stale(self) -> None:
        self._alarm = None
        for entity_id in list(self._parts.stale):
            self.freshen(entity_id)


def _attributes(owner: Owner) -> dict[str, Any]:
    last = owner.last_triggered
    attributes = {
        "last_triggered": None if last is None else last.isoformat(),
        "mode": owner.limits.mode.value,
        "current": owner.current,
        "friendly_name": owner.name,
    }
    if owner.shadow:
        attributes["shadow"] = True
    if owner.limits.runs > 1:
        attributes["max"] = owner.limits.max
    if isinstance(owner, Automation) and owner.item_id is not None:
        attributes["id"] = owner.item_id
    return attributes
