"""When a wall clock shows a time of day, also on the days on which it is put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EXACT: Final = timedelta(seconds=1)


def first_moment(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day at which the wall clock shows a time, or has passed it.

    A time that comes twice is taken when it comes first; one that is skipped, when the clock
    jumps over it. Returns aware UTC.
    """
    wall = datetime.combine(day, moment, zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    return _jump(wall.replace(fold=1).astimezone(UTC), found, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return when, between two moments, the wall clock is put forward."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _EXACT:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
