"""A consumer with its own ways, and the events that it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from casita.clock import VirtualClock, settle
from casita.events import Event
from casita.kernel import Kernel


class Reader:
    """Takes down what it is told; fails, or hangs, where it is told to."""

    def __init__(self) -> None:
        self.tried: list[Event] = []
        self.took: list[Event] = []
        self.fails: Callable[[Event], Exception | None] = lambda _event: None
        self.hangs: Callable[[Event], bool] = lambda _event: False

    async def __call__(self, event: Event) -> None:
        self.tried.append(event)
        if self.hangs(event):
            await asyncio.Event().wait()
        err = self.fails(event)
        if err is not None:
            raise err
        self.took.append(event)

    @property
    def numbers(self) -> list[int]:
        """What it took, by number."""
        return [one.data["n"] for one in self.took if "n" in one.data]


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
async def running(kernel: Kernel) -> AsyncIterator[Kernel]:
    """A kernel whose consumers are closed in the end."""
    yield kernel
    await kernel.consumers.stop()


def happen(kernel: Kernel, *numbers: int, subject: str = "bell") -> None:
    """Let something happen, once for each number."""
    for number in numbers:
        kernel.bus.emit("rang", subject, {"n": number}, source="test")


async def rest(kernel: Kernel, seconds: float = 0) -> None:
    """Let time pass, and everything come to rest."""
    assert isinstance(kernel.clock, VirtualClock)
    await kernel.clock.pass_time(seconds)
    await settle(200)
