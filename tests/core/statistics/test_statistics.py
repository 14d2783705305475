"""Statistics say what the states were, count nothing twice, and are kept when the log forgets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casita.clock import VirtualClock
from casita.kernel import Kernel
from casita.log import Log, MemoryLog
from casita.statistics import Row, StatisticsReader
from casita_config import Configuration

NOON = datetime(2024, 3, 12, 12, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
Report = tuple[float, str]


class Observed:
    """A kernel with statistics over a log, that is told things and asked."""

    def __init__(self, folder: Path | None = None, start: datetime = NOON) -> None:
        self.clock = VirtualClock(start)
        self.folder = folder
        self.log = MemoryLog(clock=self.clock)

    async def __aenter__(self) -> Observed:
        self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kernel.statistics.close()

    async def sees(self, entity_id: str, state: str, after_s: float = 0, **attributes: str) -> None:
        await self.clock.pass_time(after_s)
        self.kernel.states.set(entity_id, state, attributes, source="test")

    async def rows(self, entity_id: str, period: str = "5m", hours: float = 1) -> list[Row]:
        end = self.clock.now()
        begin = end - timedelta(hours=hours)
        return await self.kernel.statistics.rows(entity_id, period, begin, end, ZONE)

    async def crash(self) -> None:
        """Begin anew with what was written last, as after a power cut."""
        await self.kernel.statistics._tasks.stop()
        self._open()

    def _open(self) -> None:
        config = Configuration.from_mapping({})
        self.kernel = Kernel.assemble(config, self.clock, self.log, folder=self.folder)
        self.kernel.restore()
        self.kernel.statistics.open()


async def test_a_number_has_min_max_mean_sum_and_last() -> None:
    async with Observed() as house:
        await house.sees("sensor.t", "20")
        await house.sees("sensor.t", "26", after_s=100)
        await house.sees("sensor.t", "23", after_s=100)
        await house.clock.pass_time(100)

        (row,) = await house.rows("sensor.t")

    assert (row.start, row.min, row.max, row.mean) == (NOON, 20, 26, 23)
    assert (row.sum, row.last, row.seconds) == (3, 23, 300)


async def test_periods_in_which_nothing_was_said_are_as_the_last_one_ended() -> None:
    async with Observed() as house:
        await house.sees("sensor.t", "20")
        await house.sees("light.x", "on")
        await house.sees("sensor.t", "30", after_s=1200)
        await house.clock.pass_time(300)

        rows = await house.rows("sensor.t")
        light = await house.rows("light.x")

    assert [row.mean for row in rows] == [20, 20, 20, 20, 30]
    assert [dict(row.states) for row in light] == [{"on": 300}] * 5


async def test_states_that_are_no_numbers_have_durations() -> None:
    async with Observed() as house:
        await house.sees("sensor.door", "closed")
        await house.sees("sensor.door", "open", after_s=60)
        await house.sees("sensor.door", "closed", after_s=30)
        await house.sees("sensor.door", "unavailable", after_s=100)
        await house.clock.pass_time(3600)

        (row,) = await house.rows("sensor.door", "hour", hours=2)

    assert dict(row.states) == {"closed": 160, "open": 30, "unavailable": 3410}
    assert dict(row.times) == {"closed": 2, "open": 1, "unavailable": 1}


async def test_a_meter_that_begins_anew_goes_on_growing() -> None:
    async with Observed() as house:
        for reading in ("100", "103", "1", "2.5"):
            await house.sees("sensor.kwh", reading, after_s=10, state_class="total_increasing")
        await house.clock.pass_time(3600)

        (row,) = await house.rows("sensor.kwh", "hour", hours=2)

    assert row.sum == 3 + 1 + 1.5


async def test_days_are_those_at_home() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    async with Observed(start=datetime(2024, 3, 30, 0, tzinfo=zone).astimezone(UTC)) as house:
        await house.sees("sensor.t", "20")
        await house.clock.pass_time(3 * 86_400)
        end = house.clock.now()

        rows = await house.kernel.statistics.rows(
            "sensor.t", "day", end - timedelta(days=3), end, zone
        )

    days = [row.start.astimezone(zone).strftime("%d %H:%M") for row in rows]
    assert days[:3] == ["30 00:00", "31 00:00", "01 00:00"]
    assert [row.seconds / 3600 for row in rows[:2]] == [24, 23]


async def test_they_are_kept_when_the_log_forgets(tmp_path: Path) -> None:
    async with Observed(tmp_path) as house:
        await house.sees("sensor.t", "20")
        await house.clock.pass_time(7200)
        await house.rows("sensor.t")
        keep_from = house.kernel.statistics.keep_from
        await house.log.retain(timedelta(seconds=1), keep_from=keep_from)
        await house.crash()

        rows = await house.rows("sensor.t", "hour", hours=3)

    assert list(house.log.scan()) == []
    assert [row.mean for row in rows] == [20, 20]


async def test_the_log_keeps_what_was_not_taken_in_yet(tmp_path: Path) -> None:
    async with Observed(tmp_path) as house:
        await house.kernel.statistics._tasks.stop()
        await house.sees("sensor.t", "20")
        await house.clock.pass_time(7200)

        removed = await house.log.retain(
            timedelta(seconds=1), keep_from=house.kernel.statistics.keep_from
        )

        assert removed == 0


async def test_the_file_is_read_from_outside(tmp_path: Path) -> None:
    async with Observed(tmp_path) as house:
        await house.sees("sensor.t", "20")
        await house.clock.pass_time(600)
    with StatisticsReader.open(tmp_path) as reader:
        names = reader.entities()

    assert names == ["sensor.t"]


async def test_a_file_that_cannot_be_opened_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "statistics.db").mkdir()
    async with Observed(tmp_path) as house:
        await house.sees("sensor.t", "20")

        rows = await house.rows("sensor.t")

    assert rows == []
    assert house.kernel.statistics.keep_from is None


@given(
    reports=st.lists(
        st.tuples(
            st.sampled_from([0.5, 7, 100, 299, 300, 1000, 4000]),
            st.sampled_from(["1", "2.5", "-3", "on", "off", "unavailable"]),
        ),
        min_size=1,
        max_size=30,
    ),
    crashes=st.sets(st.integers(0, 29)),
)
@settings(deadline=None, max_examples=60)
def test_whatever_is_told_and_whenever_it_crashes_each_second_counts_once(
    reports: list[Report], crashes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("data")

    async def tell() -> tuple[list[Row], list[Row], datetime]:
        async with Observed(folder) as house:
            for number, (after_s, state) in enumerate(reports):
                await house.sees("sensor.x", state, after_s=after_s)
                if number in crashes:
                    await house.crash()
            await house.clock.pass_time(3600)
            fine = await house.rows("sensor.x", "5m", hours=100)
            coarse = await house.rows("sensor.x", "hour", hours=100)
            return fine, coarse, house.clock.now()

    fine, coarse, end = asyncio.run(tell())

    began = NOON.timestamp() + reports[0][0]
    for rows, length in ((fine, 300), (coarse, 3600)):
        counted = sum(row.seconds + sum(row.states.values()) for row in rows)
        over = end.timestamp() // length * length
        assert counted == pytest.approx(max(0.0, over - began))
        assert len({row.start for row in rows}) == len(rows)
        assert all(row.min <= row.mean <= row.max for row in rows if row.min is not None)  # type: ignore[operator]  # all three are there or none
    hours = {row.start: row for row in coarse}
    for hour in hours.values():
        parts = [row for row in fine if hour.start <= row.start < hour.start + timedelta(hours=1)]
        assert sum(row.sum or 0 for row in parts) == pytest.approx(hour.sum or 0)


async def test_they_are_made_from_a_log_on_the_disk(tmp_path: Path) -> None:
    clock = VirtualClock(NOON)
    with Log.open(tmp_path, clock=clock) as log:
        kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log, folder=tmp_path)
        kernel.restore()
        for number in range(10_000):
            kernel.states.set("sensor.t", str(number), {}, source="test")
        log.flush()
        kernel.statistics.open()
        clock.advance(300)

        (row,) = await kernel.statistics.rows("sensor.t", "5m", NOON, clock.now(), ZONE)
        await kernel.statistics.close()

    assert (row.min, row.max, row.last, row.sum) == (0, 9999, 9999, 9999)
