"""Template entities under ``sensor:``, ``light:`` and so on, as they were written before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

PLATFORM: Final = "template"
CONTAINERS: Final[Mapping[str, str | None]] = {
    "alarm_control_panel": "panels",
    "binary_sensor": "sensors",
    "cover": "covers",
    "fan": "fans",
    "light": "lights",
    "lock": None,
    "sensor": "sensors",
    "switch": "switches",
    "vacuum": "vacuums",
    "weather": None,
}
"""By section: the key under which the entities stand; None: the platform's item is the entity."""
IN_TEMPLATE: Final = {"sensors": "sensor", "binary_sensors": "binary_sensor"}
"""Keys of ``template:`` under which entities stand in the old spelling, and their domains."""

_NAMES: Final = {
    "value_template": "state",
    "icon_template": "icon",
    "entity_picture_template": "picture",
    "availability_template": "availability",
    "attribute_templates": "attributes",
    "friendly_name": "name",
    "friendly_name_template": "name",
}
_NAMES_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "light": {
        **{f"{name}_template": name for name in (
            "level", "temperature", "hs", "rgb", "rgbw", "rgbww", "effect", "effect_list",
            "max_mireds", "min_mireds", "supports_transition",
        )},
        "color_template": "hs", "set_color": "set_hs",
    },
    "cover": {"position_template": "position", "tilt_template": "tilt"},
    "fan": {f"{name}_template": name for name in (
        "percentage", "preset_mode", "oscillating", "direction",
    )},
    "lock": {"code_format_template": "code_format"},
    "weather": {f"{name}_template": name for name in (
        "condition", "temperature", "apparent_temperature", "dew_point", "humidity", "ozone",
        "cloud_coverage", "pressure", "wind_gust_speed", "wind_speed", "wind_bearing",
        "visibility", "attribution", "forecast_daily", "forecast_hourly", "forecast_twice_daily",
    )},
    "vacuum": {"battery_level_template": "battery_level", "fan_speed_template": "fan_speed"},
}  # fmt: skip
_IGNORED: Final = ("entity_id", "platform")
"""``entity_id`` named what to watch; the templates themselves tell that."""


def renamed(domain: str, node: Any) -> tuple[Any, dict[str, str]]:
    """Return an entity in today's spelling, and the old name of each key that has another."""
    if not isinstance(node, Mapping):
        return node, {}
    names = {**_NAMES, **_NAMES_OF.get(domain, {})}
    result: dict[str, Any] = {}
    old: dict[str, str] = {}
    for key, value in node.items():
        if key in _IGNORED:
            continue
        new = names.get(str(key), str(key))
        if new not in result:
            result[new] = value
            old[new] = str(key)
    return result, old


def spelled(domain: str, names: Sequence[str]) -> list[str]:
    """Return keys of today with the old names that they have in a domain."""
    known = {**_NAMES, **_NAMES_OF.get(domain, {})}
    return [*(old for old, new in known.items() if new in names), *names, *_IGNORED]
