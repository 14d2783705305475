"""A broker that is killed again and again loses nothing that a home has told it.

The server syncs its disk before it acknowledges; the homes are hubs in this process. CI kills it
a tenth as often as ``CASITA_PROOFS=full`` does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from casita.broker import BrokerStatus
from casita.ids import new_id
from peers.brokers import HastyNatsPeer, SyncedNatsPeer
from peers.homes import Home, sharing, until
from proofs import FULL, share

KILLS: Final = share(50)
SUBJECTS: Final = 5
BURST: Final = 10
PAUSE_S: Final = 0.04
LONGEST_LIFE_S: Final = 0.5
ALL_WITHIN_S: Final = 180.0
RANG: Final = "rang"
LAST: Final = "rang_last"
SHARES: Final = {"publish": {"types": [RANG, LAST]}, "subscribe": None}


class Bells:
    """Rings all the time; each bell counts its own."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.rung = 0
        self._on = True

    def stop(self) -> None:
        """Ring no more."""
        self._on = False

    async def ring(self) -> None:
        """Ring until stopped."""
        while self._on:
            for _ in range(BURST):
                self.home.emits(RANG, f"bell.{self.rung % SUBJECTS}", n=self.rung)
                self.rung += 1
            await asyncio.sleep(PAUSE_S)

    def expected(self, bell: int) -> list[int]:
        """Return what a bell has counted."""
        return list(range(bell, self.rung, SUBJECTS))


@asynccontextmanager
async def ringing(peer: SyncedNatsPeer, folder: Path) -> AsyncIterator[tuple[Bells, Home]]:
    """Let a home ring at a broker of its own, and another hear it."""
    await peer.start()
    try:
        async with sharing(peer, f"k{new_id()}", folder, main={}, cabin=SHARES) as homes:
            bells = Bells(homes["cabin"])
            task = asyncio.create_task(bells.ring())
            try:
                yield bells, homes["main"]
            finally:
                bells.stop()
                await task
    finally:
        await peer.stop()


async def kill(peer: SyncedNatsPeer, cabin: Home, seed: random.Random) -> None:
    """Kill the broker while it is written to, and start it again."""
    await cabin.connected()
    await asyncio.sleep(seed.random() * LONGEST_LIFE_S)
    await peer.kill()
    await asyncio.sleep(seed.random() * PAUSE_S)
    await peer.start()


async def received(main: Home, count: int) -> BrokerStatus:
    """Return how a home's link fares once so much has come in."""
    async with asyncio.timeout(ALL_WITHIN_S):
        while (status := await main.status()).received < count:
            await asyncio.sleep(0.1)
    return status


def heard(main: Home) -> list[int]:
    """Return what has come in, in its order."""
    return [one.data["n"] for one in main.logged(RANG)]


@pytest.mark.timeout(900)
async def test_a_broker_that_is_killed_loses_nothing_and_nothing_comes_in_twice(
    tmp_path: Path,
) -> None:
    peer, seed = SyncedNatsPeer(tmp_path / "nats"), random.Random(18)
    async with ringing(peer, tmp_path) as (bells, main):
        for _ in range(KILLS):
            await kill(peer, bells.home, seed)
        bells.stop()
        status = await received(main, bells.rung)
        told = await bells.home.status()

        for bell in range(SUBJECTS):
            got = [one.data["n"] for one in main.logged(RANG, f"cabin.bell.{bell}")]
            assert got == bells.expected(bell)
        assert len(heard(main)) == bells.rung == status.received
        assert told.losses == KILLS
        assert told.behind == 0


@pytest.mark.timeout(300)
@pytest.mark.skipif(not FULL, reason="a few kills may lose nothing by luck")
async def test_an_outbox_that_did_not_wait_for_the_broker_would_lose_events(
    tmp_path: Path,
) -> None:
    peer, seed = HastyNatsPeer(tmp_path / "nats"), random.Random(18)
    async with ringing(peer, tmp_path) as (bells, main):
        for _ in range(KILLS):
            await kill(peer, bells.home, seed)
        bells.stop()
        await bells.home.connected()
        bells.home.emits(LAST, "bell")
        await until(lambda: bool(main.logged(LAST)), within_s=ALL_WITHIN_S)

        assert len(set(heard(main))) < bells.rung
