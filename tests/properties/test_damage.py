"""Damage is never served as truth: it is noticed, cut off and told, and the rest stays."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import re
import shutil
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from casita.clock import VirtualClock
from casita.events import Event
from casita.log import Log, LogReader, Notice, Report, _codec, _opening
from disks.damage import cut, flip_bit, unreadable
from proofs import share

FLIPS = share(2000)
CUTS = share(500)
PAGE_BYTES = 4096
IN_FRONT_BYTES = 24
"""So far in front of its first row a batch begins, about."""
BEGIN = datetime(2024, 3, 12, 9, tzinfo=UTC)


class Home(NamedTuple):
    """A log as it was before the damage."""

    folder: Path
    events: Mapping[int, Event]
    documents: dict[str, Any]
    ever: Mapping[int, Event]
    """With what retention has dropped; if the note of that is lost, some of it may come back."""


class Outcome(NamedTuple):
    """What a damaged log has shown."""

    before: Mapping[int, Event]
    """What was served before anybody had looked for damage."""
    events: Mapping[int, Event]
    documents: dict[str, Any]
    report: Report
    told: list[Notice]
    again: Report
    by_subject: Set[int]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A log with rows in pages of their own and in the pages of others, some long."""
    folder = tmp_path_factory.mktemp("damage") / "home"
    rng = random.Random(7)
    clock = VirtualClock(BEGIN)
    with Log.open(folder, clock=clock) as log:
        for number in range(60):
            for _ in range(rng.choice((1, 2, 60))):
                text = "x" * rng.choice((5, 40, 40, 900))
                log.append("t", f"s.{rng.randrange(9)}", {"n": number, "x": text}, source="test")
            log.put("things", f"thing.{number % 20}", {"number": number, "text": "y" * 50})
            log.flush()
            clock.advance(timedelta(hours=1))
        ever: dict[int, Event] = {one.offset: one for one in log.scan()}
        asyncio.run(log.retain(timedelta(hours=50)))
    with LogReader(folder) as reader:
        return Home(
            folder, {one.offset: one for one in reader.scan()}, reader.items("things"), ever
        )


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_opening, "_SYNCHRONOUS", "off")  # no power is lost here


def test_a_flipped_bit_is_noticed_and_costs_no_more_than_what_it_hit(
    home: Home, tmp_path: Path
) -> None:
    rng = random.Random(1)

    wrong = [
        text
        for number in range(FLIPS)
        if (text := _flipped(home, tmp_path / str(number), rng)) is not None
    ]

    assert wrong == []


def test_a_bit_in_front_of_a_batch_costs_hardly_anything(home: Home, tmp_path: Path) -> None:
    """There stands what it is, how long and from which offset on; its rows prove themselves."""
    rng = random.Random(5)
    whole = (home.folder / "casita.db").read_bytes()
    places = [found.start() for found in re.finditer(rb"\[\[\d+,", whole)]
    missing: list[int] = []
    wrong: list[str] = []

    for number in range(share(1000)):
        folder = tmp_path / str(number)
        shutil.copytree(home.folder, folder)
        damaged = bytearray(whole)
        at = rng.choice(places) - rng.randrange(1, IN_FRONT_BYTES)
        damaged[at] ^= 1 << rng.randrange(8)
        (folder / "casita.db").write_bytes(damaged)
        outcome = asyncio.run(_lived_on(folder))
        shutil.rmtree(folder)
        missing += home.events.keys() - outcome.events.keys()
        if text := _wrong_with(outcome, home):
            wrong.append(f"byte {at}: {text}")

    assert wrong == []
    assert len(missing) <= share(1000) // 2  # a few batches are lost as a whole


def test_a_file_that_was_cut_is_noticed_and_what_is_left_is_served(
    home: Home, tmp_path: Path
) -> None:
    rng = random.Random(2)

    wrong = [
        text
        for number in range(CUTS)
        if (text := _truncated(home, tmp_path / str(number), rng)) is not None
    ]

    assert wrong == []


