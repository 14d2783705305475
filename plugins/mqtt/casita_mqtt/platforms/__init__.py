"""The components that devices can announce, each loaded when the first one is."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from casita.errors import did_you_mean
from casita_mqtt._configs import BadAnnouncement

if TYPE_CHECKING:
    from casita_mqtt._entity import MqttEntity

_TYPES: Final[Mapping[str, str]] = {
    "alarm_control_panel": "alarm_control_panel:AlarmControlPanel",
    "binary_sensor": "binary_sensor:BinarySensor",
    "button": "button:Button",
    "climate": "climate:Climate",
    "cover": "cover:Cover",
    "device_automation": "device_automation:DeviceTrigger",
    "device_tracker": "device_tracker:DeviceTracker",
    "event": "event:EventEntity",
    "fan": "fan:Fan",
    "humidifier": "humidifier:Humidifier",
    "lawn_mower": "lawn_mower:LawnMower",
    "light": "light_default:DefaultLight",
    "lock": "lock:Lock",
    "number": "number:Number",
    "scene": "scene:Scene",
    "select": "select:Select",
    "sensor": "sensor:Sensor",
    "siren": "siren:Siren",
    "switch": "switch:Switch",
    "text": "text:Text",
    "update": "update:Update",
    "vacuum": "vacuum:Vacuum",
    "valve": "valve:Valve",
}
_LIGHT_SCHEMAS: Final[Mapping[str, str]] = {
    "default": "light_default:DefaultLight",
    "basic": "light_default:DefaultLight",
    "json": "light_json:JsonLight",
    "template": "light_template:TemplateLight",
}

NAMES: Final = frozenset(_TYPES)
"""The components that there are."""


def entity_type(component: str, config: Mapping[str, Any]) -> type[MqttEntity[Any]]:
    """Return the class of a component in `NAMES`. Raises `BadAnnouncement`."""
    place = _TYPES[component]
    if component == "light":
        schema = str(config.get("schema", "default")).lower()
        if schema not in _LIGHT_SCHEMAS:
            hint = did_you_mean(schema, _LIGHT_SCHEMAS)
            raise BadAnnouncement(f"schema: {schema!r} is none that a light can have.{hint}")
        place = _LIGHT_SCHEMAS[schema]
    module, _, name = place.partition(":")
    found: type[MqttEntity[Any]] = getattr(import_module(f"{__name__}.{module}"), name)
    return found
