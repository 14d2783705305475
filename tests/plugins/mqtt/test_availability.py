"""Whether a device can be reached, as it says, as the broker says, and as time tells."""

from __future__ import annotations

from typing import Any

import pytest

from peers.mqtt_fake import FakeBroker, MqttHouse

SENSOR = {"name": "Air", "uniq_id": "a", "stat_t": "air"}
ENTITY = "sensor.air"


def _state(house: MqttHouse) -> str:
    return house.shown(ENTITY).state


def test_without_a_topic_for_it_a_device_is_there(house: MqttHouse) -> None:
    house.announce("sensor", SENSOR)

    assert _state(house) == "unknown"


def test_a_device_is_away_until_it_says_that_it_is_there(house: MqttHouse) -> None:
    house.announce("sensor", {**SENSOR, "avty_t": "up"})
    at_first = _state(house)
    house.says("air", "20")
    still = _state(house)
    house.says("up", "online")

    assert (at_first, still, _state(house)) == ("unavailable", "unavailable", "20")


def test_a_device_that_goes_comes_back_with_what_it_said_last(house: MqttHouse) -> None:
    house.announce("sensor", {**SENSOR, "avty_t": "up"})
    house.says("up", "online")
    house.says("air", "20")
    house.says("up", "offline")
    house.says("air", "21")
    away = _state(house)
    house.says("up", "online")

    assert away == "unavailable"
    assert house.changes(ENTITY) == ["unavailable", "unknown", "20", "unavailable", "21"]


@pytest.mark.parametrize(
    ("mode", "said", "expected"),
    [
        ("all", ["1+"], "unavailable"),
        ("all", ["1+", "2+"], "unknown"),
        ("all", ["1+", "2+", "1-"], "unavailable"),
        ("any", ["1+"], "unknown"),
        ("any", ["1+", "2+", "1-"], "unknown"),
        ("any", ["1-", "2-"], "unavailable"),
        ("latest", ["1+", "2-"], "unavailable"),
        ("latest", ["1-", "2+"], "unknown"),
    ],
)
def test_several_topics_are_weighed_as_the_mode_says(
    house: MqttHouse, mode: str, said: list[str], expected: str
) -> None:
    topics = [{"t": "up1"}, {"t": "up2", "pl_avail": "yes", "pl_not_avail": "no"}]
    house.announce("sensor", {**SENSOR, "avty": topics, "avty_mode": mode})
    words = {"1+": "online", "1-": "offline", "2+": "yes", "2-": "no"}

    for one in said:
        house.says(f"up{one[0]}", words[one])

    assert _state(house) == expected


@pytest.mark.parametrize(
    "said",
    [
        {"avty_t": "up", "avty_tpl": "{{ value_json.state }}"},
        {"avty": [{"t": "up", "val_tpl": "{{ value_json.state }}"}]},
        {"avty": {"t": "up", "val_tpl": "{{ value_json.state }}"}},
    ],
)
def test_availability_may_need_a_template(house: MqttHouse, said: dict[str, Any]) -> None:
    house.announce("sensor", {**SENSOR, **said})

    house.says("up", '{"state": "online"}')
    there = _state(house)
    house.says("up", '{"state": "nonsense"}')
    still = _state(house)
    house.says("up", '{"state": "offline"}')

    assert (there, still, _state(house)) == ("unknown", "unknown", "unavailable")


