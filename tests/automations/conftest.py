"""Homes with automations, for sync tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from casita.testing import House

Declare = Callable[..., House]


@pytest.fixture
def home() -> Iterator[Declare]:
    """Return a house with these automations, and with other sections by name."""
    houses: list[House] = []

    def declare(*automations: dict[str, Any], **sections: Any) -> House:
        house = House({"automation": list(automations), **sections})
        houses.append(house)
        return house

    yield declare
    for house in houses:
        house.close()
