"""What Home Assistant's editor says of devices, in the words of entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita.ids import is_entity_id

Config = Mapping[str, Any]

_ON: Final = (
    "bat_low", "co", "cold", "connected", "gas", "hot", "light", "not_locked", "moist", "motion",
    "moving", "occupied", "opened", "plugged_in", "powered", "present", "problem", "running",
    "smoke", "sound", "unsafe", "update", "vibration", "tampered", "turned_on", "on", "open",
)  # fmt: skip
_OFF: Final = (
    "not_bat_low", "no_co", "not_cold", "not_connected", "no_gas", "not_hot", "no_light", "locked",
    "not_moist", "no_motion", "not_moving", "not_occupied", "not_opened", "not_plugged_in",
    "not_powered", "not_present", "no_problem", "not_running", "no_smoke", "no_sound",
    "not_unsafe", "no_update", "no_vibration", "not_tampered", "turned_off", "off", "not_open",
)  # fmt: skip
_BINARY: Final = {**dict.fromkeys(_ON, "on"), **dict.fromkeys(_OFF, "off")}
_SWITCHED: Final = {"turned_on": "on", "turned_off": "off", "on": "on", "off": "off"}
_ARMED: Final = (
    "armed_home", "armed_away", "armed_night", "armed_vacation", "armed_custom_bypass",
)  # fmt: skip
_ALARM: Final = {one: one for one in ("triggered", "disarmed", "arming", "pending", *_ARMED)}
_STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "alarm_control_panel": _ALARM,
    "binary_sensor": _BINARY,
    "cover": {
        "opened": "open", "open": "open", "closed": "closed", "opening": "opening",
        "closing": "closing",
    },
    "device_tracker": {"home": "home"},
    "lawn_mower": {"mowing": "mowing", "docked": "docked"},
    "lock": {one: one for one in (
        "locked", "unlocked", "locking", "unlocking", "jammed", "open", "opening",
    )},
    "media_player": {
        **_SWITCHED, **{one: one for one in ("buffering", "idle", "paused", "playing")},
    },
    "vacuum": {"cleaning": "cleaning", "docked": "docked"},
}  # fmt: skip
"""Which state a domain's types of trigger and condition speak of; others are on or off."""
_NUMBERS: Final[Mapping[tuple[str, str], str | None]] = {
    ("cover", "position"): "current_position",
    ("cover", "tilt_position"): "current_tilt_position",
    ("climate", "current_temperature_changed"): "current_temperature",
    ("climate", "current_humidity_changed"): "current_humidity",
    ("humidifier", "current_humidity_changed"): "current_humidity",
    ("humidifier", "target_humidity_changed"): "humidity",
}
"""Types that speak of a number: in which attribute it stands."""
_SERVICES: Final[Mapping[tuple[str, str], str]] = {
    ("light", "brightness_increase"): "light.turn_on",
    ("light", "brightness_decrease"): "light.turn_on",
    ("light", "flash"): "light.turn_on",
    ("cover", "open"): "cover.open_cover",
    ("cover", "close"): "cover.close_cover",
    ("cover", "stop"): "cover.stop_cover",
    ("cover", "open_tilt"): "cover.open_cover_tilt",
    ("cover", "close_tilt"): "cover.close_cover_tilt",
    ("cover", "set_position"): "cover.set_cover_position",
    ("cover", "set_tilt_position"): "cover.set_cover_tilt_position",
    ("vacuum", "clean"): "vacuum.start",
    ("vacuum", "dock"): "vacuum.return_to_base",
    ("lawn_mower", "mow"): "lawn_mower.start_mowing",
    ("lawn_mower", "dock"): "lawn_mower.dock",
    ("alarm_control_panel", "disarm"): "alarm_control_panel.alarm_disarm",
    ("alarm_control_panel", "trigger"): "alarm_control_panel.alarm_trigger",
    **{
        ("alarm_control_panel", f"arm_{mode}"): f"alarm_control_panel.alarm_arm_{mode}"
        for mode in ("home", "away", "night", "vacation")
    },
}
"""Services that have another name than the type of the action."""
_STEPS: Final = {"brightness_increase": 10, "brightness_decrease": -10}
_NAMES: Final = ("domain", "type", "device_id", "metadata", "subtype", "discovery_id")


