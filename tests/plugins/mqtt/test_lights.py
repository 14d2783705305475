"""Lights of all three schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peers.mqtt_fake import FakeBroker, MqttHouse

LIGHT = "light.lamp"
BASIC = {
    "name": "Lamp",
    "uniq_id": "l",
    "cmd_t": "c",
    "stat_t": "s",
    "bri_cmd_t": "bc",
    "bri_stat_t": "b",
}
FULL = {
    **BASIC,
    "clr_temp_cmd_t": "tc", "clr_temp_stat_t": "t", "hs_cmd_t": "hc", "hs_stat_t": "h",
    "rgb_cmd_t": "rc", "rgb_stat_t": "r", "xy_cmd_t": "xc", "xy_stat_t": "x",
    "fx_cmd_t": "fc", "fx_stat_t": "f", "fx_list": ["calm", "party"],
}  # fmt: skip
JSON_LIGHT = {
    "name": "Lamp", "uniq_id": "l", "schema": "json", "cmd_t": "c", "stat_t": "s",
    "brightness": True, "sup_clrm": ["rgb", "hs", "xy", "color_temp"],
    "effect": True, "fx_list": ["calm"],
}  # fmt: skip
TEMPLATE = {
    "name": "Lamp",
    "uniq_id": "l",
    "schema": "template",
    "cmd_t": "c",
    "stat_t": "s",
    "cmd_on_tpl": "on,{{ brightness|d }},{{ red|d }}-{{ green|d }}-{{ blue|d }},"
    "{{ color_temp|d }},{{ effect|d }},{{ transition|d }}",
    "cmd_off_tpl": "off,{{ transition|d }}",
    "stat_tpl": "{{ value.split(',')[0] }}",
    "bri_tpl": "{{ value.split(',')[1] }}",
    "r_tpl": "{{ value.split(',')[2].split('-')[0] }}",
    "g_tpl": "{{ value.split(',')[2].split('-')[1] }}",
    "b_tpl": "{{ value.split(',')[2].split('-')[2] }}",
    "fx_tpl": "{{ value.split(',')[3] }}",
    "fx_list": ["calm"],
}


def _shown(house: MqttHouse) -> dict[str, Any]:
    """Return state and attributes, those that vary."""
    state = house.shown(LIGHT)
    keys = (
        "color_mode", "brightness", "rgb_color", "hs_color", "xy_color", "color_temp_kelvin",
        "effect",
    )  # fmt: skip
    shown = {key: state.attributes[key] for key in keys if key in state.attributes}
    return {"state": state.state, **shown}


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ({"cmd_t": "c"}, ["onoff"]),
        ({"cmd_t": "c", "bri_cmd_t": "b"}, ["brightness"]),
        ({"cmd_t": "c", "bri_cmd_t": "b", "clr_temp_cmd_t": "t"}, ["color_temp"]),
        ({"cmd_t": "c", "hs_cmd_t": "h", "rgb_cmd_t": "r"}, ["hs", "rgb"]),
        ({"cmd_t": "c", "rgbww_cmd_t": "w", "whit_cmd_t": "x"}, ["white", "rgbww"]),
        ({"cmd_t": "c", "schema": "json"}, ["onoff"]),
        ({"cmd_t": "c", "schema": "json", "brightness": True}, ["brightness"]),
        ({"cmd_t": "c", "schema": "json", "sup_clrm": ["rgbw", "onoff"]}, ["rgbw"]),
        ({"cmd_t": "c", "schema": "json", "brightness": True, "rgb": True}, ["rgb"]),
        ({**TEMPLATE, "clr_temp_tpl": "{{ 1 }}"}, ["hs", "color_temp"]),
    ],
)
def test_a_light_offers_what_its_topics_tell(
    house: MqttHouse, config: dict[str, Any], modes: list[str]
) -> None:
    house.announce("light", config)

    assert house.only().attributes["supported_color_modes"] == modes


def test_a_colour_mode_that_there_is_not_is_refused(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("light", {**JSON_LIGHT, "sup_clrm": ["rgb", "cmyk"]})

    assert list(house.kernel.states) == []
    assert "supported_color_modes: cmyk: unknown" in caplog.text


@pytest.mark.parametrize(
    ("said", "kelvin"),
    [
        ({}, (2000, 6535)),
        ({"min_mirs": 250, "max_mirs": 454}, (2202, 4000)),
        ({"min_k": 2700, "max_k": 5000}, (2700, 5000)),
    ],
)
def test_the_limits_of_white_are_kelvin(
    house: MqttHouse, said: dict[str, Any], kelvin: tuple[int, int]
) -> None:
    house.announce("light", {**FULL, **said})

    attributes = house.shown(LIGHT).attributes
    shown = (attributes["min_color_temp_kelvin"], attributes["max_color_temp_kelvin"])
    assert shown == kelvin


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ([("s", "ON"), ("b", "128")], {"state": "on", "color_mode": "unknown", "brightness": 128}),
        ([("s", "ON"), ("b", "128"), ("s", "OFF")], {"state": "off"}),
        ([("s", "ON"), ("s", "None")], {"state": "unknown"}),
        ([("s", "ON"), ("b", "10"), ("b", "0"), ("b", "x")],
         {"state": "on", "color_mode": "unknown", "brightness": 10}),
        ([("s", "ON"), ("r", "255,0,0"), ("f", "party")],
         {"state": "on", "color_mode": "rgb", "rgb_color": [255, 0, 0], "hs_color": [0.0, 100.0],
          "xy_color": [0.701, 0.299], "effect": "party"}),
        ([("s", "ON"), ("h", "240,100"), ("t", "250")],
         {"state": "on", "color_mode": "color_temp", "color_temp_kelvin": 4000}),
        ([("s", "ON"), ("t", "250"), ("h", "240,100"), ("h", "240"), ("h", "a,b")],
         {"state": "on", "color_mode": "hs", "hs_color": [240, 100]}),
    ],
)  # fmt: skip
def test_a_light_with_topics_shows_what_they_say(
    house: MqttHouse, said: list[tuple[str, str]], shown: dict[str, Any]
) -> None:
    house.announce("light", FULL)

    for topic, payload in said:
        house.says(topic, payload)

    now = _shown(house)
    assert {key: now.get(key) for key in shown} == shown


def test_the_colour_mode_may_have_a_topic_of_its_own(house: MqttHouse) -> None:
    house.announce("light", {**FULL, "clrm_stat_t": "m", "whit_cmd_t": "w"})
    for topic, payload in (("s", "ON"), ("r", "255,0,0"), ("b", "9"), ("m", "white")):
        house.says(topic, payload)

    assert _shown(house) == {"state": "on", "color_mode": "white", "brightness": 9}


@pytest.mark.parametrize(
    ("config", "data", "said"),
    [
        (BASIC, {}, [("c", "ON")]),
        (BASIC, {"brightness": 128}, [("bc", "128"), ("c", "ON")]),
        ({**BASIC, "bri_scl": 100}, {"brightness": 128}, [("bc", "50"), ("c", "ON")]),
        ({**BASIC, "bri_scl": 100}, {"brightness": 1}, [("bc", "1"), ("c", "ON")]),
        ({**BASIC, "on_cmd_type": "first"}, {"brightness": 9}, [("c", "ON"), ("bc", "9")]),
        ({**BASIC, "on_cmd_type": "brightness"}, {"brightness": 9}, [("bc", "9")]),
        ({**BASIC, "on_cmd_type": "brightness"}, {}, [("bc", "255")]),
        ({**BASIC, "bri_cmd_tpl": "{{ value }}%"}, {"brightness": 9}, [("bc", "9%"), ("c", "ON")]),
        (FULL, {"rgb_color": [1, 2, 3]}, [("rc", "1,2,3"), ("c", "ON")]),
        (FULL, {"hs_color": [30, 50]}, [("hc", "30.0,50.0"), ("c", "ON")]),
        (FULL, {"xy_color": [0.3, 0.4]}, [("xc", "0.3,0.4"), ("c", "ON")]),
        (FULL, {"color_temp_kelvin": 4000}, [("tc", "250"), ("c", "ON")]),
        ({**FULL, "clr_temp_k": True}, {"color_temp_kelvin": 4000}, [("tc", "4000"), ("c", "ON")]),
        (FULL, {"effect": "calm"}, [("fc", "calm"), ("c", "ON")]),
        ({**FULL, "rgb_cmd_tpl": "{{ '#%02x%02x%02x' % (red, green, blue) }}"},
         {"color_name": "red"}, [("rc", "#ff0000"), ("c", "ON")]),
        ({"cmd_t": "c", "rgb_cmd_t": "rc"}, {"rgb_color": [200, 100, 0], "brightness": 128},
         [("rc", "100,50,0"), ("c", "ON")]),
        ({**BASIC, "rgb_cmd_t": "rc", "whit_cmd_t": "w", "whit_scl": 100}, {"white": 128},
         [("w", "50"), ("c", "ON")]),
        ({**BASIC, "rgbw_cmd_t": "rw"}, {"rgbw_color": [1, 2, 3, 4]},
         [("rw", "1,2,3,4"), ("c", "ON")]),
    ],
)  # fmt: skip
def test_a_light_with_topics_hears_each_thing_on_its_own(
    house: MqttHouse,
    broker: FakeBroker,
    config: dict[str, Any],
    data: dict[str, Any],
    said: list[tuple[str, str]],
) -> None:
    house.announce("light", {"name": "Lamp", "uniq_id": "l", **config})
    broker.said.clear()

    house.calls("light.turn_on", LIGHT, **data)

    assert [(one.topic, one.payload) for one in broker.said] == said
    assert house.outcomes() == ["command.done"]


def test_a_light_without_a_brightness_topic_dims_the_colour_that_it_has(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("light", {"name": "Lamp", "uniq_id": "l", "cmd_t": "c", "rgb_cmd_t": "rc"})
    house.calls("light.turn_on", LIGHT, rgb_color=[200, 100, 0])

    house.calls("light.turn_on", LIGHT, brightness=128)

    assert broker.payloads("rc") == ["200,100,0", "100,50,0"]


def test_what_no_topic_tells_is_assumed_and_what_one_tells_is_not(house: MqttHouse) -> None:
    config = {**BASIC, "hs_cmd_t": "hc"}
    house.announce("light", config)
    house.says("s", "ON")

    house.calls("light.turn_on", LIGHT, hs_color=[30, 50], brightness=9)
    told = _shown(house)
    house.says("b", "9")

    assert told["hs_color"] == [30, 50]
    assert "brightness" not in told
    assert _shown(house)["brightness"] == 9


def test_a_light_that_tells_nothing_is_assumed_to_obey(house: MqttHouse) -> None:
    house.announce("light", {"name": "Lamp", "uniq_id": "l", "cmd_t": "c", "bri_cmd_t": "b"})

    house.calls("light.turn_on", LIGHT, brightness=50)
    on = _shown(house)
    house.calls("light.turn_off", LIGHT)

    assert on == {"state": "on", "color_mode": "brightness", "brightness": 50}
    assert _shown(house) == {"state": "off"}


# JSON


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"state": "ON", "brightness": 77}, {"state": "on", "brightness": 77}),
        ({"state": "OFF"}, {"state": "off"}),
        ({"state": None}, {"state": "unknown"}),
        ({"state": "ON", "color_mode": "rgb", "color": {"r": 0, "g": 0, "b": 255}},
         {"color_mode": "rgb", "rgb_color": [0, 0, 255]}),
        ({"state": "ON", "color_mode": "hs", "color": {"h": 30, "s": 50}},
         {"color_mode": "hs", "hs_color": [30, 50]}),
        ({"state": "ON", "color_mode": "xy", "color": {"x": 0.3, "y": 0.4, "h": 1, "s": 1}},
         {"color_mode": "xy", "xy_color": [0.3, 0.4]}),
        ({"state": "ON", "color_mode": "color_temp", "color_temp": 250},
         {"color_mode": "color_temp", "color_temp_kelvin": 4000}),
        ({"state": "ON", "color": {"r": 1, "g": 2, "b": 3}}, {"color_mode": "rgb"}),
        ({"state": "ON", "effect": "calm"}, {"effect": "calm"}),
        ({"brightness": 0}, {"state": "unknown"}),
        ({"state": "ON", "brightness": "x", "color": "y", "color_mode": "rgb"}, {"state": "on"}),
        ({"state": "DIM"}, {"state": "unknown"}),
    ],
)  # fmt: skip
def test_a_light_that_speaks_json_shows_what_it_says(
    house: MqttHouse, said: dict[str, Any], shown: dict[str, Any]
) -> None:
    house.announce("light", JSON_LIGHT)

    house.says("s", json.dumps(said))

    now = _shown(house)
    assert {key: now.get(key) for key in shown} == shown


@pytest.mark.parametrize(
    ("config", "data", "said"),
    [
        ({}, {}, {"state": "ON"}),
        ({}, {"brightness": 100, "transition": 2},
         {"state": "ON", "transition": 2, "brightness": 100}),
        ({"bri_scl": 1000}, {"brightness": 255}, {"state": "ON", "brightness": 1000}),
        ({}, {"rgb_color": [1, 2, 3]}, {"state": "ON", "color": {"r": 1, "g": 2, "b": 3}}),
        ({}, {"hs_color": [30, 50]}, {"state": "ON", "color": {"h": 30, "s": 50}}),
        ({}, {"xy_color": [0.3, 0.4]}, {"state": "ON", "color": {"x": 0.3, "y": 0.4}}),
        ({}, {"color_temp_kelvin": 4000}, {"state": "ON", "color_temp": 250}),
        ({"clr_temp_k": True}, {"color_temp_kelvin": 4000}, {"state": "ON", "color_temp": 4000}),
        ({}, {"effect": "calm"}, {"state": "ON", "effect": "calm"}),
        ({}, {"flash": "long"}, {"state": "ON", "flash": 10}),
        ({"flsh_tsht": 1}, {"flash": "short"}, {"state": "ON", "flash": 1}),
        ({"flsh": False, "trns": False}, {"flash": "short", "transition": 1}, {"state": "ON"}),
        ({"sup_clrm": ["rgbww"]}, {"rgbww_color": [1, 2, 3, 4, 5]},
         {"state": "ON", "color": {"r": 1, "g": 2, "b": 3, "c": 4, "w": 5}}),
        ({"sup_clrm": ["rgb", "white"], "whit_scl": 100}, {"white": 255},
         {"state": "ON", "white": 100}),
        ({"brightness": False, "sup_clrm": ["rgb"]},
         {"rgb_color": [200, 100, 0], "brightness": 128},
         {"state": "ON", "color": {"r": 100, "g": 50, "b": 0}}),
    ],
)  # fmt: skip
def test_a_light_that_speaks_json_hears_one_object(
    house: MqttHouse,
    broker: FakeBroker,
    config: dict[str, Any],
    data: dict[str, Any],
    said: dict[str, Any],
) -> None:
    house.announce("light", {**JSON_LIGHT, **config})

    house.calls("light.turn_on", LIGHT, **data)

    assert json.loads(broker.payloads("c")[-1]) == said


def test_a_light_that_speaks_json_goes_off_slowly(house: MqttHouse, broker: FakeBroker) -> None:
    house.announce("light", JSON_LIGHT)

    house.calls("light.turn_off", LIGHT, transition=3)

    assert json.loads(broker.payloads("c")[-1]) == {"state": "OFF", "transition": 3}


def test_a_light_keeps_its_colour_over_a_restart(house: MqttHouse) -> None:
    house.announce("light", JSON_LIGHT)
    house.says("s", '{"state": "ON", "color_mode": "hs", "color": {"h": 30, "s": 50}}')

    house.crash()
    house.passes(1)
    house.says("s", '{"state": "ON", "brightness": 7}')

    shown = _shown(house)
    assert (shown["color_mode"], shown["hs_color"], shown["brightness"]) == ("hs", [30, 50], 7)


# Templates


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("on,255,255-0-0,calm", {"state": "on", "brightness": 255, "color_mode": "hs",
                                 "hs_color": [0.0, 100.0], "effect": "calm"}),
        ("off,0,0-0-0,", {"state": "off"}),
        ("None,1,1-1-1,", {"state": "unknown"}),
        ("dim,9,1-1-1,", {"state": "unknown"}),
    ],
)  # fmt: skip
def test_a_light_with_templates_shows_what_they_read(
    house: MqttHouse, said: str, shown: dict[str, Any]
) -> None:
    house.announce("light", TEMPLATE)

    house.says("s", said)

    now = _shown(house)
    assert {key: now.get(key) for key in shown} == shown


@pytest.mark.parametrize(
    ("service", "data", "said"),
    [
        ("turn_on", {}, "on,,--,,,"),
        ("turn_on", {"brightness": 9, "transition": 2}, "on,9,--,,,2.0"),
        ("turn_on", {"hs_color": [0, 100]}, "on,,255-0-0,,,"),
        ("turn_on", {"effect": "calm"}, "on,,--,,calm,"),
        ("turn_off", {"transition": 2}, "off,2.0"),
    ],
)
def test_a_light_with_templates_hears_what_they_write(
    house: MqttHouse, broker: FakeBroker, service: str, data: dict[str, Any], said: str
) -> None:
    house.announce("light", TEMPLATE)

    house.calls(f"light.{service}", LIGHT, **data)

    assert broker.payloads("c") == [said]


def test_a_light_with_templates_and_no_state_is_assumed_to_obey(house: MqttHouse) -> None:
    config = {key: one for key, one in TEMPLATE.items() if key not in ("stat_t", "stat_tpl")}
    house.announce("light", config)

    house.calls("light.turn_on", LIGHT, hs_color=[120, 100])
    on = _shown(house)
    house.calls("light.turn_off", LIGHT)

    assert (on["state"], on["hs_color"]) == ("on", [120, 100])
    assert _shown(house)["state"] == "off"
