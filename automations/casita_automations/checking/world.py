"""What there is in a house, as far as a check can know it without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from casita.asking import Known
from casita.ids import domain_of
from casita.kernel import Kernel
from casita.services import Service
from casita_config import nearest

_DECLARED: Final = frozenset(
    {
        "automation", "counter", "input_boolean", "input_button", "input_datetime",
        "input_number", "input_select", "input_text", "schedule", "script", "timer",
    }
)  # fmt: skip
"""Domains whose entities come from the configuration alone."""
_NOT_IDS: Final = frozenset({"all", "none"})
_LONG: Final = 8
_SHORTEST: Final = 4


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
        return self.whole or domain_of(entity_id) in _DECLARED

    def nearest_entity(self, entity_id: str) -> str | None:
        """Return the entity that was probably meant."""
        domain = domain_of(entity_id)
        siblings = [one for one in self._attributes if domain_of(one) == domain]
        return nearest(entity_id, siblings) or nearest(entity_id, self._attributes)

    def misspelt_entity(self, entity_id: str) -> str | None:
        """Return the entity of which an id can hardly be anything but a misspelling."""
        domain = domain_of(entity_id)
        for one in self._attributes:
            if domain_of(one) == domain and misspells(entity_id, one):
                return one
        return None


def misspells(word: str, known: str) -> bool:
    """Say whether a word is a slip of the pen in a known one, rather than another name.

    ``hall_1`` and ``hall_2``, ``lamp`` and ``lamps``, ``left`` and ``right`` are different names.
    """
    if word.replace("_", "") == known.replace("_", ""):
        return word != known
    ours, theirs = word.split("_"), known.split("_")
    if len(ours) != len(theirs):
        return False
    apart = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    return len(apart) == 1 and _slips(*apart[0])


def _slips(word: str, known: str) -> bool:
    if min(len(word), len(known)) < _SHORTEST or word[0] != known[0]:
        return False
    if any(char.isdigit() for char in word + known):
        return False
    if word.rstrip("s") == known.rstrip("s"):
        return False
    return distance(word, known) <= (2 if len(known) >= _LONG else 1)


def distance(word: str, other: str) -> int:
    """Return how many letters are to be changed, added, left out or swapped with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(word, 1):
        above, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != wanted))
            if i > 1 and j > 1 and char == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
