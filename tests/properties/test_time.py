"""A daily time fires once a local day, on any clock.

In full: 60 zones, all their changes of 12 years, 96 times of day (about 120,000 checks), and
1,000 steps of the wall clock from 30 s back to 56 years ahead; ``poe proofs`` takes them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from casita.testing import House
from proofs import share

TIMES: Final = [time(n // 4, n % 4 * 15) for n in range(96)]
_NAMES: Final = """
    Australia/Lord_Howe Europe/Amsterdam America/New_York America/Havana Asia/Beirut
    Atlantic/Azores America/Santiago Pacific/Chatham Europe/London America/St_Johns Africa/Cairo
    Asia/Jerusalem Asia/Gaza Asia/Hebron Asia/Damascus Asia/Amman Asia/Tehran Africa/Casablanca
    Africa/El_Aaiun America/Asuncion America/Sao_Paulo America/Campo_Grande America/Nuuk
    America/Scoresbysund America/Port-au-Prince America/Mexico_City America/Tijuana
    America/Chicago America/Denver America/Los_Angeles America/Anchorage America/Adak
    America/Halifax America/Toronto America/Winnipeg America/Miquelon America/Nassau
    Atlantic/Bermuda America/Grand_Turk America/Ojinaga America/Punta_Arenas Antarctica/Troll
    Antarctica/Macquarie Asia/Nicosia Australia/Sydney Australia/Adelaide Australia/Hobart
    Australia/Melbourne Europe/Berlin Europe/Dublin Europe/Lisbon Europe/Athens Europe/Moscow
    Europe/Istanbul Europe/Chisinau Europe/Kyiv Pacific/Auckland Pacific/Apia Pacific/Norfolk
    Pacific/Fiji
"""
ZONES: Final = _NAMES.split()
FIRST, LAST = date(2014, 1, 1), date(2026, 1, 1)


def _changes(zone: ZoneInfo) -> Iterator[date]:
    """Yield the local days on which the clocks of a zone are put forward or back."""
    day = FIRST
    while day < LAST:
        noon = datetime.combine(day, time(12), zone)
        if noon.utcoffset() != (noon + timedelta(days=1)).utcoffset():
            yield day + timedelta(days=1)
        day += timedelta(days=1)


def _fires(zone: str, day: date, **keys: Any) -> Counter[str]:
    """Return how often each time of day fires from the noon before a day to the noon after it."""
    home = ZoneInfo(zone)
    begin = datetime.combine(day - timedelta(days=1), time(12, 0, 1), home).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(12, 0, 1), home).astimezone(UTC)
    triggers = [
        {"trigger": "time", "at": one.isoformat(), "id": one.isoformat(), **keys} for one in TIMES
    ]
    automation = {
        "mode": "parallel",
        "trigger": triggers,
        "action": {"event": "daily", "event_data": {"at": "{{ trigger.id }}"}},
    }
    config = {"automation": [automation], "home": {"time_zone": zone}}
    with House(config, plugins=[], start=begin) as house:
        house.do(lambda: house.clock.advance(end - begin))
        return Counter(str(one.data["at"]) for one in house.events if one.type == "daily")


@pytest.mark.parametrize("zone", ZONES[: share(60)])
def test_a_daily_time_fires_once_on_each_local_day(zone: str) -> None:
    days = list(_changes(ZoneInfo(zone)))

    wrong = {
        (day, at): count
        for day in days
        for at, count in _counted(_fires(zone, day, once_a_day=True)).items()
        if count != 2
    }

    assert days
    assert wrong == {}


def test_control_without_once_a_day_the_clock_shows_through() -> None:
    spring = _counted(_fires("Europe/Amsterdam", date(2024, 3, 31)))
    autumn = _counted(_fires("Europe/Amsterdam", date(2024, 10, 27)))

    assert (spring["02:30:00"], autumn["02:30:00"]) == (1, 3)


def _counted(fires: Counter[str]) -> dict[str, int]:
    return {one.isoformat(): fires[one.isoformat()] for one in TIMES}


# A clock that is put right


WINDOW: Final = timedelta(hours=1)
"""The default of ``missed`` for a time."""


def _between(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the quarters of an hour between two times, of at most the last two days."""
    begin = max(begin, end - timedelta(days=2))
    quarter = begin.replace(minute=begin.minute // 15 * 15, second=0, microsecond=0)
    while quarter <= end:
        if quarter > begin:
            yield quarter
        quarter += timedelta(minutes=15)


def _steps(chance: random.Random, count: int) -> Iterator[timedelta]:
    for _ in range(count):
        kind = chance.random()
        if kind < 0.4:
            yield timedelta(seconds=-chance.randint(1, 30))
        elif kind < 0.7:
            yield timedelta(seconds=chance.randint(1, 600))
        elif kind < 0.9:
            yield timedelta(minutes=chance.randint(10, 600))
        elif kind < 0.98:
            yield timedelta(days=chance.randint(1, 400))
        else:
            yield timedelta(days=365 * chance.randint(1, 56))


def _stepped(count: int, seed: int) -> tuple[Counter[datetime], set[datetime]]:
    """Put the clock right many times; return what fired, and what had to."""
    triggers = [{"trigger": "time", "at": one.isoformat()} for one in TIMES]
    automation = {
        "mode": "parallel",
        "max": 200,
        "trigger": triggers,
        "action": {"event": "daily", "event_data": {"at": "{{ trigger.now.isoformat() }}"}},
    }
    config = {"automation": [automation], "home": {"time_zone": "UTC"}}
    chance, due = random.Random(seed), set[datetime]()
    begin = datetime(1970, 1, 2, 9, 0, 0, 500_000, tzinfo=UTC)
    fired: list[str] = []
    with House(config, plugins=[], start=begin) as house:
        house.kernel.bus.subscribe(
            lambda event: fired.append(event.data["at"]), owner="test", type="daily"
        )
        for step in _steps(chance, count):
            before = house.clock.now()
            house.passes(chance.randint(1, 900))
            due |= set(_between(before, house.clock.now()))
            if house.clock.now().year + step.days // 365 > 9000:
                break
            before = house.clock.now()
            house.do(partial(house.clock.step, step))
            now = house.clock.now()
            house.passes(0)
            due |= {one for one in _between(before, now) if now - one <= WINDOW}
    return Counter(datetime.fromisoformat(one) for one in fired), due


def test_steps_of_the_clock_lose_nothing_and_repeat_nothing() -> None:
    fired, due = _stepped(share(1000), seed=5)

    assert {one: count for one, count in fired.items() if count > 1} == {}
    assert set(fired) ^ due == set()


def test_control_a_house_that_takes_no_notice_of_setbacks_repeats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from casita_automations.triggers.recurring import Recurring

    def naive(self: Any) -> None:
        self._stop_waiting()
        self._await(self._next(self._clock.now()))

    monkeypatch.setattr(Recurring, "_set_back", naive)

    fired, _ = _stepped(400, seed=5)

    assert [one for one, count in fired.items() if count > 1]