def test_a_file_that_lacks_its_last_pages_is_noticed(home: Home, tmp_path: Path) -> None:
    """Its newest events may stand further in front, and be whole."""
    pages = (home.folder / "casita.db").stat().st_size // PAGE_BYTES

    wrong = [
        text
        for number in range(1, min(pages, share(400)))
        if (text := _shortened(home, tmp_path / str(number), PAGE_BYTES * (pages - number)))
    ]

    assert wrong == []


def test_sectors_that_cannot_be_read_cost_no_more_than_what_they_held(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(4)
    read = os.pread

    def refuse(descriptor: int, length: int, at: int) -> bytes:
        if at <= bad < at + length:
            raise OSError(errno.EIO, "input/output error")
        return read(descriptor, length, at)

    monkeypatch.setattr(os, "pread", refuse)
    wrong: list[str] = []
    for number in range(share(100)):
        folder = tmp_path / str(number)
        shutil.copytree(home.folder, folder)
        bad = rng.randrange((folder / "casita.db").stat().st_size)
        with unreadable(folder / "casita.db", bad):
            outcome = asyncio.run(_lived_on(folder))
        text = _wrong_with(outcome, home)
        if text is not None:
            wrong.append(f"sector of byte {bad}: {text}")
        shutil.rmtree(folder)

    assert wrong == []


@pytest.mark.parametrize("harm", [flip_bit, cut])
def test_a_damaged_journal_is_noticed(
    home: Home, tmp_path: Path, harm: Callable[[Path, random.Random], int]
) -> None:
    """A journal ends for SQLite where it is damaged; what was behind that was acknowledged."""
    rng = random.Random(3)
    crashed = tmp_path / "crashed"
    stored = _crashed(home, crashed)
    wrong: list[str] = []

    for number in range(share(200)):
        folder = tmp_path / str(number)
        shutil.copytree(crashed, folder)
        at = harm(folder / "casita.db-wal", rng)
        outcome = asyncio.run(_lived_on(folder))
        missing = stored.keys() - outcome.events.keys()
        if _false(outcome.events, stored):
            wrong.append(f"{harm.__name__} at {at}: something false is served")
        if missing and not (outcome.told or not outcome.report.sound):
            wrong.append(f"{harm.__name__} at {at}: {len(missing)} events are gone, untold")
        shutil.rmtree(folder)

    assert wrong == []


def test_control_without_checksums_damage_is_served(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trusting(batch: _codec.Batch) -> bool:
        return True

    monkeypatch.setattr(_codec, "_is_whole", trusting)
    rng = random.Random(1)
    served_false = False

    for number in range(FLIPS):
        folder = tmp_path / str(number)
        shutil.copytree(home.folder, folder)
        flip_bit(folder / "casita.db", rng)
        try:
            with LogReader(folder) as reader:
                served_false |= _false({one.offset: one for one in reader.scan()}, home.ever)
        except Exception:  # noqa: BLE001 - what is not checked may end in anything
            continue
        if served_false:
            break

    assert served_false


def _flipped(home: Home, folder: Path, rng: random.Random) -> str | None:
    """Flip a bit, live on, and say what is wrong."""
    shutil.copytree(home.folder, folder)
    file = folder / "casita.db"
    whole = file.read_bytes()
    at = flip_bit(file, rng)
    outcome = asyncio.run(_lived_on(folder))
    wrong = _wrong_with(outcome, home)
    if wrong is None:
        missing = home.events.keys() - outcome.events.keys()
        hit = _row_at(whole, at)
        if hit is not None and missing - {hit}:
            wrong = f"row {hit} was hit, and lost are {sorted(missing)}"
        elif not _in_one_batch(missing):
            wrong = f"no row was hit, and lost are {sorted(missing)}"
    shutil.rmtree(folder)
    return None if wrong is None else f"byte {at}: {wrong}"


def _truncated(home: Home, folder: Path, rng: random.Random) -> str | None:
    return _shortened(home, folder, rng.randrange((home.folder / "casita.db").stat().st_size))


def _shortened(home: Home, folder: Path, length: int) -> str | None:
    shutil.copytree(home.folder, folder)
    os.truncate(folder / "casita.db", length)
    outcome = asyncio.run(_lived_on(folder))
    shutil.rmtree(folder)
    wrong = _wrong_with(outcome, home)
    return None if wrong is None else f"cut at {length}: {wrong}"


async def _lived_on(folder: Path) -> Outcome:
    """Open a damaged log as a hub does, look at all of it, and go on with it."""
    told: list[Notice] = []
    with Log.open(folder, clock=VirtualClock(BEGIN)) as log:
        log.watch(told.append)
        before: dict[int, Event] = {one.offset: one for one in log.scan()}
        report = await log.examine()
        event = log.append("later", "s.later", {}, source="test")
        await log.stored(event)
        await asyncio.sleep(0)
        events: dict[int, Event] = {one.offset: one for one in log.scan()}
        names = [f"s.{number}" for number in range(9)]
        by_subject: set[int] = {one.offset for one in log.scan(subjects=names)}
        assert events.pop(event.offset).type == "later"
        documents = log.items("things")
        again = await log.examine()
    return Outcome(before, events, documents, report, told, again, by_subject)


def _wrong_with(outcome: Outcome, home: Home) -> str | None:
    changed = outcome.events != home.events or outcome.documents != home.documents
    noticed = bool(outcome.told) or not outcome.report.sound
    missing = home.events.keys() - outcome.events.keys()
    lost = {n for first, last in outcome.again.lost for n in range(first, last + 1)}
    if _false(outcome.before, home.ever) or _false(outcome.events, home.ever):
        return "something false is served"
    if any(home.documents.get(key) != one for key, one in outcome.documents.items()):
        return "a false document is served"
    if changed and not noticed:
        return f"it was not noticed; lost are {sorted(missing)}"
    if missing - lost:
        return f"not told as lost: {sorted(missing - lost)}"
    if not outcome.again.sound:
        return f"it is not repaired: {outcome.again}"
    if outcome.by_subject != outcome.events.keys():
        return "the index of subjects is wrong"
    return None


def _false(served: Mapping[int, Event], true: Mapping[int, Event]) -> bool:
    return any(true.get(offset) != event for offset, event in served.items())


def _row_at(whole: bytes, at: int) -> int | None:
    """Return the offset of the row whose bytes stand at a place of a file, within one page."""
    begin = at // 4096 * 4096
    page = whole[begin : begin + 4096]
    place = at - begin
    start = max(page.rfind(b"\n[", 0, place + 1), page.rfind(b"[[", 0, place + 1)) + 1
    end = page.find(b",\n", place)
    if start == 0 or end < 0:
        return None
    try:
        offset, *_ = json.loads(page[start:end])
    except ValueError:
        return None  # it ends before the place, which belongs to no row
    return int(offset)


def _in_one_batch(missing: Set[int]) -> bool:
    """Say whether no more is missing than one batch of this log can have held."""
    return not missing or max(missing) - min(missing) < 60


def _crashed(home: Home, folder: Path) -> dict[int, Event]:
    """Make what a hub leaves behind that was killed with all in its journal."""
    working = folder.with_name("working")
    shutil.copytree(home.folder, working)
    with Log.open(working, clock=VirtualClock(BEGIN)) as log:
        for number in range(40):
            log.append("t", f"s.{number % 9}", {"n": number, "x": "z" * 200}, source="test")
            log.flush()
        shutil.copytree(working, folder)
        stored: dict[int, Event] = {one.offset: one for one in log.scan()}
    (folder / "casita.db-shm").unlink()
    return stored
