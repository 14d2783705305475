"""The domains in which there are template entities, each in its own module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.platforms.alarm_control_panel import AlarmControlPanel
from casita_automations.template_entities.platforms.binary_sensor import BinarySensor
from casita_automations.template_entities.platforms.cover import Cover
from casita_automations.template_entities.platforms.event import EventEntity
from casita_automations.template_entities.platforms.fan import Fan
from casita_automations.template_entities.platforms.light import Light
from casita_automations.template_entities.platforms.lock import Lock
from casita_automations.template_entities.platforms.sensor import Sensor
from casita_automations.template_entities.platforms.switch import Switch
from casita_automations.template_entities.platforms.vacuum import Vacuum
from casita_automations.template_entities.platforms.values import Button, Number, Select, Text
from casita_automations.template_entities.platforms.weather import Weather

KINDS: Final[Mapping[str, type[TemplateEntity]]] = {
    one.kind: one
    for one in (
        AlarmControlPanel, BinarySensor, Button, Cover, EventEntity, Fan, Light, Lock, Number,
        Select, Sensor, Switch, Text, Vacuum, Weather,
    )
}  # fmt: skip
"""The kind of template entity of each domain."""
