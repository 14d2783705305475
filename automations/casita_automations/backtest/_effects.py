"""What commands would do to states, where nobody carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import State
from casita.services import Command

Effect = tuple[str, Mapping[str, Any]]
"""The state, and the attributes that change."""
_Simulate = Callable[[State, Mapping[str, Any]], Effect]
_LIGHT_ATTRIBUTES: Final = (
    "brightness", "color_temp_kelvin", "hs_color", "rgb_color", "xy_color", "effect",
)  # fmt: skip


def effect_of(command: Command, state: State) -> Effect | None:
    """Return what a command makes of the state of its entity; None if that is not known."""
    simulate = _BY_SERVICE.get(command.service) or _BY_ACTION.get(command.action)
    if simulate is None or state.state in ("unavailable",):
        return None
    try:
        return simulate(state, command.data)
    except (KeyError, TypeError, ValueError):
        return None


def _becomes(text: str, **attributes: Any) -> _Simulate:
    return lambda _state, _data: (text, attributes)


def _on(state: State, data: Mapping[str, Any]) -> Effect:
    if state.domain != "light":
        return "on", {}
    changed = {key: data[key] for key in _LIGHT_ATTRIBUTES if key in data}
    if "brightness_pct" in data:
        changed["brightness"] = round(float(data["brightness_pct"]) * 255 / 100)
    return "on", changed


def _attribute(field: str, attribute: str | None = None) -> _Simulate:
    return lambda state, data: (state.state, {attribute or field: data[field]})


def _text(field: str) -> _Simulate:
    return lambda _state, data: (_as_text(data[field]), {})


def _as_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _position(state: State, data: Mapping[str, Any]) -> Effect:
    position = int(data["position"])
    return "open" if position else "closed", {"current_position": position}


def _stepped(step: float) -> _Simulate:
    def simulate(state: State, data: Mapping[str, Any]) -> Effect:
        by = float(state.attributes.get("step", 1)) * step
        value = float(state.state) + by
        low, high = state.attributes.get("min"), state.attributes.get("max")
        value = value if low is None else max(float(low), value)
        value = value if high is None else min(float(high), value)
        return _as_text(value) if "." not in state.state else str(value), {}

    return simulate


def _percentage(state: State, data: Mapping[str, Any]) -> Effect:
    percentage = int(data["percentage"])
    return "on" if percentage else "off", {"percentage": percentage}


_BY_SERVICE: Final[Mapping[str, _Simulate]] = {
    "vacuum.start": _becomes("cleaning"),
    "vacuum.return_to_base": _becomes("returning"),
    "lawn_mower.dock": _becomes("docked"),
    "media_player.turn_on": _becomes("on"),
    "timer.start": _becomes("active"),
    "timer.cancel": _becomes("idle"),
    "timer.finish": _becomes("idle"),
    "timer.pause": _becomes("paused"),
    "climate.turn_off": _becomes("off"),
    "counter.increment": _stepped(1),
    "counter.decrement": _stepped(-1),
    "input_number.increment": _stepped(1),
    "input_number.decrement": _stepped(-1),
}
_BY_ACTION: Final[Mapping[str, _Simulate]] = {
    "turn_on": _on,
    "turn_off": _becomes("off"),
    "open_cover": _becomes("open", current_position=100),
    "close_cover": _becomes("closed", current_position=0),
    "set_cover_position": _position,
    "open_valve": _becomes("open", current_position=100),
    "close_valve": _becomes("closed", current_position=0),
    "set_valve_position": _position,
    "lock": _becomes("locked"),
    "unlock": _becomes("unlocked"),
    "open": _becomes("open"),
    "set_value": _text("value"),
    "select_option": _text("option"),
    "set_hvac_mode": _text("hvac_mode"),
    "set_operation_mode": _text("operation_mode"),
    "set_temperature": _attribute("temperature"),
    "set_humidity": _attribute("humidity"),
    "set_preset_mode": _attribute("preset_mode"),
    "set_percentage": _percentage,
    "volume_set": _attribute("volume_level"),
    "media_play": _becomes("playing"),
    "media_pause": _becomes("paused"),
    "media_stop": _becomes("idle"),
    "alarm_disarm": _becomes("disarmed"),
    "alarm_arm_home": _becomes("armed_home"),
    "alarm_arm_away": _becomes("armed_away"),
    "alarm_arm_night": _becomes("armed_night"),
    "alarm_arm_vacation": _becomes("armed_vacation"),
}
