"""Entities that take commands: their actions run, and their states follow."""

from __future__ import annotations

from typing import Any

import pytest

from automations.template_entities.conftest import Make, problems, shown
from casita.testing import House


def told(house: House) -> list[Any]:
    return [dict(one.data) for one in house.events if one.type == "told"]


SWITCH = """
template:
  - switch:
      - name: Pump
        turn_on: {action: input_boolean.turn_on, target: {entity_id: input_boolean.pump}}
        turn_off: {action: input_boolean.turn_off, target: {entity_id: input_boolean.pump}}
        %s
input_boolean: {pump: {}}
"""


def test_a_switch_runs_its_actions_and_its_template_says_what_it_is(make: Make) -> None:
    house = make(SWITCH % "state: \"{{ states('input_boolean.pump') }}\"")

    house.calls("switch.turn_on", "switch.pump")

    assert shown(house, "switch.pump") == ("on", {"friendly_name": "Pump"})
    assert shown(house, "input_boolean.pump")[0] == "on"


def test_a_switch_without_a_template_is_what_it_was_told_to_be(make: Make) -> None:
    house = make(SWITCH % "")
    house.calls("switch.toggle", "switch.pump")

    house.crash()

    assert shown(house, "switch.pump") == ("on", {"assumed_state": True, "friendly_name": "Pump"})


def test_its_actions_show_in_why(make: Make) -> None:
    house = make(SWITCH % "")

    house.calls("switch.turn_on", "switch.pump")

    chain = [(one.type, one.subject) for one in house.why(house.sent[-1])]
    assert chain == [
        ("command.sent", "input_boolean.pump"),
        ("run.started", "switch.pump"),
        ("command.sent", "switch.pump"),
    ]


def test_an_action_waits_for_a_script_that_waits(make: Make) -> None:
    house = make(
        """
        script:
          slowly:
            sequence: [{delay: "00:01:00"}, {event: told, event_data: {did: script}}]
        template:
          - switch:
              name: Slow
              turn_on: [{action: script.slowly}, {event: told, event_data: {did: action}}]
              turn_off: []
        """
    )

    house.calls("switch.turn_on", "switch.slow")
    house.passes("30s")
    before = told(house)
    house.passes("1m")

    assert before == []
    assert told(house) == [{"did": "script"}, {"did": "action"}]


def test_an_action_that_fails_fails_the_command(make: Make) -> None:
    house = make(
        """
        template:
          - switch:
              name: Broken
              turn_on: {stop: it is stuck, error: true}
              turn_off: []
        """
    )

    house.calls("switch.turn_on", "switch.broken")

    failed = [one for one in house.events if one.type == "command.failed"]
    assert [one.subject for one in failed] == ["switch.broken"]
    assert shown(house, "switch.broken")[0] == "unknown"


def test_a_number_has_limits_and_gives_its_value(make: Make) -> None:
    house = make(
        """
        template:
          - number:
              name: Level
              state: "{{ states('input_number.n') }}"
              min: 5
              max: "{{ 10 * 2 }}"
              step: 0.5
              unit_of_measurement: "%"
              set_value:
                action: input_number.set_value
                target: {entity_id: input_number.n}
                data: {value: "{{ value }}"}
        input_number: {n: {min: 0, max: 100, initial: 7}}
        """
    )

    house.calls("number.set_value", "number.level", value=12.5)

    assert shown(house, "number.level") == (
        "12.5",
        {
            "unit_of_measurement": "%", "mode": "auto", "min": 5, "max": 20, "step": 0.5,
            "friendly_name": "Level",
        },
    )  # fmt: skip


def test_a_select_takes_one_of_its_options(make: Make) -> None:
    house = make(
        """
        template:
          - select:
              name: Mode
              options: "{{ ['eco', 'comfort'] }}"
              select_option: {event: told, event_data: {did: "{{ option }}"}}
        """
    )

    house.calls("select.select_option", "select.mode", option="eco")
    house.calls("select.select_next", "select.mode")

    assert told(house) == [{"did": "eco"}, {"did": "comfort"}]
    assert shown(house, "select.mode")[0] == "comfort"


