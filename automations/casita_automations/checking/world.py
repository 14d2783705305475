"""What there is in a house, as far as a check can know it without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from casita.asking import Known
from casita.ids import domain_of, home_of
from casita.kernel import Kernel
from casita.services import Service
from casita_automations.checking.slips import Slips
from casita_config import nearest

_DECLARED: Final = frozenset(
    {
        "automation", "counter", "input_boolean", "input_button", "input_datetime",
        "input_number", "input_select", "input_text", "schedule", "script", "timer",
    }
)  # fmt: skip
"""Domains whose entities come from the configuration alone."""
_NOT_IDS: Final = frozenset({"all", "none"})


class World:
    """The entities, services and names that a configuration can speak of."""

    def __init__(self, kernel: Kernel, known: Known, declared: Iterable[str]) -> None:
        """``declared`` are entity ids that the configuration brings about by itself."""
        registry, states = kernel.registry, kernel.states
        self._attributes: dict[str, Mapping[str, Any]] = dict(known.entities)
        for entry in registry.entities:
            self._attributes.setdefault(entry.entity_id, {})
        for entity_id in declared:
            self._attributes.setdefault(entity_id, {})
        self._attributes.update((one.entity_id, one.attributes) for one in states)
        self._slips = Slips(self._attributes)
        self.services: dict[str, Service] = {one.id: one for one in kernel.commands.services()}
        self.plugins = frozenset(kernel.config.plugins)
        self.whole = known.whole
        self.names: dict[str, frozenset[str]] = {
            "area_id": known.areas | {one.id for one in registry.areas} | {*kernel.config.areas},
            "device_id": known.devices | {one.id for one in registry.devices},
            "floor_id": known.floors | {one.id for one in registry.floors},
            "label_id": known.labels | {one.id for one in registry.labels},
        }
        """What exists, by the key of a target that names it."""

    def has(self, entity_id: str) -> bool:
        """Say whether an entity exists."""
        return entity_id in self._attributes or entity_id in _NOT_IDS

    def attributes(self, entity_id: str) -> Mapping[str, Any]:
        """Return the attributes that an entity has, as far as they are known."""
        return self._attributes.get(entity_id, {})

    def is_certain(self, entity_id: str) -> bool:
        """Say whether an entity that is not known does not exist."""
        home = home_of(entity_id)
        if home is not None:
            return self.whole and any(home_of(one) == home for one in self._attributes)
        return self.whole or domain_of(entity_id) in _DECLARED

    def nearest_entity(self, entity_id: str) -> str | None:
        """Return the entity that was probably meant."""
        domain = domain_of(entity_id)
        siblings = [one for one in self._attributes if domain_of(one) == domain]
        return nearest(entity_id, siblings) or nearest(entity_id, self._attributes)

    def misspelt_entity(self, entity_id: str) -> str | None:
        """Return the entity of which an id can hardly be anything but a misspelling."""
        return self._slips.of(entity_id)
