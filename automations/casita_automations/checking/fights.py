"""Automations that pull an entity to two sides at the same moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

from casita_automations.checking.names import entities_in
from casita_automations.checking.report import Report
from casita_automations.checking.walk import Item, Part
from casita_automations.parsing import listed

_OPPOSITE: Final[Mapping[str, str]] = {
    "turn_on": "turn_off",
    "turn_off": "turn_on",
    "open_cover": "close_cover",
    "close_cover": "open_cover",
    "open_valve": "close_valve",
    "close_valve": "open_valve",
    "lock": "unlock",
    "unlock": "lock",
}
_VALUES: Final[Mapping[str, str]] = {
    "set_temperature": "temperature",
    "set_hvac_mode": "hvac_mode",
    "select_option": "option",
    "set_value": "value",
    "set_cover_position": "position",
    "volume_set": "volume_level",
}
_IGNORED: Final = ("id", "alias", "variables", "enabled", "platform", "trigger")


class _Pull(NamedTuple):
    """What an automation brings an entity to, whatever happens."""

    action: str
    value: Any

    def against(self, other: _Pull) -> bool:
        if _OPPOSITE.get(self.action) == other.action:
            return True
        same = self.action == other.action and self.action in _VALUES
        return same and self.value is not None and other.value is not None and (
            self.value != other.value
        )  # fmt: skip


def check_fights(items: Iterable[Item], report: Report) -> None:
    """Tell of two automations that the same thing sets off, and that undo each other."""
    candidates = [
        (item, _moments(item), _pulls(item), _asks(item))
        for item in items
        if item.kind == "automation"
    ]
    for one, other in combinations(candidates, 2):
        shared = one[1] & other[1]
        if not shared or one[3] != other[3]:
            continue
        for entity_id in one[2].keys() & other[2].keys():
            mine, theirs = one[2][entity_id], other[2][entity_id]
            if mine.against(theirs):
                first, second = one[0], other[0]
                report.warning(
                    "fight", second.at,
                    f"it fights with {first.entity_id} over {entity_id}: the same trigger makes "
                    f"one {_shown(mine)} and the other {_shown(theirs)} it",
                )  # fmt: skip


def _moments(item: Item) -> set[str]:
    """Return what tells the moments at which an automation is triggered."""
    return {moment for part in item.triggers for moment in _of_trigger(part)}


def _of_trigger(part: Part) -> Iterable[str]:
    rest = {key: value for key, value in part.data.items() if key not in _IGNORED}
    several = rest.pop("entity_id", None)
    times = listed(rest.pop("at", None))
    for entity_id in entities_in(several) or [""]:
        for at in times or [None]:
            yield json.dumps(
                [part.kind, entity_id, _as_time(at), rest], default=str, sort_keys=True
            )


def _as_time(at: Any) -> Any:
    """Return a time of day in one spelling."""
    if isinstance(at, str) and at.count(":") == 1:
        at = f"{at}:00"
    return at.zfill(8) if isinstance(at, str) and at.count(":") == 2 else at


def _pulls(item: Item) -> dict[str, _Pull]:
    """Return what every run does at once, by entity; the last command counts."""
    found: dict[str, _Pull] = {}
    for call in item.calls:
        action = call.service.partition(".")[2]
        if not (call.certain and call.at_once) or action not in (*_OPPOSITE, *_VALUES):
            continue
        value = call.data.get(_VALUES.get(action, ""))
        for entity_id in entities_in(call.targets.get("entity_id")):
            found[entity_id] = _Pull(action, value)
    return found


def _asks(item: Item) -> str:
    """Return what is the same for automations with the same conditions."""
    asked = item.data.get("conditions", item.data.get("condition"))
    return json.dumps(listed(asked), default=str, sort_keys=True)


def _shown(pull: _Pull) -> str:
    value = "" if pull.value is None else f" {pull.value}"
    return f"{pull.action.replace('_', ' ')}{value}"