def test_a_text_takes_a_text(make: Make) -> None:
    house = make(
        """
        template:
          - text: {name: Note, max: 5, set_value: {event: told, event_data: {did: "{{ value }}"}}}
        """
    )

    house.calls("text.set_value", "text.note", value="short")

    assert told(house) == [{"did": "short"}]
    assert shown(house, "text.note")[0] == "short"


def test_a_button_is_pressed_and_says_when(make: Make) -> None:
    house = make("template: [{button: {name: Go, press: {event: told}, device_class: restart}}]")
    house.passes(60)

    house.calls("button.press", "button.go")

    assert told(house) == [{}]
    assert shown(house, "button.go") == (
        "2024-03-12T09:01:00+00:00", {"device_class": "restart", "friendly_name": "Go"},
    )  # fmt: skip


LIGHT = """
template:
  - light:
      - name: Lamp
        turn_on: {event: told, event_data: {did: "on"}}
        turn_off: {event: told, event_data: {did: "off"}}
        set_level: {event: told, event_data: {did: level, to: "{{ brightness }}"}}
        set_temperature: {event: told, event_data: {did: white, to: "{{ color_temp }}"}}
        set_hs: {event: told, event_data: {did: hs, to: "{{ [h, s] }}"}}
        set_effect: {event: told, event_data: {did: effect, to: "{{ effect }}"}}
        effect_list: "{{ ['rainbow', 'fire'] }}"
        supports_transition: "{{ true }}"
"""


@pytest.mark.parametrize(
    ("data", "did"),
    [
        ({}, {"did": "on"}),
        ({"brightness": 100}, {"did": "level", "to": 100}),
        ({"color_temp_kelvin": 4000}, {"did": "white", "to": 250}),
        ({"hs_color": (30, 80)}, {"did": "hs", "to": [30, 80]}),
        ({"effect": "fire"}, {"did": "effect", "to": "fire"}),
    ],
)
def test_a_light_does_what_it_is_asked_by_the_fitting_action(
    make: Make, data: dict[str, Any], did: dict[str, Any]
) -> None:
    house = make(LIGHT)

    house.calls("light.turn_on", "light.lamp", **data)

    assert told(house) == [did]
    assert shown(house, "light.lamp")[0] == "on"


def test_a_light_shows_what_it_was_told_and_keeps_it(make: Make) -> None:
    house = make(LIGHT)
    house.calls("light.turn_on", "light.lamp", brightness=100)
    house.calls("light.turn_on", "light.lamp", hs_color=(30, 80))

    house.crash()

    state, attributes = shown(house, "light.lamp")
    assert state == "on"
    assert attributes["supported_color_modes"] == ["hs", "color_temp"]
    assert attributes["supported_features"] == 36
    assert (attributes["color_mode"], attributes["brightness"]) == ("hs", 100)
    assert attributes["hs_color"] == [30, 80]
    assert attributes["effect_list"] == ["rainbow", "fire"]


def test_a_light_that_is_off_shows_no_colour(make: Make) -> None:
    house = make(LIGHT)
    house.calls("light.turn_on", "light.lamp", hs_color=(30, 80))

    house.calls("light.turn_off", "light.lamp")

    assert shown(house, "light.lamp")[0] == "off"
    assert "hs_color" not in shown(house, "light.lamp")[1]


def test_a_light_follows_its_templates(make: Make) -> None:
    house = make(
        """
        template:
          - light:
              name: Lamp
              state: "{{ states('sensor.level') | int(0) > 0 }}"
              level: "{{ states('sensor.level') }}"
              temperature: "{{ 250 }}"
              turn_on: []
              turn_off: []
              set_level: []
              set_temperature: []
        """
    )

    house.sees("sensor.level", "128")

    state, attributes = shown(house, "light.lamp")
    assert (state, attributes["brightness"], attributes["color_mode"]) == ("on", 128, "color_temp")
    assert attributes["color_temp_kelvin"] == 4000


