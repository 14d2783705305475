"""The states of a backtest: written by the million, made into objects when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from casita.bus import Bus
from casita.clock import Clock
from casita.errors import UnknownEntity, did_you_mean
from casita.events import Cause, Event, State, StateChanged
from casita.ids import Offset, domain_of
from casita.states import States
from casita_automations.backtest._rows import Attributes, looked_at

Noted = tuple[str, Attributes, datetime, datetime]
"""State, attributes, last changed, last updated: of a change that nobody was told of."""


class ReplayStates(States):
    """`States` whose entries may be bare notes of the record."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        super().__init__(bus, clock)
        self.latest: dict[str, State | Noted] = {}
        """What is known of every entity; the replay writes here what nobody watches."""

    def __iter__(self) -> Iterator[State]:
        return iter([self._state(entity_id) for entity_id in self.latest])

    def __len__(self) -> int:
        return len(self.latest)

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self.latest

    def get(self, entity_id: str) -> State | None:
        known = self.latest.get(entity_id)
        if known is None or type(known) is State:
            return known
        return self._state(entity_id)

    def require(self, entity_id: str) -> State:
        state = self.get(entity_id)
        if state is None:
            hint = did_you_mean(entity_id, self.latest)
            raise UnknownEntity(f"{entity_id}: there is no such entity.{hint}")
        return state

    def of_domain(self, domain: str) -> list[State]:
        mine = [entity_id for entity_id in self.latest if domain_of(entity_id) == domain]
        return [self._state(entity_id) for entity_id in mine]

    def set(
        self,
        entity_id: str,
        state: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
        force: bool = False,
    ) -> StateChanged | None:
        old = self.get(entity_id)
        new_attributes = attributes if attributes is not None else {}
        same = old is not None and old.state == state and old.attributes == new_attributes
        if same and not force:
            return None
        return self._bus.emit_state(
            entity_id, state, new_attributes, old=old, source=source, cause=cause, actor=actor,
            apply=self._take,
        )  # fmt: skip

    def remove(
        self, entity_id: str, *, source: str, cause: Cause | Event | None = None
    ) -> StateChanged | None:
        old = self.get(entity_id)
        if old is None:
            return None
        return self._bus.emit_state(
            entity_id, None, {}, old=old, source=source, cause=cause, apply=self._take
        )

    def expect(self, entity_id: str, cause: Cause | Event) -> None:
        """Do nothing: what the record reports is no effect of what is only thought of."""

    def _take(self, event: StateChanged) -> None:
        if event.new is None:
            self.latest.pop(event.subject, None)
        else:
            self.latest[event.subject] = event.new

    def _state(self, entity_id: str) -> State:
        known = self.latest[entity_id]
        if isinstance(known, State):
            return known
        state, attributes, changed, updated = known
        made = self.latest[entity_id] = State(
            entity_id, state, looked_at(attributes), changed, updated, Offset(0)
        )
        return made
