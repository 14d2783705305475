"""Whether a state says that a command has been carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import State
from casita.states import has_value

Confirms = Callable[[State, Mapping[str, Any]], bool]
"""Given a state, and the command's data: whether the state is what the command brings about."""

_TOLERANCE: Final = 1.0
"""Devices round: a position of 49 confirms one of 50."""


def confirms(action: str) -> Confirms | None:
    """Return what confirms a service, by the part of its name behind the dot; None if nothing."""
    return _BY_ACTION.get(action)


def _becomes(*states: str) -> Confirms:
    return lambda state, _data: state.state in states


def _is_not_off(state: State, _data: Mapping[str, Any]) -> bool:
    return has_value(state) and state.state not in ("off", "standby")


def _shows(field: str) -> Confirms:
    """Return what compares the state with a field of the data."""
    return lambda state, data: _alike(state.state, data.get(field))


def _attribute(attribute: str, field: str) -> Confirms:
    """Return what compares an attribute with a field of the data."""
    return lambda state, data: _alike(state.attributes.get(attribute), data.get(field))


def _alike(shown: Any, wanted: Any) -> bool:
    try:
        return abs(float(shown) - float(wanted)) <= _TOLERANCE
    except (TypeError, ValueError):
        return shown is not None and str(shown) == str(wanted)


_BY_ACTION: Final[Mapping[str, Confirms]] = {
    "turn_on": _is_not_off,
    "turn_off": _becomes("off", "standby"),
    "lock": _becomes("locked"),
    "unlock": _becomes("unlocked", "open"),
    "open_cover": _becomes("open"),
    "close_cover": _becomes("closed"),
    "open_valve": _becomes("open"),
    "close_valve": _becomes("closed"),
    "set_cover_position": _attribute("current_position", "position"),
    "set_cover_tilt_position": _attribute("current_tilt_position", "tilt_position"),
    "set_valve_position": _attribute("current_position", "position"),
    "set_percentage": _attribute("percentage", "percentage"),
    "set_preset_mode": _attribute("preset_mode", "preset_mode"),
    "set_temperature": _attribute("temperature", "temperature"),
    "set_humidity": _attribute("humidity", "humidity"),
    "set_hvac_mode": _shows("hvac_mode"),
    "set_operation_mode": _shows("operation_mode"),
    "set_value": _shows("value"),
    "select_option": _shows("option"),
    "alarm_disarm": _becomes("disarmed"),
    **{
        f"alarm_{way}": _becomes(way.replace("arm_", "armed_", 1))
        for way in ("arm_home", "arm_away", "arm_night", "arm_vacation", "arm_custom_bypass")
    },
}
