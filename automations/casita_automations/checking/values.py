"""Which states the entities of a domain can be in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita.ids import domain_of

_ABSENT: Final = frozenset({"unavailable", "unknown"})
_ON_OFF: Final = frozenset({"on", "off"})
_STATES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        (
            "automation", "binary_sensor", "calendar", "fan", "humidifier", "input_boolean",
            "light", "remote", "schedule", "script", "siren", "switch", "update",
        ),
        _ON_OFF,
    ),
    "cover": frozenset({"open", "opening", "closed", "closing"}),
    "valve": frozenset({"open", "opening", "closed", "closing"}),
    "lock": frozenset(
        {"locked", "unlocked", "locking", "unlocking", "jammed", "open", "opening"}
    ),
    "sun": frozenset({"above_horizon", "below_horizon"}),
    "timer": frozenset({"idle", "active", "paused"}),
    "alarm_control_panel": frozenset(
        {
            "disarmed", "armed_home", "armed_away", "armed_night", "armed_vacation",
            "armed_custom_bypass", "arming", "disarming", "pending", "triggered",
        }
    ),
}  # fmt: skip
_NUMBERLESS: Final = frozenset(
    {
        *_STATES, "climate", "device_tracker", "media_player", "person", "vacuum", "weather",
    }
)  # fmt: skip


def possible_states(entity_id: str, attributes: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the states that an entity can be in, its absence included; None: not known."""
    domain = domain_of(entity_id)
    found = _STATES.get(domain)
    options = attributes.get("options")
    if found is None and domain in ("input_select", "select") and isinstance(options, list | tuple):
        found = frozenset(str(one) for one in options)
    return None if found is None else found | _ABSENT


def has_no_number(entity_id: str) -> bool:
    """Say whether an entity's state is never a number."""
    return domain_of(entity_id) in _NUMBERLESS
