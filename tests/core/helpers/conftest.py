"""Houses with helpers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from casita.testing import START, House

MakeHouse = Callable[..., House]


@pytest.fixture
def make_house() -> Iterator[MakeHouse]:
    """Build a house of sections of the configuration; it is closed after the test."""
    with ExitStack() as stack:

        def make(start: datetime = START, **sections: Any) -> House:
            return stack.enter_context(House(sections, start=start))

        yield make