def test_a_cover_with_positions(make: Make) -> None:
    house = make(
        """
        template:
          - cover:
              name: Blind
              device_class: blind
              set_cover_position: {event: told, event_data: {did: "{{ position }}"}}
              set_cover_tilt_position: {event: told, event_data: {did: "{{ tilt }}"}}
        """
    )

    house.calls("cover.open_cover", "cover.blind")
    house.calls("cover.set_cover_position", "cover.blind", position=30)
    house.calls("cover.close_cover_tilt", "cover.blind")

    assert told(house) == [{"did": 100}, {"did": 30}, {"did": 0}]
    state, attributes = shown(house, "cover.blind")
    assert (state, attributes["current_position"], attributes["current_tilt_position"]) == (
        "open", 30, 0,
    )  # fmt: skip
    assert attributes["supported_features"] == 247


@pytest.mark.parametrize(
    ("rendered", "state"),
    [("{{ true }}", "open"), ("closing", "closing"), ("closed", "closed"), ("ajar", "unknown")],
)
def test_a_cover_with_a_state(make: Make, rendered: str, state: str) -> None:
    house = make(
        f'template: [{{cover: {{name: C, state: "{rendered}", open_cover: [], close_cover: []}}}}]'
    )

    assert shown(house, "cover.c")[0] == state


def test_a_fan_sets_speed_and_preset(make: Make) -> None:
    house = make(
        """
        template:
          - fan:
              name: Fan
              turn_on: {event: told, event_data: {did: "on"}}
              turn_off: {event: told, event_data: {did: "off"}}
              set_percentage: {event: told, event_data: {did: "{{ percentage }}"}}
              set_preset_mode: {event: told, event_data: {did: "{{ preset_mode }}"}}
              speed_count: 4
              preset_modes: [auto, sleep]
        """
    )

    house.calls("fan.turn_on", "fan.fan", percentage=50)
    house.calls("fan.set_preset_mode", "fan.fan", preset_mode="sleep")
    house.calls("fan.increase_speed", "fan.fan")

    assert told(house) == [{"did": "on"}, {"did": 50}, {"did": "sleep"}, {"did": 75}]
    state, attributes = shown(house, "fan.fan")
    assert (state, attributes["percentage"], attributes["preset_mode"]) == ("on", 75, "sleep")
    assert (attributes["supported_features"], attributes["percentage_step"]) == (57, 25)


def test_a_lock_locks(make: Make) -> None:
    house = make(
        """
        template:
          - lock:
              name: Door
              lock: {event: told, event_data: {did: lock}}
              unlock: {event: told, event_data: {did: "{{ code }}"}}
              code_format: "{{ '^[0-9]{4}$' }}"
        """
    )

    house.calls("lock.unlock", "lock.door", code="1234")

    assert told(house) == [{"did": 1234}]
    assert shown(house, "lock.door")[0] == "unlocked"


def test_an_alarm_system_and_a_robot(make: Make) -> None:
    house = make(
        """
        template:
          - alarm_control_panel:
              name: Alarm
              code_format: no_code
              arm_away: {event: told, event_data: {did: arm}}
              disarm: []
          - vacuum:
              name: Robot
              state: "{{ states('sensor.robot') }}"
              start: {event: told, event_data: {did: start}}
              set_fan_speed: {event: told, event_data: {did: "{{ fan_speed }}"}}
              fan_speeds: [low, high]
        """
    )
    house.sees("sensor.robot", "docked")

    house.calls("alarm_control_panel.alarm_arm_away", "alarm_control_panel.alarm")
    house.calls("vacuum.start", "vacuum.robot")
    house.calls("vacuum.set_fan_speed", "vacuum.robot", fan_speed="high")

    assert told(house) == [{"did": "arm"}, {"did": "start"}, {"did": "high"}]
    assert shown(house, "alarm_control_panel.alarm")[0] == "armed_away"
    assert shown(house, "vacuum.robot")[0] == "docked"
    assert shown(house, "vacuum.robot")[1]["fan_speed"] == "high"


