"""What discovery messages say, before anything is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casita_mqtt import platforms
from casita_mqtt._abbreviations import (
    ABBREVIATIONS,
    DEVICE_ABBREVIATIONS,
    ORIGIN_ABBREVIATIONS,
)
from casita_mqtt._announce import Announcement, Place, Verb, parse, place_of
from casita_mqtt._configs import BadAnnouncement, EntityConfig, read
from casita_mqtt.platforms.fan import FanConfig
from casita_mqtt.platforms.switch import SwitchConfig


def _parse(component: str, document: Any) -> Announcement:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(Place(component, "one"), payload, platforms.NAMES)


def _single(document: Any, component: str = "switch") -> dict[str, Any]:
    (announced,) = _parse(component, document).components
    return dict(announced.config)


@pytest.mark.parametrize(("short", "full"), ABBREVIATIONS.items())
def test_a_short_key_stands_for_the_full_one(short: str, full: str) -> None:
    assert _single({short: "x"}) == {full: "x"}


@pytest.mark.parametrize(("short", "full"), DEVICE_ABBREVIATIONS.items())
def test_a_short_key_of_a_device_stands_for_the_full_one(short: str, full: str) -> None:
    assert _single({"dev": {short: "x"}}) == {"device": {full: "x"}}


@pytest.mark.parametrize(("short", "full"), ORIGIN_ABBREVIATIONS.items())
def test_a_short_key_of_an_origin_stands_for_the_full_one(short: str, full: str) -> None:
    assert _single({"o": {short: "x"}}) == {"origin": {full: "x"}}


def test_no_full_key_is_a_short_one() -> None:
    assert not {*ABBREVIATIONS.values()} & {*ABBREVIATIONS}


@pytest.mark.parametrize(
    ("topic", "place"),
    [
        ("homeassistant/light/lamp/config", Place("light", "lamp")),
        ("homeassistant/light/node-1/lamp_2/config", Place("light", "node-1 lamp_2")),
        ("homeassistant/device/box/config", Place("device", "box")),
        ("homeassistant/light/lamp", None),
        ("homeassistant/light/lämp/config", None),
        ("homeassistant/light/a/b/c/config", None),
        ("elsewhere/light/lamp/config", None),
    ],
)
def test_a_discovery_topic_says_what_and_which(topic: str, place: Place | None) -> None:
    assert place_of(topic, "homeassistant") == place


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("stat_t", "~/state", "base/state"),
        ("stat_t", "state/~", "state/base"),
        ("stat_t", "~", "base"),
        ("stat_t", "a/~/b", "a/~/b"),
        ("name", "~/state", "~/state"),
        ("val_tpl", "~", "~"),
        ("t", "~/x", "base/x"),
    ],
)
def test_the_base_topic_stands_at_either_end_of_topics_only(
    key: str, value: str, expected: str
) -> None:
    assert _single({"~": "base", key: value}) == {ABBREVIATIONS.get(key, key): expected}


def test_the_base_topic_and_short_keys_hold_in_availability_too() -> None:
    one = {"t": "~/up", "pl_avail": "1", "val_tpl": "{{ value }}"}
    full = {"topic": "base/up", "payload_available": "1", "value_template": "{{ value }}"}

    assert _single({"~": "base", "avty": [one]}) == {"availability": [full]}
    assert _single({"~": "base", "avty": one}) == {"availability": [full]}


def test_a_device_announces_its_components_together() -> None:
    announcement = _parse(
        "device",
        {
            "dev": {"ids": "d1", "mf": "Us"},
            "o": {"name": "us"},
            "avty_t": "~/up",
            "~": "base",
            "qos": 1,
            "cmps": {
                "a": {"p": "switch", "cmd_t": "~/a", "uniq_id": "a", "qos": 0},
                "b": {"p": "sensor", "stat_t": "~/b", "uniq_id": "b", "~": "own"},
            },
        },
    )

    device = {"identifiers": "d1", "manufacturer": "Us"}
    assert [(one.key, one.component, one.config) for one in announcement.components] == [
        (
            "device one a",
            "switch",
            {
                "availability_topic": "base/up",
                "device": device,
                "qos": 0,
                "command_topic": "base/a",
                "unique_id": "a",
            },
        ),
        (
            "device one b",
            "sensor",
            {
                "availability_topic": "own/up",
                "device": device,
                "qos": 1,
                "state_topic": "own/b",
                "unique_id": "b",
            },
        ),
    ]


def test_a_component_with_a_platform_alone_is_taken_back() -> None:
    announcement = _parse("device", {"dev": {"ids": "d"}, "qos": 1, "cmps": {"a": {"p": "switch"}}})

    assert [one.config for one in announcement.components] == [{}]


def test_a_bad_component_does_not_spoil_the_others() -> None:
    announcement = _parse(
        "device",
        {
            "dev": {"ids": "d"},
            "cmps": {
                "a": {"p": "swich", "cmd_t": "x"},
                "b": {"cmd_t": "x", "plattform": "switch"},
                "c": "text",
                "d": {"p": "switch", "cmd_t": "x"},
            },
        },
    )

    assert [one.key for one in announcement.components] == ["device one d"]
    assert announcement.problems == [
        "components.a: 'swich' is no component that is supported. Did you mean 'switch'?",
        "components.b: platform is missing. Did you mean 'plattform'?",
        "components.c: a JSON object is needed",
    ]


@pytest.mark.parametrize(
    ("payload", "verb"),
    [(b"", Verb.TAKE_BACK), ({"migr_discvry": True}, Verb.MIGRATE), ({"x": 1}, Verb.ANNOUNCE)],
)
def test_a_message_announces_takes_back_or_migrates(payload: Any, verb: Verb) -> None:
    assert _parse("switch", payload).verb is verb


@pytest.mark.parametrize(
    ("component", "payload", "complaint"),
    [
        ("switch", b"{nope", "not JSON"),
        ("switch", b"\xff\xfe", "not JSON"),
        ("switch", [1], "a JSON object is needed"),
        ("switch", b" " * 1_048_577, "longer than"),
        ("swtch", {"x": 1}, "Did you mean 'switch'"),
        ("camera", {"x": 1}, "no component that is supported"),
        ("device", {"dev": {}}, "components is missing"),
        ("device", {"dev": {}, "componets": {}}, "Did you mean 'componets'"),
        ("device", {"cmps": {}}, "device is missing"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(component: str, payload: Any, complaint: str) -> None:
    with pytest.raises(BadAnnouncement, match=complaint):
        _parse(component, payload)


def test_a_value_is_made_to_fit_its_key() -> None:
    config = read(
        FanConfig,
        {
            "command_topic": "c",
            "payload_on": 1,
            "payload_off": False,
            "qos": "1",
            "retain": "true",
            "speed_range_max": 4.0,
            "preset_modes": ["a", 2],
            "payload_reset_percentage": None,
            "device": {"identifiers": 17, "connections": [["mac", "02:5b"]]},
            "availability": {"topic": "a", "payload_available": 1},
            "unheard_of": {"x": 1},
        },
    )

    assert (config.payload_on, config.payload_off) == ("1", "False")
    assert (config.qos, config.retain, config.speed_range_max) == (1, True, 4)
    assert config.preset_modes == ("a", "2")
    assert config.payload_reset_percentage == "None"
    assert config.device is not None
    assert config.device.keys == ["17", "mac:02:5b"]
    assert config.availabilities()[0].payload_available == "1"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "command_topic is missing."),
        ({"comand_topic": "x"}, "command_topic is missing. Did you mean 'comand_topic'?"),
        ({"command_topic": "a/#"}, "command_topic: a/#: wildcards"),
        ({"command_topic": "x", "state_topic": "a#"}, "state_topic: a#: # stands for"),
        ({"command_topic": ""}, "command_topic: a topic cannot be empty"),
        ({"command_topic": {"x": 1}}, "command_topic: expected str, got object"),
        ({"command_topic": "x", "qos": 3}, "qos: invalid enum value 3"),
        ({"command_topic": "x", "retain": "maybe"}, "retain: expected bool, got str"),
        ({"command_topic": "x", "device": 1}, "device: expected object"),
        ({"command_topic": "x", "availability_mode": "most"}, "availability_mode: invalid enum"),
        ({"command_topic": "x", "availability": [{}]}, "topic is missing"),
    ],
)
def test_what_is_wrong_with_a_component_is_said(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadAnnouncement) as caught:
        read(SwitchConfig, document)

    assert complaint in str(caught.value)


@pytest.mark.parametrize("name", sorted(platforms.NAMES))
def test_every_component_has_a_class_that_reads_its_config(name: str) -> None:
    type_ = platforms.entity_type(name, {})

    assert issubclass(type_.config_type, EntityConfig)
    assert type_.default_name.startswith("MQTT ")
