"""Entities that do what they are told, for automations to be tried out on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita.events import Event
from casita.ids import domain_of, is_entity_id
from casita.kernel import Kernel
from casita.services import Command
from casita_automations.asking.workshop import Workshop
from casita_config import plain

OFF: Final = 0
ON: Final = 1
_SOURCE: Final = "check"
_STIMULUS: Final = "check.stimulus"
"""The cause of what is done to an entity, so that it is no effect of an earlier command."""
_ANSWERS_AFTER_S: Final = 0.01
"""A device answers once the run that commanded it is over, as real ones do."""
_PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "alarm_control_panel": ("disarmed", "armed_away"),
    "climate": ("off", "heat"),
    "cover": ("closed", "open"),
    "counter": ("0", "1"),
    "device_tracker": ("not_home", "home"),
    "input_number": ("0", "1"),
    "lock": ("locked", "unlocked"),
    "media_player": ("off", "playing"),
    "number": ("0", "1"),
    "person": ("not_home", "home"),
    "sun": ("below_horizon", "above_horizon"),
    "timer": ("idle", "active"),
    "vacuum": ("docked", "cleaning"),
    "valve": ("closed", "open"),
}
_BECOMES: Final[Mapping[str, str]] = {
    "alarm_arm_away": "armed_away", "alarm_arm_home": "armed_home",
    "alarm_arm_night": "armed_night", "alarm_disarm": "disarmed", "alarm_trigger": "triggered",
    "cancel": "idle", "close_cover": "closed", "close_valve": "closed", "finish": "idle",
    "lock": "locked", "media_pause": "paused", "media_play": "playing", "media_stop": "idle",
    "open": "open", "open_cover": "open", "open_valve": "open", "return_to_base": "docked",
    "start": "active", "turn_off": "off", "turn_on": "on", "unlock": "unlocked",
}  # fmt: skip
_VALUES: Final = ("option", "value", "hvac_mode", "preset_mode", "datetime", "time", "date")


class StandIns:
    """Entities in a workshop: each takes commands, and shows their effect a moment later."""

    def __init__(self, shop: Workshop, kernel: Kernel) -> None:
        self._shop = shop
        self._attributes = {one.entity_id: one.attributes for one in kernel.states}
        self._scenes = _scenes(kernel)
        self._groups: dict[str, list[str]] = {}
        shop.kernel.bus.subscribe(self._member_changed, owner=_SOURCE, type="state.changed")

    def add(self, entity_id: str) -> None:
        """Let an entity exist and take commands."""
        if domain_of(entity_id) in ("automation", "script") or entity_id in self._shop.states:
            return
        attributes = self._attributes.get(entity_id, {})
        members = attributes.get("entity_id")
        self._shop.states.set(entity_id, self._value(entity_id, OFF), attributes, source=_SOURCE)
        self._shop.kernel.commands.attach(entity_id, self._take)
        if isinstance(members, list | tuple):
            self._groups[entity_id] = [one for one in members if isinstance(one, str)]
            for one in self._groups[entity_id]:
                self.add(one)

    def all_become(self, which: int) -> None:
        """Bring all of them into the first or the second of their states."""
        for state in list(self._shop.states):
            if domain_of(state.entity_id) not in ("automation", "script"):
                self.becomes(state.entity_id, self._value(state.entity_id, which))

    def becomes(self, entity_id: str, state: str | None) -> None:
        """Let a person, or the world, change an entity."""
        known = self._shop.states.get(entity_id)
        if state is not None and known is not None:
            cause = self._shop.kernel.bus.emit(_STIMULUS, entity_id, {}, source=_SOURCE)
            self._shop.states.set(entity_id, state, known.attributes, source=_SOURCE, cause=cause)

    def state(self, entity_id: str) -> str | None:
        """Return the state of an entity."""
        known = self._shop.states.get(entity_id)
        return None if known is None else known.state

    def other(self, entity_id: str) -> str:
        """Return another state than the present one."""
        present, first = self.state(entity_id), self._value(entity_id, OFF)
        return self._value(entity_id, ON) if present == first else first

    def _value(self, entity_id: str, which: int) -> str:
        options = self._attributes.get(entity_id, {}).get("options")
        if isinstance(options, list | tuple) and options:
            return str(options[min(which, len(options) - 1)])
        if domain_of(entity_id) in ("sensor", "input_text"):
            return str(which)
        return _PAIRS.get(domain_of(entity_id), ("off", "on"))[which]

    def _take(self, command: Command) -> None:
        entity_id = command.entity_id
        if entity_id is None:
            return
        changes = self._scenes.get(entity_id) if command.action == "turn_on" else None
        for target, state in (changes or {entity_id: self._effect(command)}).items():
            if state is not None:
                self._answer(target, state, command.event)

    def _answer(self, entity_id: str, state: str, cause: Event) -> None:
        self._shop.clock.call_later(_ANSWERS_AFTER_S, lambda: self._show(entity_id, state, cause))

    def _effect(self, command: Command) -> str | None:
        known = self._shop.states.get(command.entity_id or "")
        if known is None:
            return None
        if command.action in ("press", "toggle") or domain_of(known.entity_id) == "scene":
            return self._shop.clock.now().isoformat()
        if command.action in ("increment", "decrement"):
            step = 1 if command.action == "increment" else -1
            number = known.state.lstrip("-").partition(".")[0]
            return str((int(known.state.partition(".")[0]) if number.isdecimal() else 0) + step)
        given = next((command.data[key] for key in _VALUES if key in command.data), None)
        if given is not None:
            return str(given)
        pair = _PAIRS.get(known.domain)
        if pair is not None and command.action in ("turn_on", "turn_off"):
            return pair[command.action == "turn_on"]
        return _BECOMES.get(command.action)

    def _show(self, entity_id: str, state: str, cause: Event) -> None:
        known = self._shop.states.get(entity_id)
        attributes = known.attributes if known is not None else {}
        self._shop.states.set(entity_id, state, attributes, source=_SOURCE, cause=cause)

    def _member_changed(self, event: Event) -> None:
        for group, members in self._groups.items():
            if event.subject in members:
                lit = any(self.state(one) in ("on", "home", "open") for one in members)
                known = self._shop.states.get(group)
                self._shop.states.set(
                    group, "on" if lit else "off", known.attributes if known else {},
                    source=_SOURCE, cause=event,
                )  # fmt: skip


def _scenes(kernel: Kernel) -> dict[str, dict[str, str | None]]:
    """Return what each scene of the configuration brings about."""
    from casita.ids import slugify

    found: dict[str, dict[str, str | None]] = {}
    for scene in kernel.config.items("scene"):
        if not isinstance(scene, Mapping) or not isinstance(scene.get("entities"), Mapping):
            continue
        entities: dict[str, Any] = plain(scene["entities"])
        found[f"scene.{slugify(str(scene.get('name', '')))}"] = {
            entity_id: _state_in(wanted)
            for entity_id, wanted in entities.items()
            if is_entity_id(str(entity_id))
        }
    return found


def _state_in(wanted: Any) -> str | None:
    if isinstance(wanted, Mapping):
        wanted = wanted.get("state")
    if isinstance(wanted, bool):
        return "on" if wanted else "off"
    return wanted if isinstance(wanted, str) else None
