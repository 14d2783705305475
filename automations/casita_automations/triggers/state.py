"""``state``: an entity's state, or one of its attributes, has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita.events import State, StateChanged
from casita.missed import Missed, of_a_hold
from casita_automations.parsing import At, duration_or_template, listed
from casita_automations.parts import Parts
from casita_automations.triggers.hold import Hold, missed_of, period_of
from casita_automations.triggers.source import Arming, Cancel, all_of
from casita_automations.values import Period
from casita_config.schemas import entity_ids, string

_ANY: Final = "*"


def _states(value: Any) -> Any:
    """Check the text, or the texts, of states; null means any."""
    if value is None or value == _ANY:
        return value
    texts = listed(value)
    for text in texts:
        if not isinstance(text, str):
            shown = {True: "on", False: "off"}.get(text, text) if isinstance(text, bool) else text
            raise vol.Invalid(f"a state is text; put it in quotes, as '{shown}'")
    return texts


def _values(value: Any) -> Any:
    return value if value is None or value == _ANY else listed(value)


_COMMON: Final[Mapping[Any, Any]] = {
    vol.Required("entity_id"): entity_ids,
    vol.Optional("for"): duration_or_template,
    vol.Optional("missed"): of_a_hold,
}
_SCHEMA: Final = vol.Schema(
    {
        **_COMMON,
        **{vol.Optional(key): _states for key in ("to", "not_to", "from", "not_from")},
    }
)
_ATTRIBUTE_SCHEMA: Final = vol.Schema(
    {
        **_COMMON,
        vol.Required("attribute"): vol.Maybe(string),
        **{vol.Optional(key): _values for key in ("to", "not_to", "from", "not_from")},
    }
)
_FILTERS: Final = ("from", "not_from", "to", "not_to")


def compiled(config: dict[str, Any], at: At, parts: Parts) -> StateTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_ATTRIBUTE_SCHEMA if "attribute" in config else _SCHEMA, config)
    for wanted, unwanted in (("to", "not_to"), ("from", "not_from")):
        if wanted in checked and unwanted in checked:
            at.below(unwanted).refuse(f"{wanted!r} and {unwanted!r} exclude each other; keep one")
    period = period_of(checked.get("for"), at.below("for"), parts)
    return StateTrigger(parts, checked, period, missed_of(checked, at))


class StateTrigger:
    """A compiled ``state`` trigger."""

    def __init__(
        self, parts: Parts, config: Mapping[str, Any], period: Period | None, missed: Missed
    ) -> None:
        self._parts = parts
        self._period = period
        self._missed = missed
        self._entities: list[str] = config["entity_id"]
        self._attribute: str | None = config.get("attribute")
        self._from_only = "from" in config and "to" not in config
        self._every_change = not any(key in config for key in _FILTERS)
        self._fits_from = _filter(config, "from", "not_from")
        self._fits_to = _filter(config, "to", "not_to")
        self._to: list[str] | None = config.get("to") if self._attribute is None else None
        if self._to == _ANY:
            self._to = None

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        hold = None
        if self._period is not None:
            hold = Hold(self._parts, arming, self._period, self._missed)
        changed = self._listener(arming, hold)
        watch = self._parts.watch
        if self._to is not None:
            cancels = [watch.becoming(one, self._to, changed) for one in self._entities]
        else:
            cancels = [watch.entity(one, changed) for one in self._entities]
        if hold is not None:
            hold.resume(self._keeps, self._facts)
            cancels.append(hold.cancel)
        return all_of(cancels)

    def _listener(self, arming: Arming, hold: Hold | None) -> Callable[[StateChanged], None]:
        fits_from, fits_to, every_change = self._fits_from, self._fits_to, self._every_change
        attribute, base, fire = self._attribute, arming.base, arming.fire

        def changed(event: StateChanged) -> None:
            old, new = event.old, event.new
            if attribute is None:
                before = None if old is None else old.state
                now = None if new is None else new.state
            else:
                before = None if old is None else old.attributes.get(attribute)
                now = None if new is None else new.attributes.get(attribute)
            if before == now and (attribute is not None or not every_change):
                return
            if not fits_from(before) or not fits_to(now):
                return
            if hold is None:
                fire({**base, **self._facts(event.subject, old, new, None)}, event)
            else:
                hold.begin(event, before, now, self._keeps, self._facts)

        return changed

    def _keeps(self, state: State | None, before: Any, now: Any) -> bool:
        """Say whether a state still is what has to hold."""
        if state is None:
            return False
        value = state.state if self._attribute is None else state.attributes.get(self._attribute)
        return bool(value != before if self._from_only else value == now)

    def _facts(
        self, entity_id: str, old: State | None, new: State | None, held: timedelta | None
    ) -> dict[str, Any]:
        return {
            "platform": "state",
            "entity_id": entity_id,
            "from_state": old,
            "to_state": new,
            "for": held,
            "attribute": self._attribute,
            "description": f"state of {entity_id}",
        }


def _filter(config: Mapping[str, Any], wanted: str, unwanted: str) -> Callable[[Any], bool]:
    values = config.get(wanted)
    if values is not None and values != _ANY:
        if len(values) == 1:
            only = values[0]
            return lambda value: bool(value == only)
        return lambda value: value in values
    others = config.get(unwanted) if values is None else None
    if others == _ANY:
        return lambda _value: False
    if others:
        return lambda value: value not in others
    return lambda _value: True
