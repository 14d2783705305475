"""Guards and fixtures for every test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from casita.testing import House
from proofs import FULL

_PROOF_WITHIN_S = 3600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the full counts of a proof take their time."""
    if FULL:
        for item in items:
            item.add_marker(pytest.mark.timeout(_PROOF_WITHIN_S))


@pytest.fixture
def house() -> Iterator[House]:
    """A house without configuration; see `casita.testing.House`."""
    with House() as one:
        yield one


@pytest.fixture(autouse=True)
def _no_leaked_thread() -> Iterator[None]:
    """A test that leaves a thread of ours behind has not stopped what it started."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and one.is_alive()]
    leaked = [one.name for one in left if one.name.startswith("casita")]
    assert not leaked, f"threads left behind: {leaked}"
