"""A log on the disk lasts, is whole, and does not serve what is damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from casita.clock import VirtualClock
from casita.errors import LogError, LogInUse
from casita.log import Log, LogReader, Notice

Reopen = Callable[[], Log]


def _fill(log: Log, number: int) -> None:
    for index in range(number):
        log.append("t", f"s{index % 5}", {"n": index}, source="test")
    log.flush()


def test_a_reopened_log_goes_on_where_it_ended(reopen: Reopen, tmp_path: Path) -> None:
    for _ in range(3):
        _fill(reopen(), 700)

    log = reopen()

    assert log.head == log.stored_head == 2100
    assert [event.offset for event in log.scan()] == list(range(1, 2101))
    with LogReader(tmp_path / "data") as reader:
        report = reader.verify()
    assert report.sound
    assert report.events == 2100


def test_documents_last(reopen: Reopen) -> None:
    reopen().put("c", "k", {"v": 1})

    assert reopen().items("c") == {"k": {"v": 1}}


def test_a_second_writer_is_refused_and_told_who_has_it(
    reopen: Reopen, tmp_path: Path, clock: VirtualClock
) -> None:
    reopen()

    with pytest.raises(LogInUse, match=rf"process {os.getpid()}\) has this data folder"):
        Log.open(tmp_path / "data", clock=clock)


def test_a_reader_sees_what_is_stored_while_a_hub_writes(reopen: Reopen, tmp_path: Path) -> None:
    log = reopen()
    _fill(log, 100)

    with LogReader(tmp_path / "data") as reader:
        first = reader.head
        _fill(log, 50)
        newest = reader.read(newest_first=True, limit=2)

    assert first == 100
    assert [event.offset for event in newest] == [150, 149]


def test_events_are_read_by_the_thousand_without_their_data(reopen: Reopen, tmp_path: Path) -> None:
    log = reopen()
    for _ in range(30):
        _fill(log, 100)

    with LogReader(tmp_path / "data") as reader:
        rows = [one for rows in reader.raw(after=950) for one in rows]
        whole = reader.read(after=950, limit=3000)
        subjects = sorted(reader.subjects())
        newest = reader.read(before=950, subjects=("s3",), newest_first=True, limit=2)

    assert [one.event() for one in rows] == whole
    assert bytes(rows[0].data) == b'{"n":50}'
    assert subjects == ["s0", "s1", "s2", "s3", "s4"]
    assert [event.offset for event in newest] == [949, 944]


def test_a_folder_without_a_log_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no log here"):
        LogReader(tmp_path)


def test_a_log_of_a_newer_form_is_refused(
    reopen: Reopen, tmp_path: Path, clock: VirtualClock
) -> None:
    reopen().close()
    connection = apsw.Connection(str(tmp_path / "data" / "casita.db"))
    connection.pragma("user_version", 99)
    connection.execute("DELETE FROM documents WHERE collection = 'log' AND key = 'form'")
    connection.close()

    with pytest.raises(LogError, match="newer Casita"):
        Log.open(tmp_path / "data", clock=clock)


def test_the_data_is_private(reopen: Reopen, tmp_path: Path) -> None:
    reopen()

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_ordinary_tools_can_query_the_events(reopen: Reopen, tmp_path: Path) -> None:
    _fill(reopen(), 12)

    with apsw.Connection(str(tmp_path / "data" / "casita.db")) as connection:
        rows = list(connection.execute("SELECT offset, type, data ->> 'n' FROM events LIMIT 2"))

    assert rows == [(1, "t", 0), (2, "t", 1)]


@pytest.mark.parametrize("column", ["events", "sums"])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.93])
def test_a_flipped_bit_is_noticed_and_only_what_it_hits_is_lost(
    reopen: Reopen, tmp_path: Path, column: str, where: float
) -> None:
    _fill(reopen(), 300)
    log = reopen()
    sound = {event.offset: event for event in log.scan()}
    log.close()
    _flip(tmp_path / "data" / "casita.db", column, where)

    with LogReader(tmp_path / "data") as reader:
        report = reader.verify()
        served = list(reader.scan())
        raw = [one.event() for rows in reader.raw() for one in rows]

    assert not report.sound
    assert raw == served
    assert all(event == sound[event.offset] for event in served)
    assert len(served) >= 298


async def test_a_damaged_event_is_cut_off_kept_aside_and_told(
    reopen: Reopen, tmp_path: Path
) -> None:
    _fill(reopen(), 300)
    _fill(reopen(), 10)
    reopen().close()
    _flip(tmp_path / "data" / "casita.db", "events", 0.5)
    told: list[Notice] = []

    log = reopen()
    log.watch(told.append)
    before = [event.offset for event in log.scan()]
    report = await log.examine()
    after = [event.offset for event in log.scan()]
    again = await log.examine()

    (damaged,) = report.damaged
    assert before == after == [offset for offset in range(1, 311) if offset != damaged]
    assert again.sound
    assert again.lost == ((damaged, damaged),)
    assert [(one.type, one.data["lost"]) for one in told] == [
        ("log.damaged", ((damaged, damaged),))
    ]
    assert f'[{damaged},\\"' in _text_of(told[0].data["aside"])


def test_a_log_whose_newest_event_is_damaged_opens_without_it_and_goes_on(
    reopen: Reopen, tmp_path: Path
) -> None:
    _fill(reopen(), 300)
    reopen().close()
    _flip(tmp_path / "data" / "casita.db", "events", 0.999)

    log = reopen()
    _fill(log, 5)

    assert [event.offset for event in log.scan()] == [*range(1, 300), *range(301, 306)]


def test_an_end_that_is_missing_is_noticed_and_its_offsets_are_not_given_again(
    reopen: Reopen, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "casita.db"
    _fill(reopen(), 100)
    reopen().close()
    earlier = file.read_bytes()
    _fill(reopen(), 50)
    reopen().close()
    file.write_bytes(earlier)

    log = reopen()
    event = log.append("t", "s", {}, source="test")
    log.flush()

    assert event.offset == 151
    with LogReader(tmp_path / "data") as reader:
        assert reader.verify().lost == ((101, 150),)


async def test_space_is_given_back_when_there_is_too_much(
    reopen: Reopen, clock: VirtualClock, tmp_path: Path
) -> None:
    log = reopen()
    for index in range(20_000):
        log.append("t", "s", {"text": "x" * 200, "n": index}, source="test")
    log.flush()

    dropped = await log.retain(None, 2_000_000)
    log.flush()

    left = [event.offset for event in log.scan()]
    assert dropped == 20_000 - len(left)
    assert left == list(range(dropped + 1, 20_001))
    assert 0 < len(left) < 10_000


async def test_the_chain_can_be_checked_after_old_events_were_dropped(
    reopen: Reopen, clock: VirtualClock, tmp_path: Path
) -> None:
    log = reopen()
    _fill(log, 1000)
    clock.advance(timedelta(days=3))
    _fill(log, 1000)

    await log.retain(timedelta(days=1))
    reopen().close()

    with LogReader(tmp_path / "data") as reader:
        assert reader.verify().sound


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from casita.clock import SystemClock
from casita.log import Log
import asyncio

async def main():
    with Log.open(Path(sys.argv[1]), clock=SystemClock()) as log:
        while True:
            for _ in range(50):
                log.put("doc", "head", log.head)
                event = log.append("t", "s", {"x": "y" * 50}, source="child")
            await log.stored(event)
            print(event.offset, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, lines: int) -> None:
    folder = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(lines)]
        child.send_signal(signal.SIGKILL)

    with LogReader(folder) as reader:
        report = reader.verify()
        offsets = [event.offset for event in reader.scan()]
        document = reader.items("doc")["head"]

    assert report.sound
    assert offsets == list(range(1, len(offsets) + 1))
    assert len(offsets) >= told[-1]
    assert document >= told[-1] - 1


def _text_of(file: str) -> str:
    return Path(file).read_text()


def _flip(path: Path, column: str, where: float) -> None:
    with apsw.Connection(str(path)) as connection:
        (first, blob) = next(
            connection.execute(f"SELECT first, {column} FROM batches ORDER BY length(events) DESC")
        )
        damaged = bytearray(blob)
        damaged[int(len(damaged) * where)] ^= 1
        connection.execute(f"UPDATE batches SET {column} = ? WHERE first = ?", (damaged, first))
