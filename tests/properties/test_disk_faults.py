"""A disk that is full, broken or read-only stops nothing, and nobody is told otherwise."""

from __future__ import annotations

import asyncio
import random
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from casita.clock import VirtualClock
from casita.errors import NotStored
from casita.hub import Hub
from casita.log import Log, LogReader, Notice, _writer
from casita_config import Configuration
from disks.power import Disk, Fault, Note, Recorder, lay_out, recording
from peers.hub import free_port
from proofs import share

CYCLES: Final = share(50)
BACK_WITHIN_S: Final = 5.0
MOST_GROWTH_BYTES: Final = 64 << 20
EVENTS: Final = max(200_000, share(600_000))
LAMP: Final = "input_boolean.lamp"


class House:
    """A hub on a disk that can refuse, and its API."""

    def __init__(self, hub: Hub, session: aiohttp.ClientSession, disk: Recorder) -> None:
        self.hub = hub
        self.disk = disk
        self._session = session

    async def publish(self) -> dict[str, Any]:
        """Put an event on the bus; return what the API says of it."""
        return await self._post("/api/events", {"type": "doorbell_rang"})

    async def switch(self, to: str) -> dict[str, Any]:
        """Switch the lamp; return what the API says of it."""
        body = {"target": {"entity_id": [LAMP]}}
        return await self._post(f"/api/services/input_boolean/turn_{to}", body)

    def lamp(self) -> str:
        """Return the lamp's state."""
        return self.hub.kernel.states.require(LAMP).state

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(path, json=body) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status < 300, told
            return told


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[House]:
    config = Configuration.from_mapping(
        {
            "http": {"port": free_port()},
            "network": {"interfaces": ["127.0.0.1"]},
            "input_boolean": {"lamp": {"name": "Lamp"}},
        }
    )
    with recording(folder) as disk:
        async with Hub(config, folder=folder, plugins=None) as hub:
            connector = aiohttp.UnixConnector(str(folder / "hub.sock"))
            async with aiohttp.ClientSession("http://localhost", connector=connector) as session:
                try:
                    yield House(hub, session, disk)
                finally:
                    disk.fault = None


async def test_the_house_goes_on_says_so_and_recovers_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    disk = await _lived(folder)

    assert _lost_by_a_power_cut(disk, tmp_path) == []


async def test_control_a_log_that_calls_stored_what_was_refused_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _writer.WriterThread._write_once

    def lie(self: _writer.WriterThread, *what: Any) -> None:
        try:
            write(self, *what)
        except _writer._REFUSALS:
            pass  # and nobody is told

    monkeypatch.setattr(_writer.WriterThread, "_write_once", lie)

    with pytest.raises(AssertionError):
        await _lived(tmp_path / "data")


async def _lived(folder: Path) -> Recorder:
    """Let the disk refuse again and again, and look at what people are told meanwhile."""
    async with living(folder) as house:
        for cycle in range(CYCLES):
            fault = list(Fault)[cycle % len(Fault)]
            house.disk.fault = fault
            to = "off" if house.lamp() == "on" else "on"
            published, switched = await house.publish(), await house.switch(to)
            assert (published["stored"], switched["stored"]) == (False, False), fault
            assert switched["outcomes"][LAMP]["status"] == "done"
            assert house.lamp() == to
            house.disk.fault = None
            begin = time.monotonic()
            told = await house.publish()
            while not told["stored"]:
                assert time.monotonic() - begin <= BACK_WITHIN_S, fault
                told = await house.publish()
            house.disk.note("stored", told["offset"])
        types = [one.type async for one in _all(house)]
        assert types.count("log.failing") == types.count("log.recovered") == CYCLES
    return house.disk


async def _all(house: House) -> AsyncIterator[Any]:
    for event in await house.hub.kernel.log.read(limit=100_000):
        yield event


def _lost_by_a_power_cut(recorder: Recorder, tmp_path: Path) -> list[int]:
    """Cut the power right after each acknowledgement; return which were not kept."""
    disk, rng = Disk({}), random.Random(5)
    lost = []
    for operation in recorder.operations:
        disk.do(operation)
        if isinstance(operation, Note):
            folder = tmp_path / f"after {operation.value}"
            lay_out(disk.after_power_cut(rng), folder)
            with LogReader(folder) as reader:
                if reader.event(operation.value) is None or not reader.verify().sound:
                    lost.append(operation.value)
    return lost


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be tried more often than once a second."""
    monkeypatch.setattr(_writer, "_RETRY_S", 0.02)


@pytest.mark.usefixtures("impatient")
async def test_memory_stays_bounded_and_what_is_given_up_is_told(tmp_path: Path) -> None:
    with recording(tmp_path / "data") as disk:
        grown, log, told = await _refused_for_long(tmp_path / "data", disk)
        disk.fault = None
        await _all_stored(log)
        events = [event.offset for event in log.scan()]
        ((first, last),) = log.given_up
        newest = log.append("t", "s", {}, source="test")
        await log.stored(newest)
        with pytest.raises(NotStored, match="given up"):
            await log.stored(last)
        log.close()

    assert grown <= MOST_GROWTH_BYTES
    assert events == [*range(1, first), *range(last + 1, EVENTS + 2)]
    assert len(events) >= 16_000
    assert [one.type for one in told] == ["log.failing", "log.recovered"]
    with LogReader(tmp_path / "data") as reader:
        report = reader.verify()
    assert report.sound
    assert report.lost == ((first, last),)


@pytest.mark.usefixtures("impatient")
async def test_control_a_log_that_keeps_everything_grows_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casita.log import _base

    monkeypatch.setattr(_writer, "MOST_UNSTORED", 10**9)
    monkeypatch.setattr(_base, "_MOST", 10**9)

    with recording(tmp_path / "data") as disk:
        grown, log, _ = await _refused_for_long(tmp_path / "data", disk)
        log.close()

    assert grown > MOST_GROWTH_BYTES


async def _refused_for_long(folder: Path, disk: Recorder) -> tuple[int, Log, list[Notice]]:
    """Append while nothing is taken; return by how many bytes what the process holds grew."""
    told: list[Notice] = []
    log = Log.open(folder, clock=VirtualClock(datetime(2024, 3, 12, tzinfo=UTC)))
    log.watch(told.append)
    await log.stored(log.append("t", "s", {}, source="test"))
    disk.fault = Fault.FULL
    tracemalloc.start()
    try:
        for number in range(EVENTS):
            data = {"number": number, "text": f"{number:300}"}
            log.append("t", f"s.{number % 50}", data, source="test")
            log.put("cursor", "somebody", number)
            if number % 500 == 0:
                await asyncio.sleep(0)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return grown, log, told


async def _all_stored(log: Log) -> None:
    while log.backlog:
        await log.grown(log.stored_head)


async def test_a_hub_starts_on_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with living(folder) as house:
        await house.switch("on")

    with recording(folder) as disk:
        disk.fault = Fault.FULL
        with Log.open(folder, clock=VirtualClock(datetime(2024, 3, 12, tzinfo=UTC))) as log:
            served = [event.type for event in log.scan()]
            event = log.append("t", "s", {}, source="test")
            with pytest.raises(NotStored):
                await log.stored(event)
            disk.fault = None
            await _all_stored(log)

    assert "hub.stopped" in served
    with LogReader(folder) as reader:
        assert reader.event(event.offset) == event
