"""Tells a slip of the pen in a name from another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from casita.ids import domain_of

_LONG: Final = 8
_SHORTEST: Final = 4
_Key = tuple[str, ...]


class Slips:
    """Known entity ids, by what is the same in a slip: all but one word, or all letters."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known: dict[_Key, list[tuple[int, str]]] = {}
        for number, one in enumerate(known):
            for key in _keys(one):
                self._known.setdefault(key, []).append((number, one))

    def of(self, entity_id: str) -> str | None:
        """Return the first of the entities of which an id can hardly be but a misspelling."""
        domain = domain_of(entity_id)
        found = (
            (number, one)
            for key in _keys(entity_id)
            for number, one in self._known.get(key, ())
            if domain_of(one) == domain and misspells(entity_id, one)
        )
        return min(found, default=(0, None))[1]


def _keys(entity_id: str) -> Iterator[_Key]:
    words = entity_id.split("_")
    yield ("".join(words),)
    for index in range(len(words)):
        yield (*words[:index], "", *words[index + 1 :])


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
