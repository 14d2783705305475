"""Statistics as they are asked for: a row for each period, also of those that were all alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from casita.statistics._store import Found, StatisticsReader

PERIODS: Final[Mapping[str, int]] = {"5m": 300, "hour": 3600, "day": 86_400}
"""Length in seconds by name; a day is as long as it is at home."""
MOST_ROWS: Final = 20_000
_EPOCH: Final = datetime(1970, 1, 2, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What an entity's state was in one period."""

    start: datetime
    """Aware, UTC."""
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    """Over the time in which there was a number."""
    sum: float | None = None
    """By how much the number grew; a meter that only counts up begins anew at nought."""
    last: float | None = None
    seconds: float = 0.0
    """For how long there was a number."""
    states: Mapping[str, float] = {}
    """Of states that are no numbers, ``unavailable`` among them: for how many seconds."""
    times: Mapping[str, int] = {}
    """How often each of them came about."""


def rows_of(
    reader: StatisticsReader,
    entity_id: str,
    period: str,
    begin: datetime,
    end: datetime,
    now: datetime,
    zone: ZoneInfo,
) -> list[Row]:
    """Return the rows of periods that start between two times, at most `MOST_ROWS`, the first.

    ``now`` is how far the statistics have come; what is open then is left out.
    """
    length = PERIODS[period]
    if period == "day":
        begin = _midnight(max(begin, _EPOCH), zone)
        hours = rows_of(reader, entity_id, "hour", begin, end, now, zone)
        return list(_by_day(hours, zone))
    oldest = reader.oldest(entity_id, length)
    if oldest is None:
        return []
    first = max(-int(-begin.timestamp() // length) * length, oldest)
    last = min(int(end.timestamp()), int(now.timestamp()) // length * length)
    last = min(last, first + MOST_ROWS * length)
    return list(_filled(reader.find(entity_id, length, first, last), first, last, length))


def _filled(found: Iterable[Found], begin: int, end: int, length: int) -> Iterator[Row]:
    """Put in what is as the period before ended, and leave out what is before the beginning."""
    before: Found | None = None
    for one in found:
        if before is not None:
            yield from _alike(before, max(before.start + length, begin), one.start, length)
        if one.start >= begin:
            yield _row(one)
        before = one
    if before is not None:
        yield from _alike(before, max(before.start + length, begin), end, length)


def _alike(before: Found, begin: int, end: int, length: int) -> Iterator[Row]:
    for start in range(begin, end, length):
        moment = datetime.fromtimestamp(start, UTC)
        if before.final is not None:
            yield Row(start=moment, states={before.final: float(length)})
        elif before.numbers is not None:
            value = before.numbers.last
            yield Row(
                start=moment, min=value, max=value, mean=value, sum=0.0, last=value,
                seconds=float(length),
            )  # fmt: skip


def _row(found: Found) -> Row:
    moment = datetime.fromtimestamp(found.start, UTC)
    states = {state: seconds for state, (seconds, _) in found.states.items()}
    times = {state: times for state, (_, times) in found.states.items() if times}
    if found.numbers is None:
        return Row(start=moment, states=states, times=times)
    return Row(start=moment, **found.numbers._asdict(), states=states, times=times)


def _by_day(hours: Iterable[Row], zone: ZoneInfo) -> Iterator[Row]:
    days: dict[datetime, list[Row]] = {}
    for row in hours:
        days.setdefault(_midnight(row.start, zone), []).append(row)
    for start, rows in days.items():
        yield _together(start, rows)


def _together(start: datetime, rows: list[Row]) -> Row:
    states: dict[str, float] = {}
    times: dict[str, int] = {}
    for row in rows:
        for state, seconds in row.states.items():
            states[state] = states.get(state, 0.0) + seconds
        for state, count in row.times.items():
            times[state] = times.get(state, 0) + count
    numbers = [row for row in rows if row.last is not None]
    if not numbers:
        return Row(start=start, states=states, times=times)
    seconds = sum(row.seconds for row in numbers)
    weighted = sum((row.mean or 0.0) * row.seconds for row in numbers)
    return Row(
        start=start,
        min=min(row.min for row in numbers if row.min is not None),
        max=max(row.max for row in numbers if row.max is not None),
        mean=weighted / seconds if seconds else numbers[-1].mean,
        sum=sum(row.sum or 0.0 for row in numbers),
        last=numbers[-1].last,
        seconds=seconds,
        states=states,
        times=times,
    )


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
