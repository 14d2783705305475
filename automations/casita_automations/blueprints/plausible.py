"""Values with which a blueprint can be tried out before anybody uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from casita_automations.blueprints.blueprint import NO_DEFAULT, Blueprint, BlueprintInput
from casita_automations.parsing import listed
from casita_config import Input

_DEVICE: Final = "0123456789abcdef0123456789abcdef"
_SIMPLE: Final[Mapping[str, Any]] = {
    "action": [],
    "addon": "core_example",
    "app": "core_example",
    "area": "example",
    "areas_display": {},
    "assist_pipeline": "example",
    "attribute": "brightness",
    "automation_behavior": "any",
    "backup_location": "example",
    "boolean": True,
    "choose": "example",
    "color_rgb": [255, 0, 0],
    "color_temp": 300,
    "condition": [],
    "config_entry": _DEVICE,
    "conversation_agent": "example",
    "country": "NL",
    "date": "2024-03-12",
    "datetime": "2024-03-12 12:00:00",
    "device": _DEVICE,
    "duration": {"hours": 0, "minutes": 0, "seconds": 5},
    "file": _DEVICE,
    "floor": "example",
    "icon": "mdi:home",
    "label": "example",
    "language": "en",
    "location": {"latitude": 52.37, "longitude": 4.9, "radius": 100},
    "media": {"media_content_id": "example", "media_content_type": "music"},
    "navigation": "/example",
    "object": {},
    "period": "day",
    "qr_code": "example",
    "schedule": [],
    "selector": {"text": {}},
    "serial_port": "/dev/ttyUSB0",
    "state": "on",
    "statistic": "sensor.example",
    "stt": "stt.example",
    "target": {"entity_id": ["light.example"]},
    "template": "{{ true }}",
    "text": "example",
    "theme": "default",
    "time": "12:00:00",
    "trigger": [],
    "tts": "tts.example",
    "tts_voice": "example",
    "ui_action": {"action": "none"},
    "ui_color": "red",
}
_BY_KEY: Final[Mapping[str, Any]] = {
    "above": 1,
    "action": "light.turn_on",
    "alias": "example",
    "at": "12:00:00",
    "attribute": "brightness",
    "below": 2,
    "condition": [],
    "conditions": [],
    "count": 1,
    "default": [],
    "delay": 5,
    "device_id": _DEVICE,
    "domain": "light",
    "else": [],
    "entity_id": "light.example",
    "for": 5,
    "hours": 1,
    "minutes": 1,
    "mode": "single",
    "offset": "00:05:00",
    "scene": "scene.example",
    "seconds": 1,
    "sequence": [],
    "service": "light.turn_on",
    "target": {"entity_id": ["light.example"]},
    "then": [],
    "timeout": 5,
    "topic": "example",
    "webhook_id": "example",
    "weekday": ["mon"],
    "zone": "zone.home",
}
"""What an input without a selector stands for, by the key that it fills."""


def plausible_inputs(blueprint: Blueprint) -> Iterator[dict[str, Any]]:
    """Give values for all inputs: first as their selectors have them, then their defaults."""
    keys = dict(_keys(blueprint.body))
    chosen = {name: _value(one, keys) for name, one in blueprint.inputs.items()}
    yield chosen
    yield {
        name: chosen[name] if one.default is NO_DEFAULT else one.default
        for name, one in blueprint.inputs.items()
    }


def _value(one: BlueprintInput, keys: Mapping[str, str]) -> Any:
    if one.selector is not None:
        kind, options = next(iter(one.selector.items()))
        return _selected(kind, options or {})
    if one.default is not NO_DEFAULT:
        return one.default
    return _BY_KEY.get(keys.get(one.name, ""), "example")


def _selected(kind: str, options: Mapping[str, Any]) -> Any:
    if kind == "entity":
        value: Any = f"{_domain(options)}.example"
    elif kind == "number":
        value = options.get("min", 1)
    elif kind in ("select", "button_toggle"):
        value = _first_option(options.get("options") or ["example"])
    elif kind == "constant":
        value = options.get("value")
    else:
        value = _SIMPLE.get(kind, "example")
    return [value] if options.get("multiple") else value


def _domain(options: Mapping[str, Any]) -> str:
    for one in (options, *listed(options.get("filter"))):
        domains = listed(one.get("domain"))
        if domains:
            return str(domains[0])
    return "light"


def _first_option(options: list[Any]) -> Any:
    first = options[0]
    return first["value"] if isinstance(first, Mapping) else first


def _keys(body: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Go through the inputs that are used, each with the key that it fills."""
    if isinstance(body, Input):
        yield body.name, key
    elif isinstance(body, Mapping):
        for name, value in body.items():
            yield from _keys(value, str(name))
    elif isinstance(body, list):
        for value in body:
            yield from _keys(value, key)
