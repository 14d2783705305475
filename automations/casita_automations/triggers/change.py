"""A real change of an entity, for automations written in Python: a reconnect is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from casita.events import State, StateChanged
from casita.states import has_value
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.compile import CompiledTrigger, compile_triggers
from casita_automations.triggers.hold import Hold, period_of
from casita_automations.triggers.source import Arming, Cancel, Pending, all_of
from casita_automations.values import Period, from_document, to_document
from casita_config.schemas import entity_ids


def compile_changes(configs: list[dict[str, Any]], at: At, parts: Parts) -> list[CompiledTrigger]:
    """Compile ``state`` triggers of Python automations, for which only real changes count."""
    return [
        replace(trigger, source=_source(config, at, parts))
        for trigger, config in zip(compile_triggers(configs, at, parts), configs, strict=True)
    ]


def _source(config: Mapping[str, Any], at: At, parts: Parts) -> ChangeTrigger:
    return ChangeTrigger(
        parts, entity_ids(config["entity_id"]), to=config.get("to"), from_=config.get("from"),
        period=period_of(config.get("for"), at, parts),
    )  # fmt: skip


class ChangeTrigger:
    """Fires when an entity's value is another than it was, however often it was away meanwhile.

    ``unavailable`` and ``unknown`` are the absence of a value: an entity that comes back with
    the value that it had has not changed. The first value of all counts.
    """

    def __init__(
        self,
        parts: Parts,
        entities: list[str],
        *,
        to: str | None,
        from_: str | None,
        period: Period | None,
    ) -> None:
        """``period`` is how long the new value has to hold; while it is away, it does."""
        self._parts = parts
        self._entities = entities
        self._to = to
        self._from = from_
        self._period = period

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        hold, cancels = None, list[Cancel]()
        kept = {one.key: one for one in arming.holds.kept()}
        if self._period is not None:
            hold = Hold(self._parts, arming, self._period)
        for entity_id in self._entities:
            last = kept.pop(_key(entity_id), None)
            values = _Values(self._parts, arming, entity_id, last)
            watched = _Watched(self, arming, hold, values)
            cancels.append(self._parts.watch.entity(entity_id, watched.changed))
        if hold is not None:
            hold.resume_all(kept.values(), _keeps, facts_of)
            cancels.append(hold.cancel)
        return all_of(cancels)

    def fits(self, before: State | None, now: State) -> bool:
        """Say whether this is the change that is wanted."""
        was = None if before is None else before.state
        if was == now.state or (self._to is not None and now.state != self._to):
            return False
        return self._from is None or was == self._from


class _Watched:
    """One entity of an armed trigger."""

    def __init__(
        self, trigger: ChangeTrigger, arming: Arming, hold: Hold | None, values: _Values
    ) -> None:
        self._trigger = trigger
        self._arming = arming
        self._hold = hold
        self._values = values

    def changed(self, event: StateChanged) -> None:
        now, before = event.new, self._values.follow(event)
        if now is None or not has_value(now) or not self._trigger.fits(before, now):
            return
        before = before or event.old
        if self._hold is None:
            facts = facts_of(event.subject, before, now, None)
            self._arming.fires(event, **facts)
        else:
            self._hold.begin(
                event, before and before.state, now.state, _keeps, facts_of, old=before
            )


class _Values:
    """The last value of an entity, also while it is away and across restarts."""

    def __init__(self, parts: Parts, arming: Arming, entity_id: str, kept: Pending | None) -> None:
        self._holds = arming.holds
        self._key = _key(entity_id)
        state = parts.kernel.states.get(entity_id)
        self._last: State | None = state if has_value(state) else None
        if self._last is None and kept is not None:
            self._last = from_document(kept.data)["last"]

    def follow(self, event: StateChanged) -> State | None:
        """Return the value before a change; None if there was none, or the change brought none."""
        now, before = event.new, self._last
        if now is None or not has_value(now):
            if before is not None and has_value(event.old):
                data = to_document({"last": before})
                self._holds.keep(Pending(key=self._key, due=0.0, data=data, cause=event.as_cause()))
            return None
        self._last = now
        if not has_value(event.old):
            self._holds.drop(self._key)
        return before


def facts_of(
    entity_id: str, old: State | None, new: State | None, held: timedelta | None
) -> dict[str, Any]:
    """Return what the trigger tells."""
    return {
        "platform": "state",
        "entity_id": entity_id,
        "from_state": old,
        "to_state": new,
        "for": held,
        "attribute": None,
        "description": f"state of {entity_id}",
    }


def _keeps(state: State | None, _before: Any, now: Any) -> bool:
    return state is not None and (not has_value(state) or bool(state.state == now))


def _key(entity_id: str) -> str:
    return f"last {entity_id}"
