"""What devices say, and what the house makes of it: a table for each component."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from peers.mqtt_fake import MqttHouse


class Case(NamedTuple):
    """A component, what is said to it, and what it shows in the end."""

    component: str
    config: dict[str, Any]
    said: list[tuple[str, str]]
    state: str
    attributes: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it


def _said(*payloads: str) -> list[tuple[str, str]]:
    return [("s", payload) for payload in payloads]


SWITCH = {"cmd_t": "c", "stat_t": "s"}
NUMBER = {"cmd_t": "c", "stat_t": "s", "min": -5, "max": 50, "step": 0.5, "unit_of_meas": "°C"}
SELECT = {"cmd_t": "c", "stat_t": "s", "ops": ["eco", "boost", 3]}
LOCK = {"cmd_t": "c", "stat_t": "s"}
COVER = {"cmd_t": "c", "stat_t": "s", "pos_t": "p", "set_pos_t": "sp"}
TILT = {"cmd_t": "c", "tilt_cmd_t": "tc", "tilt_status_t": "t", "tilt_min": 0, "tilt_max": 180}
FAN = {
    "cmd_t": "c", "stat_t": "s", "pct_cmd_t": "pc", "pct_stat_t": "p", "spd_rng_max": 4,
    "pr_mode_cmd_t": "mc", "pr_mode_stat_t": "m", "pr_modes": ["auto", "sleep"],
    "osc_cmd_t": "oc", "osc_stat_t": "o", "dir_cmd_t": "dc", "dir_stat_t": "d",
}  # fmt: skip
CLIMATE = {
    "mode_cmd_t": "mc", "mode_stat_t": "m", "modes": ["off", "heat", "cool"],
    "temp_cmd_t": "tc", "temp_stat_t": "t", "min_temp": 5, "max_temp": 30, "temp_step": 0.5,
    "temp_lo_cmd_t": "lc", "temp_lo_stat_t": "l", "temp_hi_cmd_t": "hc", "temp_hi_stat_t": "h",
    "curr_temp_t": "ct", "curr_hum_t": "ch", "act_t": "a",
    "fan_mode_cmd_t": "fc", "fan_mode_stat_t": "f",
    "swing_mode_cmd_t": "sc", "swing_mode_stat_t": "s",
    "pr_mode_cmd_t": "pc", "pr_mode_stat_t": "p", "pr_modes": ["away", "eco"],
    "hum_cmd_t": "huc", "hum_stat_t": "hu", "pow_cmd_t": "pow",
}  # fmt: skip
HUMIDIFIER = {
    "cmd_t": "c", "stat_t": "s", "hum_cmd_t": "hc", "hum_stat_t": "h", "min_hum": 30,
    "mode_cmd_t": "mc", "mode_stat_t": "m", "modes": ["auto", "baby"], "curr_hum_t": "ch",
    "act_t": "a",
}  # fmt: skip
VALVE = {"cmd_t": "c", "stat_t": "s"}
POSITION_VALVE = {**VALVE, "pos": True}
SIREN = {"cmd_t": "c", "stat_t": "s", "av_tones": ["bell", "horn"]}
ALARM = {"cmd_t": "c", "stat_t": "s"}

CASES = [
    Case("switch", SWITCH, _said("ON"), "on"),
    Case("switch", SWITCH, _said("ON", "OFF"), "off"),
    Case("switch", SWITCH, _said("ON", "None"), "unknown"),
    Case("switch", SWITCH, _said("ON", ""), "on"),
    Case("switch", SWITCH, _said("ON", "perhaps"), "on"),
    Case("switch", {**SWITCH, "stat_on": "1", "stat_off": "0"}, _said("1"), "on"),
    Case("switch", {**SWITCH, "pl_on": 1, "pl_off": 0}, _said("1", "0"), "off"),
    Case("switch", {**SWITCH, "val_tpl": "{{ value_json.p }}"}, _said('{"p": "ON"}'), "on"),
    Case("switch", {**SWITCH, "val_tpl": "{{ value_json.p.q }}"}, _said('{"p": 1}'), "unknown"),
    Case("switch", {"cmd_t": "c"}, [], "unknown", {"assumed_state": True}),
    Case("binary_sensor", {"stat_t": "s", "dev_cla": "door"}, _said("ON"), "on",
         {"device_class": "door"}),
    Case("binary_sensor", {"stat_t": "s", "pl_on": "open"}, _said("open", "OFF"), "off"),
    Case("sensor", {"stat_t": "s"}, _said("fine"), "fine"),
    Case("sensor", {"stat_t": "s"}, _said("fine", "None"), "unknown"),
    Case("sensor", {"stat_t": "s"}, _said("fine", ""), "fine"),
    Case("sensor", {"stat_t": "s", "unit_of_meas": "°C", "stat_cla": "measurement",
                    "dev_cla": "temperature"}, _said("21.50"), "21.50",
         {"unit_of_measurement": "°C", "state_class": "measurement",
          "device_class": "temperature"}),
    Case("sensor", {"stat_t": "s", "unit_of_meas": "W"}, _said("5", "much"), "5"),
    Case("sensor", {"stat_t": "s", "unit_of_meas": "W"}, _said("5", "nan"), "5"),
    Case("sensor", {"stat_t": "s", "dev_cla": "enum", "ops": ["a", "b"]}, _said("a", "c"), "a",
         {"options": ["a", "b"]}),
    Case("sensor", {"stat_t": "s", "dev_cla": "timestamp"}, _said("2024-03-01T10:00:00+02:00"),
         "2024-03-01T08:00:00+00:00"),
    Case("sensor", {"stat_t": "s", "dev_cla": "timestamp"}, _said("2024-03-01 10:00"), "unknown"),
    Case("sensor", {"stat_t": "s", "dev_cla": "date"}, _said("2024-03-01"), "2024-03-01"),
    Case("sensor", {"stat_t": "s", "stat_cla": "total", "val_tpl": "{{ value_json.v }}",
                    "lrst_val_tpl": "{{ value_json.r }}"},
         _said('{"v": 7, "r": "2024-01-01T00:00:00+00:00"}'), "7",
         {"last_reset": "2024-01-01T00:00:00+00:00"}),
    Case("sensor", {"stat_t": "s", "json_attr_t": "j"},
         [("j", '{"a": 1, "icon": "x", "value": 2}')], "unknown", {"a": 1, "value": 2}),
    Case("sensor", {"stat_t": "s", "json_attr_t": "s", "val_tpl": "{{ value_json.v }}",
                    "json_attr_tpl": "{{ value_json.more | to_json }}"},
         _said('{"v": 1, "more": {"a": 1}}', '{"v": 2, "more": {"b": 2}}'), "2", {"b": 2}),
    Case("number", NUMBER, _said("7.5"), "7.5",
         {"min": -5, "max": 50, "step": 0.5, "mode": "auto", "unit_of_measurement": "°C"}),
    Case("number", NUMBER, _said("7", "51"), "7"),
    Case("number", NUMBER, _said("7", "None"), "unknown"),
    Case("number", {**NUMBER, "pl_rst": "-"}, _said("7", "-"), "unknown"),
    Case("select", SELECT, _said("boost"), "boost", {"options": ["eco", "boost", "3"]}),
    Case("select", SELECT, _said("boost", "bost"), "boost"),
    Case("select", SELECT, _said("boost", "None"), "unknown"),
    Case("text", {"cmd_t": "c", "stat_t": "s", "max": 5, "ptrn": "[a-z]*"}, _said("hello", ""), "",
         {"min": 0, "max": 5, "mode": "text", "pattern": "[a-z]*"}),
    Case("text", {"cmd_t": "c", "stat_t": "s", "max": 5}, _said("hello", "too long"), "hello"),
    Case("lock", LOCK, _said("LOCKED"), "locked", {"supported_features": 0}),
    Case("lock", LOCK, _said("UNLOCKING"), "unlocking"),
    Case("lock", LOCK, _said("JAMMED"), "jammed"),
    Case("lock", LOCK, _said("LOCKED", "None"), "unknown"),
    Case("lock", {**LOCK, "stat_locked": "1", "pl_open": "O"}, _said("1"), "locked",
         {"supported_features": 1}),
    Case("cover", COVER, _said("opening"), "opening", {"supported_features": 15}),
    Case("cover", COVER, [("p", "0"), ("s", "stopped")], "closed", {"current_position": 0}),
    Case("cover", COVER, [("p", "30"), ("s", "stopped")], "open", {"current_position": 30}),
    Case("cover", COVER, _said("closing", "stopped"), "open"),
    Case("cover", {"cmd_t": "c", "stat_t": "s"}, _said("closing", "stopped"), "closed",
         {"supported_features": 11}),
    Case("cover", {"set_pos_t": "sp", "pos_t": "p", "pos_open": 0, "pos_clsd": 255},
         [("p", "255")], "closed", {"current_position": 0, "supported_features": 7}),
    Case("cover", {"set_pos_t": "sp", "pos_t": "p", "pos_open": 0, "pos_clsd": 255},
         [("p", "128")], "open", {"current_position": 50}),
    Case("cover", {"pos_t": "p"}, [("p", '{"position": 20, "tilt_position": 5}')], "open",
         {"current_position": 20, "current_tilt_position": 5}),
    Case("cover", TILT, [("t", "90")], "unknown",
         {"current_tilt_position": 50, "supported_features": 251}),
    Case("cover", TILT, [("t", "90"), ("t", "200")], "unknown", {"current_tilt_position": 50}),
    Case("cover", {**COVER, "pl_stop": None, "pl_open": None}, _said("open"), "open",
         {"supported_features": 7}),
    Case("fan", FAN, [("s", "ON"), ("p", "2"), ("m", "sleep"), ("o", "oscillate_on"),
                      ("d", "reverse")], "on",
         {"percentage": 50, "preset_mode": "sleep", "oscillating": True, "direction": "reverse",
          "percentage_step": 25.0, "preset_modes": ["auto", "sleep"], "supported_features": 63}),
    Case("fan", FAN, [("s", "ON"), ("p", "4"), ("p", "9"), ("m", "auto"), ("m", "storm")], "on",
         {"percentage": 100, "preset_mode": "auto"}),
    Case("climate", CLIMATE,
         [("m", "heat"), ("t", "21.5"), ("ct", "19"), ("ch", "40"), ("a", "heating"), ("f", "low"),
          ("s", "off"), ("p", "eco"), ("hu", "45"), ("l", "18"), ("h", "24")], "heat",
         {"temperature": 21.5, "current_temperature": 19.0, "current_humidity": 40.0,
          "hvac_action": "heating", "fan_mode": "low", "swing_mode": "off", "preset_mode": "eco",
          "humidity": 45.0, "target_temp_low": 18.0, "target_temp_high": 24.0,
          "hvac_modes": ["off", "heat", "cool"], "min_temp": 5, "max_temp": 30,
          "target_temp_step": 0.5, "preset_modes": ["none", "away", "eco"],
          "supported_features": 1 + 2 + 4 + 8 + 16 + 32 + 128 + 256}),
    Case("climate", CLIMATE, [("m", "heat"), ("m", "dry"), ("t", "21"), ("t", "None")], "heat"),
    Case("climate", {"mode_stat_t": "s", "curr_temp_t": "s", "modes": ["off", "heat"],
                     "val_tpl": "{{ value_json.mode }}", "curr_temp_tpl": "{{ value_json.t }}"},
         _said('{"mode": "heat", "t": 18.5}'), "heat", {"current_temperature": 18.5}),
    Case("humidifier", HUMIDIFIER,
         [("s", "ON"), ("h", "45"), ("m", "baby"), ("ch", "39.5"), ("a", "humidifying")], "on",
         {"humidity": 45, "mode": "baby", "current_humidity": 39.5, "action": "humidifying",
          "min_humidity": 30, "max_humidity": 100, "available_modes": ["auto", "baby"],
          "supported_features": 1, "device_class": "humidifier"}),
    Case("humidifier", HUMIDIFIER, [("h", "45"), ("h", "20"), ("h", "x")], "unknown",
         {"humidity": 45}),
    Case("valve", VALVE, _said("open"), "open", {"supported_features": 3}),
    Case("valve", POSITION_VALVE, _said("30"), "open",
         {"current_position": 30, "supported_features": 7}),
    Case("valve", POSITION_VALVE, _said('{"state": "opening", "position": 10}'), "opening",
         {"current_position": 10}),
    Case("valve", POSITION_VALVE, _said("0"), "closed", {"current_position": 0}),
    Case("siren", SIREN, _said('{"state": "ON", "tone": "horn", "volume_level": 0.5}'), "on",
         {"tone": "horn", "volume_level": 0.5, "supported_features": 31,
          "available_tones": ["bell", "horn"]}),
    Case("siren", SIREN, _said("ON", "OFF"), "off"),
    Case("siren", SIREN, _said('{"state": "ON"}', '{"state": null}'), "unknown"),
    Case("vacuum", {"stat_t": "s", "cmd_t": "c"}, _said('{"state": "docked", "battery_level": 80}'),
         "docked", {"battery_level": 80, "supported_features": 13400}),
    Case("vacuum", {"stat_t": "s"}, _said('{"state": "docked"}', '{"state": "lost"}'), "docked"),
    Case("lawn_mower", {"act_stat_t": "s", "dock_cmd_t": "d"}, _said("mowing"), "mowing",
         {"supported_features": 4}),
    Case("update", {"stat_t": "s", "l_ver_t": "l", "cmd_t": "c"}, [("s", "1.9.0"), ("l", "1.10.0")],
         "on", {"installed_version": "1.9.0", "latest_version": "1.10.0", "in_progress": False,
                "supported_features": 5}),
    Case("update", {"stat_t": "s"},
         _said('{"installed_version": "2", "latest_version": "2", "title": "Box"}'), "off",
         {"title": "Box"}),
    Case("update", {"stat_t": "s"},
         _said('{"installed_version": "a1", "latest_version": "b", "update_percentage": 40}'), "on",
         {"update_percentage": 40, "in_progress": True}),
    Case("alarm_control_panel", ALARM, _said("armed_away"), "armed_away",
         {"supported_features": 63, "code_arm_required": False}),
    Case("alarm_control_panel", {**ALARM, "code": "1234"}, _said("triggered"), "triggered",
         {"code_format": "number", "code_arm_required": True}),
    Case("device_tracker", {"stat_t": "s", "pl_home": "in"}, _said("in"), "home",
         {"source_type": "gps"}),
    Case("device_tracker", {"stat_t": "s"}, _said("not_home"), "not_home"),
    Case("device_tracker", {"stat_t": "s"}, _said("Work"), "Work"),
    Case("device_tracker", {"json_attr_t": "j"}, [("j", '{"latitude": 1.5, "longitude": 2}')],
         "unknown", {"latitude": 1.5, "longitude": 2}),
    Case("button", {"cmd_t": "c", "dev_cla": "restart"}, [], "unknown",
         {"device_class": "restart"}),
    Case("scene", {"cmd_t": "c"}, [], "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.component} {' '.join(p for _, p in case.said)}"[:60]
)
def test_a_component_shows_what_its_device_says(house: MqttHouse, case: Case) -> None:
    house.announce(case.component, {"uniq_id": "u", **case.config})

    for topic, payload in case.said:
        house.says(topic, payload)

    state = house.only()
    assert state.state == case.state
    assert {key: state.attributes.get(key) for key in case.attributes} == case.attributes


def test_a_message_that_says_several_things_is_one_change(house: MqttHouse) -> None:
    topics = dict.fromkeys(("stat_t", "pct_stat_t", "osc_stat_t"), "s")
    house.announce(
        "fan",
        {
            **FAN,
            **topics,
            "stat_val_tpl": "{{ value_json.on }}",
            "pct_val_tpl": "{{ value_json.speed }}",
            "osc_val_tpl": "{{ value_json.swing }}",
        },
    )
    before = house.kernel.log.head

    house.says("s", '{"on": "ON", "speed": 1, "swing": "oscillate_off"}')

    assert house.kernel.log.head == before + 1
    assert house.only().attributes["percentage"] == 25


def test_a_part_that_is_broken_does_not_spoil_the_others_of_a_message(house: MqttHouse) -> None:
    house.announce(
        "fan",
        {
            **FAN,
            "stat_val_tpl": "{{ value_json.on }}",
            "pct_stat_t": "s",
            "pct_val_tpl": "{{ value_json.nothing.there }}",
        },
    )

    house.says("s", '{"on": "ON"}')

    assert house.only().state == "on"


def test_a_sensor_that_only_says_on_falls_off_by_itself(house: MqttHouse) -> None:
    house.announce("binary_sensor", {"stat_t": "s", "off_dly": 30})
    house.says("s", "ON")
    house.passes(20)
    house.says("s", "ON")
    house.passes(20)
    still = house.only().state
    house.passes(11)

    assert (still, house.only().state) == ("on", "off")


def test_a_sensor_that_was_on_before_a_restart_falls_off_too(house: MqttHouse) -> None:
    house.announce("binary_sensor", {"uniq_id": "u", "stat_t": "s", "off_dly": 30})
    house.says("s", "ON")

    house.crash()
    house.passes(31)

    assert house.only().state == "off"


def test_an_event_happens_each_time_and_not_for_what_was_kept(house: MqttHouse) -> None:
    config = {"stat_t": "s", "evt_typ": ["press", "hold"], "dev_cla": "button"}
    house.says("s", '{"event_type": "hold"}', retain=True)
    house.announce("event", config)
    at_first = house.only().state

    for payload in ('{"event_type": "press", "n": 1}', '{"event_type": "press"}'):
        house.says("s", payload)
    state = house.only()

    assert at_first == "unknown"
    assert state.state == "2024-03-12T09:00:01.001+00:00"
    assert state.attributes["event_type"] == "press"
    assert "n" not in state.attributes
    assert state.attributes["event_types"] == ["press", "hold"]
    assert len(house.changes(state.entity_id)) == 3


@pytest.mark.parametrize("payload", ["press", "[]", '{"type": "press"}', '{"event_type": "pres"}'])
def test_what_is_no_event_of_it_is_told_and_ignored(
    house: MqttHouse, caplog: pytest.LogCaptureFixture, payload: str
) -> None:
    house.announce("event", {"stat_t": "s", "evt_typ": ["press"]})

    house.says("s", payload)

    assert house.only().state == "unknown"
    assert "event_type" in caplog.text


def test_a_trigger_of_a_device_is_an_event_entity(house: MqttHouse) -> None:
    remote = {"ids": ["r"], "name": "Remote"}
    config = {"atype": "trigger", "type": "short_press", "stype": "button_1", "t": "r/action"}
    house.announce("device_automation", {**config, "pl": "on", "dev": remote})

    house.says("r/action", "off")
    before = house.only().state
    house.says("r/action", "on")

    state = house.only()
    assert before == "unknown"
    assert state.entity_id == "event.remote_button_1_short_press"
    assert state.state.startswith("2024-03-12T09:00:01")
    assert (state.attributes["event_type"], state.attributes["subtype"]) == (
        "short_press",
        "button_1",
    )


def test_a_trigger_without_a_device_is_refused(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("device_automation", {"atype": "trigger", "type": "a", "stype": "b", "t": "t"})

    assert list(house.kernel.states) == []
    assert "device: a trigger needs one" in caplog.text


def test_a_binary_payload_is_read_in_the_encoding_that_is_named(house: MqttHouse) -> None:
    house.announce("sensor", {"stat_t": "s", "e": "latin-1"})

    house.says("s", "süß".encode("latin-1"))

    assert house.only().state == "süß"


def test_a_template_sees_its_own_entity(house: MqttHouse) -> None:
    template = "{% if value == '?' %}{{ this.state }}{% else %}{{ value }}{% endif %}"
    house.announce("sensor", {"stat_t": "s", "val_tpl": template})

    house.says("s", "first")
    house.says("s", "?")

    assert house.only().state == "first"


def test_a_template_sees_the_house(house: MqttHouse) -> None:
    house.sees("input_boolean.party", "on", volume=3)
    house.announce(
        "sensor",
        {
            "name": "S",
            "stat_t": "s",
            "val_tpl": "{{ states('input_boolean.party') }} {{ is_state('a.b', 'unknown') }} "
            "{{ state_attr('input_boolean.party', 'volume') }} {{ utcnow().hour }}",
        },
    )

    house.says("s", "x")

    assert house.shown("sensor.s").state == "on True 3 9"
