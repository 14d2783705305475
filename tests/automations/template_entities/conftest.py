"""Homes with template entities, for sync tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from casita.testing import House
from casita_config import load_text

Make = Callable[[str], House]


@pytest.fixture
def make() -> Iterator[Make]:
    """Return a house of a configuration's text."""
    houses: list[House] = []

    def of_text(text: str) -> House:
        house = House(load_text(text))
        houses.append(house)
        return house

    yield of_text
    for house in houses:
        house.close()


def problems(house: House) -> list[str]:
    """Return what the house says is wrong in its configuration, with the line."""
    return [f"{one.line}: {one.key}: {one.message}" for one in house.hub.host.problems()]


def states(house: House, entity_id: str) -> list[str]:
    """Return all states that an entity had, one after the other."""
    return [
        one.data["state"]
        for one in house.events
        if one.type == "state.changed" and one.subject == entity_id
    ]


def shown(house: House, entity_id: str) -> tuple[str, dict[str, object]]:
    """Return an entity's state and attributes."""
    state = house.state(entity_id)
    assert state is not None
    return state.state, dict(state.attributes)