def test_after_a_restart_a_device_that_is_there_shows_no_change(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("sensor", {**SENSOR, "avty_t": "up"})
    house.says("up", "online", retain=True)
    house.says("air", "20", retain=True)
    before = house.changes(ENTITY)

    house.crash()
    house.passes(10)

    assert house.changes(ENTITY) == before


def test_after_a_restart_the_silence_of_a_device_is_an_answer(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("sensor", {**SENSOR, "avty_t": "up"})
    house.says("up", "online")
    house.says("air", "20", retain=True)

    house.crash()
    at_once = _state(house)
    house.passes(10)

    assert (at_once, _state(house)) == ("20", "unavailable")


def test_a_lost_broker_is_told_once_and_so_is_its_return(
    house: MqttHouse, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("sensor", SENSOR)
    house.says("air", "20", retain=True)

    house.do(broker.cut)
    away = _state(house)
    house.passes(30)

    assert away == "unavailable"
    assert house.changes(ENTITY) == ["unknown", "20", "unavailable", "20"]
    events = [one.type for one in house.events if one.subject == "mqtt"]
    assert events == ["plugin.started", "device.lost", "device.back"]
    assert caplog.text.count("lost: connection reset") == 1


def test_what_changed_while_the_broker_was_away_is_one_change(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("sensor", SENSOR)
    house.says("air", "20", retain=True)
    house.do(broker.cut)
    house.says("air", "25", retain=True)

    house.passes(30)

    assert house.changes(ENTITY) == ["unknown", "20", "unavailable", "25"]


def test_a_device_that_went_while_the_broker_was_away_stays_away(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("sensor", {**SENSOR, "avty_t": "up"})
    house.says("up", "online", retain=True)
    house.says("air", "20", retain=True)
    house.do(broker.cut)
    house.says("up", "offline", retain=True)

    house.passes(30)

    assert _state(house) == "unavailable"


def test_the_return_of_the_broker_is_the_cause_of_what_it_brings(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("sensor", SENSOR)
    house.says("air", "20", retain=True)
    house.do(broker.cut)
    house.passes(30)

    last = [one for one in house.events if one.subject == ENTITY][-1]

    assert house.why(last).root.type == "device.back"


def test_a_reading_that_is_not_renewed_expires(house: MqttHouse) -> None:
    house.announce("sensor", {**SENSOR, "exp_aft": 60})
    at_first = _state(house)
    house.says("air", "20")
    house.passes(50)
    house.says("air", "20")
    house.passes(50)
    renewed = _state(house)
    house.passes(11)
    expired = _state(house)
    house.says("air", "20")

    assert (at_first, renewed, expired, _state(house)) == (
        "unavailable",
        "20",
        "unavailable",
        "20",
    )


def test_a_reading_from_before_a_restart_expires_too(house: MqttHouse) -> None:
    house.announce("sensor", {**SENSOR, "exp_aft": 60})
    house.says("air", "20")

    house.crash()
    house.passes(30)
    kept = _state(house)
    house.passes(31)

    assert (kept, _state(house)) == ("20", "unavailable")


DEVICE = {"ids": ["box"], "name": "Box"}


def _box(house: MqttHouse, *topics: str | None) -> None:
    """Announce a device whose components have these topics for their availability."""
    parts = {
        f"s{number}": {
            "p": "sensor", "uniq_id": f"{number}", "name": f"S{number}", "stat_t": f"s{number}",
            **({} if topic is None else {"avty_t": topic}),
        }
        for number, topic in enumerate(topics)
    }  # fmt: skip
    house.announce("device", {"dev": DEVICE, "cmps": parts})


def _told(house: MqttHouse) -> list[str]:
    """Return what was told of the device as a whole."""
    return [one.type for one in house.events if one.subject == "box"]


@pytest.mark.parametrize("topics", [("up", "up", "up"), ("up1", "up2", "up3")])
def test_a_device_that_goes_is_lost_once_and_back_once(
    house: MqttHouse, topics: tuple[str, ...]
) -> None:
    _box(house, *topics)
    for word in ("online", "offline", "online"):
        for topic in dict.fromkeys(topics):
            house.says(topic, word)

    assert _told(house) == ["device.lost", "device.back"]
    assert {one.state for one in house.kernel.states} == {"unknown"}


def test_a_part_of_a_device_that_goes_is_not_the_device(house: MqttHouse) -> None:
    _box(house, "up", None)
    for word in ("online", "offline"):
        house.says("up", word)

    assert _told(house) == []
    assert house.shown("sensor.box_s1").state == "unknown"


def test_a_device_that_was_away_before_a_restart_is_no_news(house: MqttHouse) -> None:
    _box(house, "up", "up")
    house.says("up", "online")
    house.says("up", "offline", retain=True)

    house.crash()
    house.passes(10)

    assert _told(house) == ["device.lost"]
