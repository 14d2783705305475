"""Whether the clock is believed, over HTTP."""

from __future__ import annotations

from datetime import timedelta

from casita.clock import VirtualClock
from casita.kernel import Kernel
from casita.log import MemoryLog

from .conftest import Caller


async def test_a_clock_without_doubt_is_trusted(ask: Caller) -> None:
    reply = await ask("GET", "/api/clock")

    assert (reply.json["trusted"], reply.json["doubt"]) == (True, None)


async def test_a_person_says_that_the_clock_is_right(
    ask: Caller, kernel: Kernel, clock: VirtualClock, log: MemoryLog
) -> None:
    kernel.trust.begin(clock.now() + timedelta(days=400))
    before = await ask("GET", "/api/clock")

    after = await ask("POST", "/api/clock/trust")

    assert before.json["trusted"] is False
    assert "the newest event in the log" in before.json["doubt"]
    assert after.json["trusted"] is True
    told = next(iter(log.scan(types=["clock.trusted"])))
    assert (told.actor, clock.trusted) == ("token:ann", True)
