"""A Home Assistant folder as one grows over the years."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """\
# My house
default_config:

homeassistant:
  name: Villa
  customize: !include customize.yaml
  packages: !include_dir_named packages

http:
  use_x_forwarded_for: true
  trusted_proxies: [10.0.0.1]

frontend:
  themes: !include_dir_merge_named themes

automation ui: !include automations.yaml
automation by_hand: !include_dir_merge_list automations/
script: !include scripts.yaml
scene: !include scenes.yaml
group: !include groups.yaml

input_boolean:
  guests:
    name: Guests     # with a comment
    icon: mdi:account
  holiday:
input_number:
  broken:
    name: No limits

sensor:
  - platform: template
    sensors:
      warm_rooms:
        value_template: "{{ states('input_number.rooms') | int(0) }}"
  - platform: systemmonitor
    resources: [{type: disk_use}]
  # the meter
  - platform: rest
    name: Meter
    resource: !secret meter_url

notify:
  - platform: pushover
    name: me
    api_key: !secret pushover_key
    user_key: hunter2-inline

mqtt:
  sensor:
    - name: By hand
      state_topic: a/b
template: !include template.yaml
zone:
  - name: School
    latitude: !secret school_lat
    longitude: 13.5
    radius: 120
homekit_controler:
"""
AUTOMATIONS = """\
- id: '1700000000001'
  alias: Hall light on motion
  triggers:
    - trigger: state
      entity_id: binary_sensor.hall_motion
      to: "on"
  actions:
    - action: light.turn_on
      target: {entity_id: light.hall}
# Not understood by anybody
- id: '1700000000002'
  alias: From the future
  triggers:
    - trigger: telepathy
  actions: []
- id: '1700000000003'
  alias: Button pressed
  triggers:
    - trigger: state
      entity_id: input_boolean.guests
  actions:
    - action: light.toggle
      target:
        device_id: 0123456789abcdef0123456789abcdef
- id: '1700000000004'
  alias: By blueprint
  use_blueprint:
    path: me/motion.yaml
    input:
      sensor: binary_sensor.bath_motion
"""
BLUEPRINT = """\
blueprint:
  name: Motion
  domain: automation
  input:
    sensor: {name: Sensor}
triggers:
  - trigger: state
    entity_id: !input sensor
    to: "on"
actions:
  - action: input_boolean.turn_on
    target: {entity_id: input_boolean.holiday}
"""
TEMPLATE = """\
- sensor:
    - name: Double
      state: "{{ 2 }}"
    - name: Nonsense
      state: "{{ 2 "
- binary_sensor:
    - name: Somebody
      state: "{{ is_state('input_boolean.guests', 'on') }}"
