"""Template entities as they were written under the section of their domain."""

from __future__ import annotations

from automations.template_entities.conftest import Make, problems, shown

OLD = """
sensor:
  - platform: template
    sensors:
      double:
        friendly_name: Twice as much
        value_template: "{{ states('sensor.power') | float(0) * 2 }}"
        unit_of_measurement: W
        icon_template: "mdi:flash"
        entity_picture_template: "/local/a.png"
        availability_template: "{{ true }}"
        attribute_templates: {half: "{{ 1 / 2 }}"}
        entity_id: sensor.power
      plain: {value_template: "x"}
binary_sensor:
  - platform: template
    sensors:
      high: {value_template: "{{ states('sensor.power') | int(0) > 5 }}", delay_off: 5}
switch:
  - platform: template
    switches:
      pump: {value_template: "on", turn_on: [], turn_off: []}
light:
  - platform: template
    lights:
      lamp:
        level_template: "{{ 100 }}"
        value_template: "{{ true }}"
        turn_on: []
        turn_off: []
        set_level: []
        color_template: "({{ 30 }}, {{ 80 }})"
        set_color: []
cover:
  platform: template
  covers:
    blind: {position_template: "{{ 30 }}", set_cover_position: []}
fan:
  - platform: template
    fans:
      fan: {value_template: "off", percentage_template: "{{ 20 }}", turn_on: [], turn_off: []}
lock:
  - platform: template
    name: Door
    value_template: "{{ true }}"
    lock: []
    unlock: []
vacuum:
  - platform: template
    vacuums:
      robot: {value_template: docked, battery_level_template: "{{ 80 }}", start: []}
template:
  sensors:
    older: {value_template: "{{ 3 }}"}
"""


def test_it_means_the_same(make: Make) -> None:
    house = make(OLD)

    house.sees("sensor.power", "6")

    assert problems(house) == []
    assert shown(house, "sensor.double") == (
        "12.0",
        {
            "icon": "mdi:flash", "entity_picture": "/local/a.png", "unit_of_measurement": "W",
            "half": 0.5, "friendly_name": "Twice as much",
        },
    )  # fmt: skip
    assert shown(house, "sensor.plain") == ("x", {"friendly_name": "plain"})
    assert shown(house, "sensor.older")[0] == "3"
    assert shown(house, "binary_sensor.high")[0] == "on"
    assert shown(house, "switch.pump")[0] == "on"
    assert shown(house, "light.lamp")[1]["brightness"] == 100
    assert shown(house, "light.lamp")[1]["hs_color"] == [30, 80]
    assert shown(house, "cover.blind")[1]["current_position"] == 30
    assert shown(house, "fan.fan")[0] == "off"
    assert shown(house, "lock.door")[0] == "locked"
    assert shown(house, "vacuum.robot")[1]["battery_level"] == 80


def test_another_platform_is_told_and_spoils_nothing(make: Make) -> None:
    house = make(
        """
        sensor:
          - platform: template
            sensors: {a: {value_template: "1"}}
          - platform: systemmonitor
        """
    )

    assert shown(house, "sensor.a")[0] == "1"
    assert problems(house) == [
        "5: sensor[1].platform: there is no platform 'systemmonitor' for sensor; here stands "
        "'platform: template', other devices come from a plugin under 'plugins:'"
    ]
