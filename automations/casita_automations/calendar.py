"""Times that recur in a home's time zone, across its changes to summer time and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from casita.wall_time import first_moment

_LONGEST_SEARCH: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hours, minutes and seconds at which something recurs. None: all of them."""

    hours: frozenset[int] | None = None
    minutes: frozenset[int] | None = None
    seconds: frozenset[int] | None = None

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the first time after a time, in UTC, at which a clock in the zone shows this.

        What the clocks skip in spring does not come; what they show twice in autumn comes twice.
        """
        moment = after.replace(microsecond=0) + timedelta(seconds=1)
        end = after + _LONGEST_SEARCH
        while moment < end:
            local = moment.astimezone(zone)
            if self.hours is not None and local.hour not in self.hours:
                step = 3600 - local.minute * 60 - local.second
            elif self.minutes is not None and local.minute not in self.minutes:
                step = 60 - local.second
            elif self.seconds is not None and local.second not in self.seconds:
                step = 1
            else:
                return moment
            moment = _stepped(moment, local, step, zone)
        return None


def next_of_day(after: datetime, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the first time after a time, in UTC, that stands for a time of day: one a day.

    Of a time that comes twice in autumn that is the first; one that is skipped in spring is
    when the clock jumps over it.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(4):
        moment = first_moment(day + timedelta(days=ahead), at, zone)
        if moment > after:
            return moment
    return None


def _stepped(moment: datetime, local: datetime, step_s: int, zone: ZoneInfo) -> datetime:
    """Go on by a step; by minutes only, if the clocks change within it."""
    ahead = moment + timedelta(seconds=step_s)
    if step_s > 60 and ahead.astimezone(zone).utcoffset() != local.utcoffset():
        ahead = moment + timedelta(seconds=60 - local.second)
    return ahead.astimezone(UTC)