"""
FILES: Mapping[str, str] = {
    "configuration.yaml": CONFIGURATION,
    "automations.yaml": AUTOMATIONS,
    "automations/garden.yaml": "- alias: Sprinkle\n  trigger: []\n  action:\n    - delay: 1\n",
    "automations/damaged.yaml": "- alias: [\n",
    "scripts.yaml": "good_night:\n  sequence:\n    - delay: 5\nbad:\n  seqence: []\n",
    "scenes.yaml": "- name: Movie\n  entities:\n    input_boolean.guests: 'on'\n",
    "groups.yaml": "all_guests:\n  entities: [input_boolean.guests]\n",
    "customize.yaml": "light.hall:\n  friendly_name: Hall ceiling\n  device_class: x\n",
    "packages/bath.yaml": (
        "input_boolean:\n  bath_fan:\n    name: Bath fan\nhue:\n  bridges: []\n"
        "automation:\n  - alias: Fan\n    trigger:\n      platform: state\n"
        "      entity_id: input_boolean.bath_fan\n    action: []\n"
    ),
    "template.yaml": TEMPLATE,
    "blueprints/automation/me/motion.yaml": BLUEPRINT,
    "custom_templates/tools.jinja": "{% macro twice(x) %}{{ x * 2 }}{% endmacro %}\n",
    "themes/dark.yaml": "dark: {}\n",
    "secrets.yaml": (
        "# nobody else's\nschool_lat: 52.123456\npushover_key: topsecret-pushover\n"
        "meter_url: http://user:topsecret-meter@10.0.0.7\n"
    ),
    "ui-lovelace.yaml": "views: []\n",
    "custom_components/hacs/manifest.json": "{}",
    "home-assistant_v2.db": "",
}


def _stored(**data: Any) -> str:
    return json.dumps({"version": 1, "minor_version": 1, "key": "x", "data": data}, indent=2)


def _entity(entity_id: str, platform: str, unique_id: str, **more: Any) -> dict[str, Any]:
    return {
        "area_id": None, "aliases": [], "config_entry_id": None, "device_id": None,
        "disabled_by": None, "entity_id": entity_id, "has_entity_name": False, "hidden_by": None,
        "icon": None, "id": unique_id, "labels": [], "name": None, "original_name": None,
        "platform": platform, "unique_id": unique_id, **more,
    }  # fmt: skip


DEVICE = "0123456789abcdef0123456789abcdef"
STORED: Mapping[str, str] = {
    "core.config": _stored(
        latitude=52.987654, longitude=13.123456, elevation=34, unit_system_v2="metric",
        location_name="Home", time_zone="Europe/Berlin", country="DE", currency="EUR",
        language="de", radius=100,
    ),
    "core.floor_registry": _stored(
        floors=[{"floor_id": "ground", "name": "Ground floor", "level": 0, "aliases": ["down"],
                 "icon": None}]
    ),
    "core.area_registry": _stored(
        areas=[
            {"id": "hall", "name": "Hall", "floor_id": "ground", "aliases": ["entrance"],
             "labels": ["warm"], "icon": None, "picture": None},
            {"id": "bath", "name": "Bad", "floor_id": None, "aliases": [], "labels": []},
        ]
    ),
    "core.label_registry": _stored(
        labels=[{"label_id": "warm", "name": "Warm", "color": "red", "icon": None,
                 "description": None}]
    ),
    "core.device_registry": _stored(
        devices=[{"id": DEVICE, "name": "Lamp 0x12", "name_by_user": "Hall lamp",
                  "area_id": "hall", "labels": ["warm"], "identifiers": [["mqtt", "0x12"]],
                  "connections": [], "config_entries": ["e1"]}]
    ),
    "core.entity_registry": _stored(
        entities=[
            _entity("light.hall", "mqtt", "0x12_light", device_id=DEVICE, has_entity_name=True),
            _entity("sensor.hall_power", "mqtt", "0x12_power", device_id=DEVICE,
                    has_entity_name=True, original_name="Power", hidden_by="user"),
            _entity("sensor.noise", "mqtt", "0x13", disabled_by="user"),
            _entity("sensor.plain", "mqtt", "0x14"),
            _entity("input_number.rooms", "input_number", "raum_anzahl", area_id="bath"),
            _entity("automation.button", "automation", "1700000000003"),
            _entity("sensor.feels_like", "template", "t1", config_entry_id="t1"),
        ],
        deleted_entities=[],
    ),
    "input_number": _stored(
        items=[{"id": "raum_anzahl", "name": "Räume", "min": 0.0, "max": 10.0, "step": 1.0,
                "mode": "box", "icon": None}]
    ),
    "input_select": _stored(
        items=[{"id": "mode", "name": "Mode", "options": ["day", "night"], "initial": None}]
    ),
    "timer": _stored(items=[{"id": "egg", "name": "Egg", "duration": "0:04:00", "restore": True}]),
    "counter": _stored(items=[{"id": "rings", "name": "Rings", "initial": 0, "step": 1,
                               "minimum": None, "maximum": None, "restore": True}]),
    "schedule": _stored(
        items=[{"id": "heating", "name": "Heating",
                "monday": [{"from": "06:30:00", "to": "08:00:00"}], "tuesday": [],
                "sunday": [{"from": "08:00:00", "to": "24:00:00"}]}]
    ),
    "input_boolean": _stored(items=[{"id": "guests", "name": "Second guests"}]),
    "person": _stored(
        items=[{"id": "ann", "name": "Ann", "user_id": "u1", "picture": "/api/image/1",
                "device_trackers": ["device_tracker.ann_phone"]}]
    ),
    "zone": _stored(
        items=[{"id": "work", "name": "Work", "latitude": 52.777777, "longitude": 13.4,
                "radius": 100.0, "passive": False, "icon": "mdi:briefcase"}]
    ),
    "core.config_entries": _stored(
        entries=[
            {"entry_id": "e1", "domain": "mqtt", "title": "MQTT", "source": "user",
             "data": {"broker": "core-mosquitto", "port": 1883, "username": "ha",
                      "password": "topsecret-mqtt"},
             "options": {"discovery": True, "discovery_prefix": "ha"}},
            {"entry_id": "h1", "domain": "homekit_controller", "title": "Eve Door",
             "source": "zeroconf", "data": {"iOSDeviceLTSK": "topsecret-ltsk"}, "options": {}},
            {"entry_id": "z1", "domain": "zha", "title": "Stick", "source": "user",
             "data": {}, "options": {}},
            {"entry_id": "t1", "domain": "template", "title": "Feels like", "source": "user",
             "data": {}, "options": {"name": "Feels like", "template_type": "sensor",
                                     "state": "{{ 21 }}", "unit_of_measurement": "°C"}},
            {"entry_id": "g1", "domain": "group", "title": "Lights", "source": "user",
             "data": {}, "options": {"group_type": "light", "entities": ["light.hall"]}},
            {"entry_id": "i1", "domain": "hue", "title": "Hue", "source": "ignore",
             "data": {}, "options": {}},
        ]
    ),
    "lovelace.dashboard": _stored(config={}),
}  # fmt: skip


@pytest.fixture
def hass(tmp_path: Path) -> Path:
    """The folder that Home Assistant calls ``/config``."""
    return write(tmp_path / "hass", {**FILES, **{f".storage/{k}": t for k, t in STORED.items()}})


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files by their relative names; return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
