"""Weekly schedules: on at certain times of certain days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import voluptuous as vol

from casita.clock import Alarm
from casita.domains.fitting import EMPTY
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Outcome, Service, Status
from casita.wall_time import first_moment
from casita_config.schemas import ensure_list, time_of_day

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT: Final = "24:00:00"


class Block(NamedTuple):
    """A part of a day during which a schedule is on."""

    start: time
    end: time | None
    """None: the end of the day."""
    data: Mapping[str, Any]
    """Attributes that the schedule shows meanwhile."""

    @property
    def ends(self) -> str:
        """The end as it is written: ``17:30:00`` or ``24:00:00``."""
        return _MIDNIGHT if self.end is None else self.end.isoformat()


class Span(NamedTuple):
    """A block on a certain day."""

    start: datetime
    end: datetime
    block: Block


def _end_of(value: Any) -> time | None:
    return None if value in ("24:00", _MIDNIGHT) else time_of_day(value)


def _block(value: dict[str, Any]) -> Block:
    block = Block(value["from"], value["to"], value.get("data", {}))
    if block.start.isoformat() >= block.ends:
        raise vol.Invalid(f"from {block.start} is not before to {block.ends}")
    return block


def _ordered(blocks: list[Block]) -> list[Block]:
    blocks = sorted(blocks, key=lambda block: block.start)
    for earlier, later in pairwise(blocks):
        if earlier.ends > later.start.isoformat():
            raise vol.Invalid(
                f"{earlier.start} to {earlier.ends} overlaps {later.start} to {later.ends}"
            )
    return blocks


_day = vol.All(
    ensure_list,
    [
        vol.All(
            {
                vol.Required("from"): time_of_day,
                vol.Required("to"): _end_of,
                vol.Optional("data"): {str: vol.Any(bool, str, int, float)},
            },
            _block,
        )
    ],
    _ordered,
)


class Schedule(Helper):
    """On during its blocks; tells when it changes next."""

    section = "schedule"
    schema = item_schema({vol.Optional(day, default=list): _day for day in DAYS})
    services = (
        Service(
            domain="schedule",
            name="get_schedule",
            schema=EMPTY,
            description="Return the blocks of a schedule, by day.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        super().__init__(object_id, config)
        self._week: tuple[list[Block], ...] = tuple(config[day] for day in DAYS)
        self._alarm: Alarm | None = None
        self.state = "off"

    def first(self) -> None:
        self._zone = self.home.kernel.config.home.zone
        self._update()

    def begin(self) -> None:
        self._update()

    def end(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def command(self, command: Command) -> Outcome:  # type: ignore[override]  # it answers
        days = {day: [_told(one) for one in self._week[n]] for n, day in enumerate(DAYS)}
        return Outcome(status=Status.DONE, response=days)

    def _update(self) -> None:
        self.end()
        now = self.home.clock.now()
        spans = list(spans_around(now, self._week, self._zone))
        present = next((span for span in spans if span.start <= now < span.end), None)
        following = min((one for span in spans for one in span[:2] if one > now), default=None)
        data = dict(present.block.data) if present else {}
        gone = dict.fromkeys(key for key in self.readings if key not in data)
        self.observe(
            present is not None,
            **{**gone, **data, "next_event": self._shown(following)},
        )
        if following is not None:
            self._alarm = self.home.clock.call_at(following, self._update)

    def _shown(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(self._zone).isoformat()


def spans_around(now: datetime, week: tuple[list[Block], ...], zone: ZoneInfo) -> Iterator[Span]:
    """Return when the blocks of a week begin and end, from yesterday for nine days, in UTC.

    One that falls into the hour that is left out in spring is not there.
    """
    today = now.astimezone(zone).date()
    for offset in range(-1, 9):
        day = today + timedelta(days=offset)
        for block in week[day.weekday()]:
            start = first_moment(day, block.start, zone)
            end = _end_on(day, block, zone)
            if start < end:
                yield Span(start, end, block)


def _end_on(day: date, block: Block, zone: ZoneInfo) -> datetime:
    if block.end is None:
        return first_moment(day + timedelta(days=1), time(), zone)
    return first_moment(day, block.end, zone)


def _told(block: Block) -> dict[str, Any]:
    told: dict[str, Any] = {"from": block.start.isoformat(), "to": block.ends}
    return {**told, "data": dict(block.data)} if block.data else told
