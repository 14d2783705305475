"""What the house commands, and what devices hear of it: a table for each component."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from casita.errors import InvalidCommand
from peers.mqtt_fake import FakeBroker, MqttHouse, Said


class Case(NamedTuple):
    """A component, a service with its data, what is published, and what is assumed then."""

    component: str
    config: dict[str, Any]
    service: str
    data: dict[str, Any]
    said: list[tuple[str, str]]
    state: str = "unknown"
    attributes: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it


BLIND = {"cmd_t": "c", "stat_t": "s"}
PLACED = {"pos_t": "p", "set_pos_t": "sp", "pos_open": 0, "pos_clsd": 200}
FREE = {"cmd_t": "c", "tilt_cmd_t": "tc", "tilt_max": 180, "tilt_opnd_val": 90}
FAN = {
    "cmd_t": "c", "pct_cmd_t": "pc", "spd_rng_max": 4, "pr_mode_cmd_t": "mc", "osc_cmd_t": "oc",
    "pr_modes": ["auto", "sleep"], "dir_cmd_t": "dc",
}  # fmt: skip
CLIMATE = {
    "mode_cmd_t": "mc", "modes": ["off", "heat"], "temp_cmd_t": "tc", "fan_mode_cmd_t": "fc",
    "pr_mode_cmd_t": "pc", "pr_modes": ["eco"], "temp_lo_cmd_t": "lc", "temp_hi_cmd_t": "hc",
    "hum_cmd_t": "hc2", "swing_h_mode_cmd_t": "wc",
}  # fmt: skip
HUMIDIFIER = {"cmd_t": "c", "hum_cmd_t": "hc", "mode_cmd_t": "mc", "modes": ["auto"]}
SIREN = {"cmd_t": "c", "av_tones": ["bell"], "sup_dur": False}
VACUUM = {
    "cmd_t": "c", "send_cmd_t": "sc", "set_fan_spd_t": "fc", "fanspd_lst": ["low", "high"],
    "sup_feat": ["start", "return_home", "fan_speed", "send_command"],
}  # fmt: skip
ALARM = {"cmd_t": "c", "stat_t": "s"}
JSON = "{{ {'do': value} | to_json }}"

CASES = [
    Case("switch", {"cmd_t": "c"}, "turn_on", {}, [("c", "ON")], "on", {"assumed_state": True}),
    Case("switch", {"cmd_t": "c"}, "turn_off", {}, [("c", "OFF")], "off"),
    Case("switch", {"cmd_t": "c"}, "toggle", {}, [("c", "ON")], "on"),
    Case("switch", {"cmd_t": "c", "stat_t": "s"}, "turn_on", {}, [("c", "ON")], "unknown"),
    Case("switch", {"cmd_t": "c", "stat_t": "s", "opt": True}, "turn_on", {}, [("c", "ON")], "on"),
    Case("switch", {"cmd_t": "c", "pl_on": "1"}, "turn_on", {}, [("c", "1")], "on"),
    Case("switch", {"cmd_t": "c", "cmd_tpl": JSON}, "turn_on", {}, [("c", '{"do":"ON"}')], "on"),
    Case("button", {"cmd_t": "c", "pl_prs": "GO"}, "press", {}, [("c", "GO")],
         "2024-03-12T09:00:01+00:00"),
    Case("scene", {"cmd_t": "c"}, "turn_on", {}, [("c", "ON")], "2024-03-12T09:00:01+00:00"),
    Case("number", {"cmd_t": "c"}, "set_value", {"value": 7}, [("c", "7")], "7"),
    Case("number", {"cmd_t": "c", "step": 0.5}, "set_value", {"value": 7.5}, [("c", "7.5")], "7.5"),
    Case("number", {"cmd_t": "c", "cmd_tpl": "{{ value * 10 }}"}, "set_value", {"value": 7},
         [("c", "70")], "7"),
    Case("select", {"cmd_t": "c", "ops": ["a", "b"]}, "select_option", {"option": "b"},
         [("c", "b")], "b"),
    Case("text", {"cmd_t": "c"}, "set_value", {"value": "hä"}, [("c", "hä")], "hä"),
    Case("lock", {"cmd_t": "c"}, "lock", {}, [("c", "LOCK")], "locked"),
    Case("lock", {"cmd_t": "c"}, "unlock", {}, [("c", "UNLOCK")], "unlocked"),
    Case("lock", {"cmd_t": "c", "pl_open": "OPEN"}, "open", {}, [("c", "OPEN")], "open"),
    Case("lock", {"cmd_t": "c", "stat_t": "s", "cod_form": "^\\d+$",
                  "cmd_tpl": "{{ value }}:{{ code }}"}, "lock", {"code": "12"},
         [("c", "LOCK:12")]),
    Case("cover", BLIND, "open_cover", {}, [("c", "OPEN")]),
    Case("cover", BLIND, "close_cover", {}, [("c", "CLOSE")]),
    Case("cover", BLIND, "stop_cover", {}, [("c", "STOP")]),
    Case("cover", {"cmd_t": "c"}, "close_cover", {}, [("c", "CLOSE")], "closed"),
    Case("cover", PLACED, "open_cover", {}, [("sp", "0")]),
    Case("cover", PLACED, "set_cover_position", {"position": 25}, [("sp", "150")]),
    Case("cover", {**PLACED, "set_pos_tpl": "{{ position }}/{{ value }}/{{ position_closed }}"},
         "set_cover_position", {"position": 25}, [("sp", "25/150/200")]),
    Case("cover", FREE, "open_cover_tilt", {}, [("tc", "90")], "unknown",
         {"current_tilt_position": 50}),
    Case("cover", FREE, "set_cover_tilt_position", {"tilt_position": 50}, [("tc", "90")]),
    Case("cover", FREE, "stop_cover_tilt", {}, [("tc", "stop")]),
    Case("valve", {"cmd_t": "c"}, "open_valve", {}, [("c", "OPEN")], "open"),
    Case("valve", {"cmd_t": "c", "pos": True}, "close_valve", {}, [("c", "0")], "closed",
         {"current_position": 0}),
    Case("valve", {"cmd_t": "c", "pos": True}, "set_valve_position", {"position": 30},
         [("c", "30")], "open", {"current_position": 30}),
    Case("valve", {"cmd_t": "c", "stat_t": "s", "pl_stop": "S"}, "stop_valve", {}, [("c", "S")]),
    Case("fan", FAN, "turn_on", {"percentage": 50, "preset_mode": "sleep"},
         [("c", "ON"), ("pc", "2"), ("mc", "sleep")], "on",
         {"percentage": 50, "preset_mode": "sleep"}),
    Case("fan", FAN, "set_percentage", {"percentage": 30}, [("pc", "2")], "unknown",
         {"percentage": 30}),
    Case("fan", FAN, "set_percentage", {"percentage": 0}, [("c", "OFF")], "off"),
    Case("fan", FAN, "oscillate", {"oscillating": True}, [("oc", "oscillate_on")], "unknown",
         {"oscillating": True}),
    Case("fan", FAN, "set_direction", {"direction": "reverse"}, [("dc", "reverse")]),
    Case("climate", CLIMATE, "set_hvac_mode", {"hvac_mode": "heat"}, [("mc", "heat")], "heat"),
    Case("climate", CLIMATE, "set_temperature", {"temperature": 21, "hvac_mode": "heat"},
         [("mc", "heat"), ("tc", "21.0")], "heat", {"temperature": 21.0}),
    Case("climate", CLIMATE, "set_temperature", {"target_temp_low": 18, "target_temp_high": 24},
         [("lc", "18.0"), ("hc", "24.0")]),
    Case("climate", CLIMATE, "set_fan_mode", {"fan_mode": "low"}, [("fc", "low")], "unknown",
         {"fan_mode": "low"}),
    Case("climate", CLIMATE, "set_preset_mode", {"preset_mode": "none"}, [("pc", "none")]),
    Case("climate", CLIMATE, "set_humidity", {"humidity": 50}, [("hc2", "50")], "unknown",
         {"humidity": 50}),
    Case("climate", CLIMATE, "set_swing_horizontal_mode", {"swing_horizontal_mode": "on"},
         [("wc", "on")]),
    Case("climate", CLIMATE, "turn_off", {}, [("mc", "off")], "off"),
    Case("climate", {**CLIMATE, "pow_cmd_t": "pw", "pow_cmd_tpl": JSON}, "turn_on", {},
         [("pw", '{"do":"ON"}')]),
    Case("humidifier", HUMIDIFIER, "turn_on", {}, [("c", "ON")], "on"),
    Case("humidifier", HUMIDIFIER, "set_humidity", {"humidity": 40}, [("hc", "40")], "unknown",
         {"humidity": 40}),
    Case("humidifier", HUMIDIFIER, "set_mode", {"mode": "auto"}, [("mc", "auto")], "unknown",
         {"mode": "auto"}),
    Case("siren", SIREN, "turn_on", {"tone": "bell", "duration": 5, "volume_level": 0.5},
         [("c", '{"state":"ON","tone":"bell","volume_level":0.5}')], "on", {"tone": "bell"}),
    Case("siren", SIREN, "turn_off", {}, [("c", '{"state":"OFF"}')], "off"),
    Case("siren", {**SIREN, "cmd_tpl": "{{ value }} {{ tone }}"}, "turn_on", {"tone": "bell"},
         [("c", "ON bell")], "on"),
    Case("vacuum", VACUUM, "start", {}, [("c", "start")]),
    Case("vacuum", VACUUM, "return_to_base", {}, [("c", "return_to_base")]),
    Case("vacuum", VACUUM, "set_fan_speed", {"fan_speed": "high"}, [("fc", "high")]),
    Case("vacuum", VACUUM, "send_command", {"command": "go", "params": {"x": 1}},
         [("sc", '{"command":"go","x":1}')]),
    Case("lawn_mower", {"dock_cmd_t": "d"}, "dock", {}, [("d", "dock")], "docked"),
    Case("update", {"cmd_t": "c", "pl_inst": "GO", "stat_t": "s"}, "install", {}, [("c", "GO")]),
    Case("alarm_control_panel", ALARM, "alarm_arm_away", {}, [("c", "ARM_AWAY")]),
    Case("alarm_control_panel", {**ALARM, "code": "12", "cmd_tpl": "{{ action }} {{ code }}"},
         "alarm_disarm", {"code": "12"}, [("c", "DISARM 12")]),
    Case("alarm_control_panel", {**ALARM, "code": "REMOTE_CODE",
                                 "cmd_tpl": "{{ action }} {{ code }}"},
         "alarm_disarm", {"code": "99"}, [("c", "DISARM 99")]),
]  # fmt: skip


def _announce(house: MqttHouse, component: str, config: dict[str, Any]) -> str:
    """Announce a component; return its entity id."""
    house.announce(component, {"uniq_id": "u", "name": "X", **config})
    return house.only().entity_id


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.component} {case.service} {case.said[0][1]}"
)
def test_a_command_reaches_the_device_in_its_words(
    house: MqttHouse, broker: FakeBroker, case: Case
) -> None:
    entity_id = _announce(house, case.component, case.config)
    broker.said.clear()

    house.calls(f"{case.component}.{case.service}", entity_id, **case.data)

    assert [(one.topic, one.payload) for one in broker.said] == case.said
    assert house.outcomes() == ["command.done"]
    state = house.shown(entity_id)
    assert state.state == case.state
    assert {key: state.attributes.get(key) for key in case.attributes} == case.attributes


def test_quality_and_retention_are_the_components(house: MqttHouse, broker: FakeBroker) -> None:
    entity_id = _announce(house, "switch", {"cmd_t": "c", "qos": 2, "ret": True})

    house.calls("switch.turn_on", entity_id)

    assert broker.said[-1] == Said("c", "ON", 2, True)


def test_what_a_command_brings_about_has_it_for_a_cause(house: MqttHouse) -> None:
    entity_id = _announce(house, "switch", {"cmd_t": "c"})
    house.calls("switch.turn_on", entity_id)

    assumed = [one for one in house.events if one.subject == entity_id][-2]

    assert assumed.type == "state.changed"
    assert house.why(assumed).root.type == "command.sent"


def test_what_a_device_answers_has_the_command_for_a_cause(house: MqttHouse) -> None:
    entity_id = _announce(house, "switch", {"cmd_t": "c", "stat_t": "s"})
    house.calls("switch.turn_on", entity_id)
    house.says("s", "ON")

    answer = [one for one in house.events if one.subject == entity_id][-1]

    assert answer.data["state"] == "on"
    assert house.why(answer).root.type == "command.sent"


def test_a_command_that_nobody_acknowledged_is_uncertain_and_assumes_nothing(
    house: MqttHouse, broker: FakeBroker
) -> None:
    entity_id = _announce(house, "switch", {"cmd_t": "c", "qos": 1})
    broker.answers = False

    house.calls("switch.turn_on", entity_id)
    house.passes(15)

    assert house.outcomes() == ["command.uncertain the broker did not confirm; tried for 10 s"]
    assert house.shown(entity_id).state == "unknown"


def test_a_template_that_fails_sends_nothing(house: MqttHouse, broker: FakeBroker) -> None:
    entity_id = _announce(house, "number", {"cmd_t": "c", "cmd_tpl": "{{ value / 0 }}"})
    broker.said.clear()

    house.calls("number.set_value", entity_id, value=5)

    (outcome,) = house.outcomes()
    assert outcome.startswith("command.failed number.x: not sent:")
    assert broker.said == []


@pytest.mark.parametrize(
    ("component", "config", "service"),
    [
        ("cover", {"pos_t": "p"}, "open_cover"),
        ("valve", {"stat_t": "s"}, "open_valve"),
        ("vacuum", {"cmd_t": "c"}, "locate"),
        ("update", {"stat_t": "s"}, "install"),
    ],
)
def test_what_a_device_has_no_way_to_do_fails_and_says_so(
    house: MqttHouse, component: str, config: dict[str, Any], service: str
) -> None:
    entity_id = _announce(house, component, config)

    house.calls(f"{component}.{service}", entity_id)

    (outcome,) = house.outcomes()
    assert outcome == f"command.failed {entity_id}: its device has no way to {service}"


def test_a_wrong_code_is_not_sent_and_not_logged(house: MqttHouse, broker: FakeBroker) -> None:
    entity_id = _announce(house, "alarm_control_panel", {**ALARM, "code": "4711"})
    broker.said.clear()

    house.calls("alarm_control_panel.alarm_disarm", entity_id, code="1174")

    assert broker.said == []
    assert house.outcomes() == [f"command.failed {entity_id}: not sent: the code is wrong"]
    assert not [one for one in house.events if "1174" in str(one.data) or "4711" in str(one.data)]


def test_a_payload_may_be_bytes(house: MqttHouse, broker: FakeBroker) -> None:
    entity_id = _announce(house, "button", {"cmd_t": "c", "pl_prs": "b'\\x01\\xff'"})

    house.calls("button.press", entity_id)

    assert broker.raw[-1] == b"\x01\xff"


def test_a_value_out_of_range_is_refused_before_it_is_sent(
    house: MqttHouse, broker: FakeBroker
) -> None:
    entity_id = _announce(house, "number", {"cmd_t": "c", "max": 10})
    broker.said.clear()

    with pytest.raises(InvalidCommand, match="11"):
        house.calls("number.set_value", entity_id, value=11)

    assert broker.said == []
