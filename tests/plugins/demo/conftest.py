"""Demo houses of any hour, pace and seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from casita.testing import House
from casita_demo import plugin

MakeHouse = Callable[..., House]


@pytest.fixture
def make_house() -> Iterator[MakeHouse]:
    """Make demo houses with these options; time begins on a Tuesday at 09:00 UTC."""
    with ExitStack() as stack:

        def make(**options: Any) -> House:
            return stack.enter_context(House({"plugins": {"demo": options}}, plugins=[plugin]))

        yield make


@pytest.fixture
def evening(make_house: MakeHouse) -> House:
    """A demo house that lives through an evening."""
    house = make_house(at="20:00")
    house.passes("20s")
    return house
