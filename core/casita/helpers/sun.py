"""The sun over the house."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from casita.clock import Alarm, Clock
from casita.entities import Entity
from casita_config.settings import HomeSettings

if TYPE_CHECKING:
    from astral import Observer

_HORIZON: Final = -0.833
"""Degrees: where the upper edge of the sun is on the horizon.

The elevation that is compared with it has the bending of light by the air in it, so that the
state turns a few minutes after ``next_setting`` and before ``next_rising``. Home Assistant
reckons likewise, and automations rely on it.
"""
_EVENTS: Final = (
    # name, degrees below the horizon, phase before it
    ("dawn", 18.0, "night"),
    ("dawn", 12.0, "astronomical_twilight"),
    ("dawn", 6.0, "nautical_twilight"),
    ("sunrise", None, "twilight"),
    ("dawn", -10.0, "small_day"),
    ("noon", None, None),
    ("dusk", -10.0, "day"),
    ("sunset", None, "small_day"),
    ("dusk", 6.0, "twilight"),
    ("dusk", 12.0, "nautical_twilight"),
    ("dusk", 18.0, "astronomical_twilight"),
    ("midnight", None, None),
)
_SHOWN: Final = {
    "next_dawn": ("dawn", 6.0),
    "next_dusk": ("dusk", 6.0),
    "next_midnight": ("midnight", None),
    "next_noon": ("noon", None),
    "next_rising": ("sunrise", None),
    "next_setting": ("sunset", None),
}
_PHASES: Final = (
    # lowest elevation in degrees, phase, minutes between two looks at the sun
    (10.0, "day", 4),
    (0.0, "small_day", 2),
    (-6.0, "twilight", 2),
    (-12.0, "nautical_twilight", 4),
    (-18.0, "astronomical_twilight", 8),
    (-90.0, "night", 20),
)
_LONGEST_WAIT_DAYS: Final = 366


class Sun(Entity):
    """``sun.sun``: above or below the horizon, where it stands, and what it does next."""

    def __init__(self, settings: HomeSettings, clock: Clock) -> None:
        """Compute where it stands. ``settings`` have to say where the house stands."""
        from astral import Observer  # slow to load, and needed by this alone

        super().__init__("sun", "sun.sun", "Sun", object_id="sun")
        self._clock = clock
        self._zone = settings.zone
        self._observer = Observer(
            settings.latitude or 0.0, settings.longitude or 0.0, settings.elevation_m
        )
        self._alarms: dict[str, Alarm] = {}
        self._coming: dict[tuple[str, float | None], datetime | None] = {}
        self.follow()

    def end(self) -> None:
        """Follow it no more."""
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()

    def follow(self) -> None:
        """Compute what comes next and where it stands; done again when the first has come."""
        self.end()
        now = self._clock.now()
        for name, depression, _ in _EVENTS:
            found = next_event(self._observer, self._zone, name, depression, now)
            self._coming[name, depression] = found
        known = [(when, key) for key, when in self._coming.items() if when is not None]
        self._next_change, first = min(known, key=lambda one: one[0])
        phase = next(before for *key, before in _EVENTS if tuple(key) == first)
        self._pause = self._pause_in(phase)
        self._position()
        self._alarms["events"] = self._clock.call_at(self._next_change, self.follow)

    def _pause_in(self, phase: str | None) -> timedelta:
        """Return how long to wait between two looks at the sun."""
        if phase is None:
            height = elevation(self._observer, self._next_change)
            minutes = next(pause for lowest, _, pause in _PHASES if height >= lowest)
        else:
            minutes = next(pause for _, name, pause in _PHASES if name == phase)
        return timedelta(minutes=minutes)

    def _position(self) -> None:
        """Show where it stands; done again after a pause that depends on how fast it matters."""
        from astral import sun

        now = self._clock.now()
        height = round(elevation(self._observer, now), 2)
        noon, midnight = self._coming["noon", None], self._coming["midnight", None]
        shown: dict[str, Any] = {k: _text(self._coming[event]) for k, event in _SHOWN.items()}
        self.observe(
            "above_horizon" if height > _HORIZON else "below_horizon",
            **shown,
            elevation=height,
            azimuth=round(sun.azimuth(self._observer, now), 2),
            rising=bool(noon and midnight and noon < midnight),
        )
        if now + self._pause * 1.25 <= self._next_change:
            self._alarms["position"] = self._clock.call_at(now + self._pause, self._position)


def elevation(observer: Observer, moment: datetime) -> float:
    """Return how many degrees the sun stands above the horizon."""
    from astral import sun

    return sun.elevation(observer, moment)


def next_event(
    observer: Observer, zone: ZoneInfo, name: str, depression: float | None, after: datetime
) -> datetime | None:
    """Return when the sun does something next: ``dawn``, ``sunrise``, ``noon``, ``sunset``, ...

    ``depression`` is how many degrees below the horizon it is then, for ``dawn`` and ``dusk``.
    Returns aware UTC; None if it does not happen for a year.
    """
    from astral import sun

    compute: Callable[..., datetime] = getattr(sun, name)
    options = {} if depression is None else {"depression": depression}
    today: date = after.astimezone(zone).date()
    for offset in range(-1, _LONGEST_WAIT_DAYS):
        try:
            found = compute(observer, today + timedelta(days=offset), tzinfo=UTC, **options)
        except ValueError:  # it does not happen on that day
            continue
        if found > after:
            return found
    return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
