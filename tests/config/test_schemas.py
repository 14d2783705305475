"""What each shared validator takes, gives and refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
import voluptuous as vol

from casita_config import schemas


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5),
        (0.25, 0.25),
        ("5", 5),
        ("1.5", 1.5),
        ("00:05", 300),
        ("00:00:05", 5),
        ("00:00:00.500", 0.5),
        ("100:00:00", 360000),
        ("00:90:00", 5400),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h 30 min", 5400),
        ("1 hour, 30 minutes", 5400),
        ("2 days", 172800),
        ("1 Week", 604800),
        ("250ms", 0.25),
        ({"minutes": 5}, 300),
        ({"hours": "1", "seconds": 1.5, "milliseconds": 500}, 3602),
        ({"days": 1}, 86400),
        (timedelta(seconds=7), 7),
    ],
)
def test_a_duration_may_be_written_in_many_ways(value: Any, seconds: float) -> None:
    assert schemas.duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        None, True, "", "five", "5 parsecs", "m5", "1:2:3:4", "-5", -5, "-00:05", "nan", "inf",
        float("inf"), 1e300, "9" * 400, [], {}, {"minutes": "x"}, {"minuts": 5}, {"minutes": None},
        "5m5", "1h30",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(vol.Invalid):
        schemas.duration(value)


def test_an_offset_may_be_negative() -> None:
    assert schemas.signed_duration("-00:20:00") == timedelta(minutes=-20)
    assert schemas.signed_duration("+01:00") == timedelta(hours=1)
    assert schemas.signed_duration(-30) == timedelta(seconds=-30)


def test_a_wrong_part_of_a_duration_suggests_the_right_one() -> None:
    with pytest.raises(vol.Invalid, match="Did you mean 'minutes'") as caught:
        schemas.duration({"minuts": 5})

    assert caught.value.path == ["minuts"]


VALIDATORS: list[tuple[Callable[[Any], Any], Any, Any]] = [
    (schemas.time_of_day, "07:30", time(7, 30)),
    (schemas.time_of_day, "7:30:15", time(7, 30, 15)),
    (schemas.entity_id, " Light.Hall ", "light.hall"),
    (schemas.entity_ids, "light.a, light.b", ["light.a", "light.b"]),
    (schemas.entity_ids, ["light.a"], ["light.a"]),
    (schemas.entity_ids, [], []),
    (schemas.slug, "living_room_2", "living_room_2"),
    (schemas.string, 5, "5"),
    (schemas.boolean, "Enable", True),
    (schemas.boolean, "off", False),
    (schemas.boolean, 0, False),
    (schemas.number, "1.5", 1.5),
    (schemas.integer, "5", 5),
    (schemas.integer, 5.0, 5),
    (vol.Schema(schemas.positive_int), 0, 0),
    (vol.Schema(schemas.byte), "255", 255),
    (vol.Schema(schemas.port), 65535, 65535),
    (schemas.percentage, "50%", 50.0),
    (schemas.percentage, 100, 100.0),
    (vol.Schema(schemas.latitude), -90, -90.0),
    (vol.Schema(schemas.longitude), "180", 180.0),
    (schemas.size_bytes, "500 MB", 500_000_000),
    (schemas.size_bytes, 1024, 1024),
    (schemas.size_bytes, "1.5gb", 1_500_000_000),
    (schemas.time_zone, "Europe/Berlin", "Europe/Berlin"),
    (schemas.url, "http://192.0.2.7:80/x", "http://192.0.2.7:80/x"),
    (schemas.url, "https://[2001:db8::1]/", "https://[2001:db8::1]/"),
    (schemas.ensure_list, None, []),
    (schemas.ensure_list, "x", ["x"]),
    (schemas.ensure_list, ["x"], ["x"]),
]


@pytest.mark.parametrize(("validator", "given", "made"), VALIDATORS)
def test_a_good_value_is_made_of_what_people_write(
    validator: Callable[[Any], Any], given: Any, made: Any
) -> None:
    value = validator(given)

    assert value == made
    assert type(value) is type(made)


REFUSED: list[tuple[Callable[[Any], Any], list[Any]]] = [
    (schemas.time_of_day, [630, "24:00", "12:60", "noon", "12", "1:2:3:4", None, "²:30", "007:30"]),
    (
        schemas.entity_id,
        ["hall", "light.", ".hall", "a.b.c.d", 5, None, "light.hä", "a b.c"],
    ),
    (schemas.entity_ids, [None, 5, {"light.a": 1}, ["light.a", 5], "light.a,hall"]),
    (schemas.slug, ["Hall", "a__b", "_a", "a_", "", "a-b", 5]),
    (schemas.string, [None, [], {}]),
    (schemas.boolean, ["maybe", None, [], ""]),
    (schemas.number, ["x", None, True, "nan", "inf", [], "9" * 400]),
    (schemas.integer, [1.5, "1.5", "x", True]),
    (vol.Schema(schemas.positive_int), [-1, "x"]),
    (vol.Schema(schemas.byte), [-1, 256]),
    (vol.Schema(schemas.port), [-1, 65536]),
    (schemas.percentage, [-1, 101, "101%", "%", "x"]),
    (vol.Schema(schemas.latitude), [-91, 91, "x"]),
    (vol.Schema(schemas.longitude), [-181, 181]),
    (schemas.size_bytes, ["5 apples", -5, True, None, ""]),
    (schemas.time_zone, ["Mars/Base", "../../etc/passwd", "", None, 5, "\0"]),
    (schemas.url, ["example.org", "ftp://x", "http://", 5, None, "http://[::1", "javascript:x"]),
]


@pytest.mark.parametrize(
    ("validator", "value"),
    [(validator, value) for validator, values in REFUSED for value in values],
)
def test_a_bad_value_is_refused(validator: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(vol.Invalid):
        validator(value)


def test_a_time_zone_suggests_the_nearest() -> None:
    with pytest.raises(vol.Invalid, match="Did you mean 'Europe/Berlin'"):
        schemas.time_zone("Europe/Brelin")


def test_an_unquoted_time_says_that_quotes_are_missing() -> None:
    with pytest.raises(vol.Invalid, match="in quotes"):
        schemas.time_of_day(630)