def test_an_event_happens_each_time_that_its_trigger_fires(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: knob}]
            event:
              name: Knob
              event_type: "{{ trigger.event.data.turn }}"
              event_types: [left, right]
              attributes: {far: "{{ trigger.event.data.far }}"}
        """
    )
    house.fires("knob", turn="left", far=1)
    first = shown(house, "event.knob")
    house.passes(5)

    house.fires("knob", turn="left", far=2)
    house.fires("knob", turn="inwards", far=3)

    state, attributes = shown(house, "event.knob")
    assert first[0] == "2024-03-12T09:00:00.000+00:00"
    assert state == "2024-03-12T09:00:05.000+00:00"
    assert attributes["event_type"] == "left"


def test_a_triggered_entity_takes_commands_too(make: Make) -> None:
    house = make(
        """
        template:
          - triggers: [{trigger: event, event_type: go}]
            number:
              name: Level
              state: "{{ trigger.event.data.x }}"
              set_value: {event: told, event_data: {did: "{{ value }}"}}
              optimistic: true
        """
    )
    house.fires("go", x=3)

    house.calls("number.set_value", "number.level", value=5)
    house.crash()

    assert told(house) == [{"did": 5.0}]
    assert shown(house, "number.level")[0] == "5"
    assert problems(house) == []


def test_an_action_that_waits_goes_on_across_a_crash(make: Make) -> None:
    house = make(
        """
        template:
          - switch:
              name: Slow
              turn_on: [{delay: 60}, {event: told, event_data: {did: "{{ this.state }}"}}]
              turn_off: []
        """
    )
    house.calls("switch.turn_on", "switch.slow")

    house.crash()
    house.passes("1m")

    assert told(house) == [{"did": "on"}]


def test_the_weather_and_its_forecast(make: Make) -> None:
    house = make(
        """
        weather:
          - platform: template
            name: Outside
            condition_template: "{{ states('sensor.sky') }}"
            temperature_template: "{{ states('sensor.out') | float }}"
            humidity_template: "{{ 61 }}"
            wind_bearing_template: "NW"
            pressure_unit: mbar
            forecast_daily_template: >
              {{ [{'datetime': '2024-03-13T00:00:00+00:00', 'temperature': 9}] }}
        automations:
          - alias: Ask
            triggers: [{trigger: event, event_type: ask}]
            actions:
              - action: weather.get_forecasts
                target: {entity_id: weather.outside}
                data: {type: "{{ trigger.event.data.by }}"}
                response_variable: told
              - event: told
                event_data: {did: "{{ told['weather.outside'].forecast[0].temperature }}"}
        """
    )
    house.sees("sensor.sky", "rainy")
    house.sees("sensor.out", "7.5")

    state, attributes = shown(house, "weather.outside")
    assert state == "rainy"
    assert attributes["temperature"] == 7.5
    assert (attributes["humidity"], attributes["wind_bearing"]) == (61, "NW")
    assert (attributes["pressure_unit"], attributes["temperature_unit"]) == ("mbar", "°C")
    assert attributes["supported_features"] == 1

    house.fires("ask", by="daily")
    house.fires("ask", by="hourly")
    assert told(house) == [{"did": 9}]
    failed = [one for one in house.events if one.type == "command.failed"]
    assert [one.data["message"] for one in failed] == ["weather.outside has no hourly forecast"]

    house.sees("sensor.sky", "green")
    assert shown(house, "weather.outside")[0] == "unknown"