def trigger_of(config: Config) -> dict[str, Any] | None:
    """Return the trigger on an entity that a device trigger comes to; None if there is none."""
    entity_id, domain, kind = _named(config)
    if entity_id is None:
        return None
    held = {key: config[key] for key in ("for",) if key in config}
    base = {"entity_id": entity_id, **held}
    if domain == "device_tracker" and kind in ("enters", "leaves"):
        event = "enter" if kind == "enters" else "leave"
        return {"trigger": "zone", "entity_id": entity_id, "zone": config.get("zone"),
                "event": event}  # fmt: skip
    if (limits := _limits(domain, kind, config)) is not None:
        return {"trigger": "numeric_state", **base, **limits}
    if kind in ("changed_states", "pressed", "current_option_changed", "hvac_mode_changed"):
        wanted = {key: config[key] for key in ("from", "to") if config.get(key) is not None}
        return {"trigger": "state", **base, **(wanted or {"to": None})}
    state = _STATES.get(domain, _SWITCHED).get(kind)
    return None if state is None else {"trigger": "state", **base, "to": state}


def condition_of(config: Config) -> dict[str, Any] | None:
    """Return the condition on an entity that a device condition comes to, or None."""
    entity_id, domain, kind = _named(config)
    if entity_id is None:
        return None
    kind = kind.removeprefix("is_")
    held = {key: config[key] for key in ("for",) if key in config}
    if (limits := _limits(domain, kind, config)) is not None:
        return {"condition": "numeric_state", "entity_id": entity_id, **limits}
    state = _STATES.get(domain, _SWITCHED).get(kind)
    for key in ("hvac_mode", "option"):
        if kind in (key, f"selected_{key}"):
            state = config.get(key)
    if kind in ("preset_mode", "mode") and kind in config:
        return {"condition": "state", "entity_id": entity_id, "attribute": kind,
                "state": config[kind]}  # fmt: skip
    if domain == "device_tracker" and kind == "not_home":
        inner = {"condition": "state", "entity_id": entity_id, "state": "home"}
        return {"condition": "not", "conditions": [inner]}
    if state is None:
        return None
    return {"condition": "state", "entity_id": entity_id, "state": state, **held}


def action_of(config: Config) -> dict[str, Any] | None:
    """Return the action on an entity that a device action comes to, or None."""
    entity_id, domain, kind = _named(config)
    if entity_id is None:
        return None
    data = {key: value for key, value in config.items() if key not in (*_NAMES, "entity_id")}
    if kind in ("set_position", "set_tilt_position") and "position" in data:
        key = "tilt_position" if kind == "set_tilt_position" else "position"
        data[key] = data.pop("position")
    if kind in _STEPS:
        data["brightness_step_pct"] = _STEPS[kind]
    if kind == "flash":
        data.setdefault("flash", "short")
    service = _SERVICES.get((domain, kind), f"{domain}.{kind}")
    return {"action": service, "target": {"entity_id": entity_id}, "data": data}


def _named(config: Config) -> tuple[str | None, str, str]:
    """Return entity, domain and type; no entity, if only Home Assistant knows which it is."""
    entity = config.get("entity_id")
    known = isinstance(entity, str) and is_entity_id(entity)
    return str(entity) if known else None, str(config.get("domain")), str(config.get("type"))


def _limits(domain: str, kind: str, config: Config) -> dict[str, Any] | None:
    """Return what a numeric trigger or condition has beside its entity; None for others."""
    attribute = _NUMBERS.get((domain, kind))
    if attribute is None and not (
        domain in ("sensor", "number") and {"above", "below"} & {*config}
    ):
        return None
    limits = {key: config[key] for key in ("above", "below") if key in config}
    return {**limits, **({} if attribute is None else {"attribute": attribute})}
