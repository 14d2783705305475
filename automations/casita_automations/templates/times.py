"""Dates and times in templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from casita_automations.templates.results import TemplateError
from casita_automations.templates.words import NO_DEFAULT, Words, or_default

if TYPE_CHECKING:
    from casita_automations.templates.environment import Environment

_ISO: Final = re.compile(
    r"(?P<day>\d{4}-\d\d(?:-\d\d)?|\d{8}|\d{4}-?W\d\d(?:-?\d)?)"
    r"(?:[T ](?P<time>[\d:.,]+(?:Z|[+-]\d\d(?::?\d\d)?)?))?",
    re.IGNORECASE,
)
_DATE_TIME: Final = re.compile(
    r"(?P<day>\d{4}-\d{1,2}-\d{1,2})[T ](?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d{1,6})\d{0,6})?)?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"
)
_LENGTHS: Final = (
    re.compile(
        r"(?:(?P<days>-?\d+) (?:days?, )?)?(?P<sign>-?)(?:(?P<hours>\d+):(?=\d+:\d+))?"
        r"(?:(?P<minutes>\d+):)?(?P<seconds>\d+)(?:[.,](?P<microseconds>\d{1,6})\d{0,6})?"
    ),
    re.compile(
        r"(?P<sign>[-+]?)P(?:(?P<days>\d+(?:\.\d+)?)D)?(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?"
        r"(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
    ),
    re.compile(
        r"(?:(?P<days>-?\d+) (?:days? ?))?(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):"
        r"(?P<seconds>\d\d)(?:\.(?P<microseconds>\d{1,6}))?)?"
    ),
)
_AGES: Final = (
    ("year", 31_536_000), ("month", 2_592_000), ("day", 86_400),
    ("hour", 3_600), ("minute", 60), ("second", 1),
)  # fmt: skip
_DEFAULT_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def words(environment: Environment) -> Words:
    """Return the words about dates and times."""
    times = _Times(environment)
    found = Words()
    for name, function in (
        ("as_timestamp", times.as_timestamp), ("as_datetime", times.as_datetime),
        ("as_local", times.as_local), ("as_timedelta", as_timedelta),
        ("relative_time", times.relative_time), ("time_since", times.time_since),
        ("time_until", times.time_until), ("today_at", times.today_at),
        ("timestamp_custom", times.timestamp_custom),
        ("timestamp_local", times.timestamp_local), ("timestamp_utc", times.timestamp_utc),
        ("strptime", strptime),
    ):  # fmt: skip
        found.add(name, function, filter=True)
    found.functions |= {"now": times.now, "utcnow": times.utcnow, "timedelta": timedelta}
    return found


def parse_datetime(text: str) -> datetime | None:
    """Return the date and time that a text names, without zone if it names none; or None."""
    found = _iso(text)
    match = _DATE_TIME.fullmatch(text)
    if found is not None or match is None:
        return found
    return _of_parts(match.groupdict())


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, at = match["day"].upper(), (match["time"] or "00:00").upper()
    midnight = re.fullmatch(r"24(:?00){0,2}(.*)", at)
    whole = f"{day}-01" if len(day) == 7 and "W" not in day else day
    try:
        found = datetime.fromisoformat(f"{whole}T{'00:00' + midnight[2] if midnight else at}")
    except ValueError:
        return None
    return found + timedelta(days=1) if midnight else found


def _of_parts(parts: Mapping[str, str | None]) -> datetime | None:
    day, zone = parts["day"] or "", parts["zone"]
    try:
        year, month, date_ = map(int, day.split("-"))
        micro = int((parts["fraction"] or "0").ljust(6, "0"))
        return datetime(
            year, month, date_, int(parts["hour"] or 0), int(parts["minute"] or 0),
            int(parts["second"] or 0), micro, tzinfo=_zone(zone),
        )  # fmt: skip
    except ValueError:
        return None


def as_timedelta(value: Any) -> timedelta | None:
    """Return the length of time that a text such as ``01:30:00`` or ``P1DT2H`` names, or None.

    ``01:30`` is a minute and a half, as in Home Assistant.
    """
    if value is None:
        raise TypeError("as_timedelta expects a text, got None")
    match = next(filter(None, (one.fullmatch(str(value)) for one in _LENGTHS)), None)
    if match is None:
        return None
    parts = {name: part for name, part in match.groupdict().items() if part is not None}
    sign = -1 if parts.pop("sign", "+") == "-" else 1
    days = timedelta(days=float(parts.pop("days", 0))) * (sign if match.re is _LENGTHS[1] else 1)
    micro = parts.pop("microseconds", None)
    numbers = {name: float(part.replace(",", ".")) for name, part in parts.items()}
    if micro is not None:
        numbers["microseconds"] = float(micro.ljust(6, "0"))
    return days + sign * timedelta(**numbers)


def strptime(text: Any, fmt: str, default: Any = NO_DEFAULT) -> Any:
    """Return the date and time that a text spells in a format."""
    try:
        return datetime.strptime(text, fmt)  # noqa: DTZ007 - as naive as the text
    except (ValueError, AttributeError, TypeError):
        return or_default(default, "strptime", text)


def age(seconds: float, precision: int) -> str:
    """Return a length of time in words, so many units long; the last unit is rounded."""
    left, used, parts = round(seconds), 0, []
    for unit, length in _AGES:
        if left < length:
            continue
        used += 1
        number = round(left / length) if used == precision else left // length
        left -= number * length
        parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
        if used == precision:
            break
    return " ".join(parts) or "0 seconds"


class _Times:
    """The words that need the clock or the home's time zone."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._clock = environment.kernel.clock
        self._zone = environment.kernel.config.home.zone

    def now(self) -> datetime:
        """Return the local time."""
        self._asked()
        return self._clock.now().astimezone(self._zone)

    def utcnow(self) -> datetime:
        """Return the time in UTC."""
        self._asked()
        return self._clock.now()

    def as_timestamp(self, value: Any, default: Any = NO_DEFAULT) -> Any:
        """Return seconds since 1970 of a date and time, or of a text of one."""
        moment = self._moment(value)
        if moment is None:
            return or_default(default, "as_timestamp", value)
        return moment.timestamp()

    def as_datetime(self, value: Any, default: Any = NO_DEFAULT) -> Any:
        """Return a date and time of a text or a timestamp; None if a text names none.

        Raises `ValueError` for what can be neither, and `OverflowError` for what is beyond time.
        """
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time())
        try:
            return datetime.fromtimestamp(float(value), UTC)
        except (ValueError, TypeError):
            pass
        moment = parse_datetime(value) if isinstance(value, str) else None
        if moment is None and (default is not NO_DEFAULT or not isinstance(value, str)):
            return or_default(default, "as_datetime", value)
        return moment

    def as_local(self, value: datetime) -> datetime:
        """Return a date and time in the home's zone."""
        return self._aware(value).astimezone(self._zone)

    def today_at(self, text: str = "") -> datetime:
        """Return a time of today in the home's zone."""
        today = datetime.combine(self.now().date(), time(), self._zone)
        if not text:
            return today
        try:
            hour, minute, second = map(int, (*str(text).split(":"), "0")[:3])
            at = time(hour, minute, second)
        except ValueError as err:
            raise ValueError(f"today_at got {text!r}; write a time as 18:30 or 18:30:00") from err
        return datetime.combine(today.date(), at, self._zone)

    def relative_time(self, value: Any) -> Any:
        """Return how long ago something was, in the largest unit; anything else as it is."""
        if not isinstance(value, datetime):
            return value
        return self.time_since(value, 1)

    def time_since(self, value: Any, precision: int = 1) -> Any:
        """Return how long ago something was, so many units long; the future as it is."""
        if not isinstance(value, datetime):
            return value
        elapsed = self.now() - self._aware(value)
        return value if elapsed < timedelta() else age(elapsed.total_seconds(), precision or 9)

    def time_until(self, value: Any, precision: int = 1) -> Any:
        """Return how long something is to come, so many units long; the past as it is."""
        if not isinstance(value, datetime):
            return value
        left = self._aware(value) - self.now()
        return value if left < timedelta() else age(left.total_seconds(), precision or 9)

    def timestamp_custom(
        self,
        value: Any,
        date_format: str = _DEFAULT_FORMAT,
        local: bool = True,
        default: Any = NO_DEFAULT,
    ) -> Any:
        """Return seconds since 1970 in a format."""
        moment = self._of_timestamp(value, self._zone if local else UTC)
        if moment is None:
            return or_default(default, "timestamp_custom", value)
        return moment.strftime(date_format)

    def timestamp_local(self, value: Any, default: Any = NO_DEFAULT) -> Any:
        """Return seconds since 1970 as local time in ISO format."""
        moment = self._of_timestamp(value, self._zone)
        return (
            or_default(default, "timestamp_local", value) if moment is None else moment.isoformat()
        )

    def timestamp_utc(self, value: Any, default: Any = NO_DEFAULT) -> Any:
        """Return seconds since 1970 as UTC in ISO format."""
        moment = self._of_timestamp(value, UTC)
        return or_default(default, "timestamp_utc", value) if moment is None else moment.isoformat()

    def _asked(self) -> None:
        if self._environment.limited:
            raise TemplateError("the time cannot be asked for here: it is rendered only once")
        if self._environment.reads is not None:
            self._environment.reads.time = True

    def _moment(self, value: Any) -> datetime | None:
        if isinstance(value, str):
            value = parse_datetime(value)
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return self._aware(value) if isinstance(value, datetime) else None

    def _aware(self, value: datetime) -> datetime:
        return value if value.tzinfo is not None else value.replace(tzinfo=self._zone)

    @staticmethod
    def _of_timestamp(value: Any, zone: tzinfo) -> datetime | None:
        try:
            return datetime.fromtimestamp(value, zone)
        except (ValueError, TypeError, OverflowError, OSError):
            return None


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    return datetime.strptime(text.replace(":", "").ljust(5, "0"), "%z").tzinfo
