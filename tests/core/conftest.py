"""A kernel over a log in memory, with a virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from casita.clock import VirtualClock
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_config import Configuration


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))


@pytest.fixture
def log(clock: VirtualClock) -> MemoryLog:
    return MemoryLog(clock=clock)


@pytest.fixture
def kernel(clock: VirtualClock, log: MemoryLog) -> Kernel:
    return Kernel.assemble(Configuration.from_mapping({}), clock, log)
