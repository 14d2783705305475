"""Whole devices that go and come back, told from what their entities hear."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from casita import Home
from casita.states import UNAVAILABLE
from casita_mqtt._entity import MqttEntity


class Reach:
    """Reports a device as lost once all of its entities are told to be out of reach.

    A device that was so before a restart of the hub is no news.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._members: dict[str, set[MqttEntity[Any]]] = defaultdict(set)
        self._up: set[str] = set()
        """Devices of which something could be reached, now or before a restart."""

    def add(self, entity: MqttEntity[Any]) -> None:
        """Watch an entity, if it belongs to a device."""
        if entity.device is not None:
            identifier = entity.device.identifiers[0]
            self._members[identifier].add(entity)
            entity.on_verdict = self._weigh
            if self._shown(entity):
                self._up.add(identifier)

    def remove(self, entity: MqttEntity[Any]) -> None:
        """Watch an entity no more."""
        if entity.device is not None:
            identifier = entity.device.identifiers[0]
            self._members[identifier].discard(entity)
            if not self._members[identifier]:
                del self._members[identifier]
                self._up.discard(identifier)

    def _weigh(self, entity: MqttEntity[Any]) -> None:
        if entity.device is None:
            return
        identifier = entity.device.identifiers[0]
        verdicts = {one.verdict for one in self._members[identifier]}
        if True in verdicts:
            self._up.add(identifier)
        if verdicts != {False}:
            self._home.back(identifier)
        elif identifier in self._up:
            self._up.remove(identifier)
            self._home.lost("it is said to be offline", identifier)

    def _shown(self, entity: MqttEntity[Any]) -> bool:
        state = self._home.state(entity.entity_id)
        return state is not None and state.state != UNAVAILABLE
