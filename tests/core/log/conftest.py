"""Logs of both kinds, and one that can be closed and opened again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casita.clock import VirtualClock
from casita.log import EventLog, Log, MemoryLog


@pytest.fixture(params=["disk", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path, clock: VirtualClock) -> Iterator[EventLog]:
    opened: EventLog
    if request.param == "disk":
        opened = Log.open(tmp_path / "data", clock=clock)
    else:
        opened = MemoryLog(clock=clock)
    with opened:
        yield opened


@pytest.fixture
def reopen(tmp_path: Path, clock: VirtualClock) -> Iterator[Callable[[], Log]]:
    """Open the same log again and again; the one before is closed first."""
    opened: list[Log] = []

    def reopen() -> Log:
        for log in opened:
            log.close()
        opened.append(Log.open(tmp_path / "data", clock=clock))
        return opened[-1]

    yield reopen
    for log in opened:
        log.close()
