"""An acknowledged event survives the loss of power, wherever it strikes."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from casita.clock import VirtualClock
from casita.events import Event
from casita.log import Log, LogReader, _opening
from disks.forms import forms
from disks.power import Disk, Note, Recorder, lay_out, recording
from proofs import share

SEEDS = range(5)
POINTS = share(20_000) // len(SEEDS)
ROUNDS = 120
EARLY = 100
"""So many operations of a log's beginning are each tried."""
OLD = forms()[0]


class Told(NamedTuple):
    """What was acknowledged before the power went, and what may have been dropped since."""

    stored: int = 0
    document: int = 0
    floor: int = 0


@pytest.fixture(autouse=True)
def _frequent_checkpoints() -> Iterator[None]:
    def hook(connection: apsw.Connection) -> None:
        connection.wal_autocheckpoint(30)

    apsw.connection_hooks.append(hook)
    yield
    apsw.connection_hooks.remove(hook)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_torn(seed: int, tmp_path: Path) -> None:
    failures = list(_failures(seed, tmp_path, POINTS))

    assert failures == []


def test_control_a_log_that_is_not_synced_at_every_commit_loses_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_opening, "_SYNCHRONOUS", "normal")

    failure = next((one for one in _failures(0, tmp_path, 200) if "lost" in one), None)

    assert failure is not None


def _failures(seed: int, tmp_path: Path, points: int) -> Iterator[str]:
    """Live for a while, then cut the power at many points and say what is wrong after each."""
    rng = random.Random(seed)
    begin = {"casita.db": OLD.file} if seed % 2 == 0 else {}
    recorder = _live(tmp_path / "home", begin, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_opening, "_SYNCHRONOUS", "off")  # what is looked at need not last
        for wrong in _failures_of(recorder, Disk(begin), rng, tmp_path / "after", points):
            yield f"seed {seed}, {wrong}"


def _failures_of(
    recorder: Recorder, disk: Disk, rng: random.Random, folder: Path, points: int
) -> Iterator[str]:
    operations = recorder.operations
    at = sorted([*range(EARLY), *(rng.randrange(len(operations)) for _ in range(points))])
    told = [*_told(recorder)]
    done = 0
    for number, point in enumerate(at):
        while done <= point:
            disk.do(operations[done])
            done += 1
        lay_out(disk.after_power_cut(rng), folder)
        wrong = _wrong_with(folder, told[point])
        if wrong:
            yield f"cut {number} at operation {point}: {wrong}"
        shutil.rmtree(folder)


def _live(folder: Path, begin: Mapping[str, bytes], rng: random.Random) -> Recorder:
    """Begin with a new log or bring an old one up to date, write, drop, close and open.

    What was promised meanwhile is noted.
    """
    lay_out(begin, folder)
    clock = VirtualClock(datetime(2024, 3, 20, 9, tzinfo=UTC))
    with recording(folder) as recorder:
        log = Log.open(folder, clock=clock)
        for number in range(ROUNDS):
            with log.together():
                for _ in range(rng.choice((1, 1, 3, 40))):
                    _append(log, rng)
                log.put("promise", "head", log.head)
            if rng.random() < 0.7:
                log.flush()
                recorder.note("stored", log.head)
                recorder.note("document", log.head)
            if number % 25 == 24:
                asyncio.run(log.retain(timedelta(hours=20)))
                recorder.note("floor", next(iter(log.scan())).offset)
            if number % 40 == 39:
                log.close()
                log = Log.open(folder, clock=clock)
            clock.advance(timedelta(hours=1))
        log.close()
        recorder.note("stored", log.head)
    return recorder


def _append(log: Log, rng: random.Random) -> Event:
    text = "x" * rng.choice((10, 10, 300, 5000))
    return log.append(
        "t", f"s.{rng.randrange(9)}", {"n": log.head + 1, "text": text}, source="test"
    )


def _told(recorder: Recorder) -> Iterator[Told]:
    """Yield for each operation what had been told by then; a floor counts from before it."""
    notes = [one for one in recorder.operations if isinstance(one, Note)]
    floors = [one.value for one in notes if one.what == "floor"]
    told = Told()
    for one in recorder.operations:
        if isinstance(one, Note) and one.what == "floor":
            floors.pop(0)
        elif isinstance(one, Note):
            told = told._replace(**{one.what: one.value})
        yield told._replace(floor=floors[0] if floors else 10**9)


def _wrong_with(folder: Path, told: Told) -> str:
    with Log.open(folder, clock=VirtualClock(datetime(2024, 4, 1, tzinfo=UTC))) as log:
        events = list(log.scan())
        promise = int(log.items("promise").get("head", 0))
    offsets = [event.offset for event in events]
    if (folder / "aside").exists():
        return "it was taken for damaged"
    if not offsets and not told.stored:
        return ""
    if not offsets or offsets != list(range(offsets[0], offsets[-1] + 1)):
        return f"there is a gap in {offsets}"
    if offsets[-1] < told.stored:
        return f"events {offsets[-1] + 1} to {told.stored} are lost"
    if promise < told.document:
        return f"the document of {told.document} is lost: it is that of {promise}"
    if promise and promise != offsets[-1]:
        return f"the document of {promise} came without its events, up to {offsets[-1]}"
    if offsets[0] > told.floor:
        return f"the log begins at {offsets[0]}"
    if any(event.data["n"] != event.offset for event in events if event.type == "t"):
        return "an event is not what it was"
    with LogReader(folder) as reader:
        report = reader.verify()
    return "" if report.sound else str(report)
