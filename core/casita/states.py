"""What is known of every entity now; rebuilt at start from a snapshot and the log's tail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from casita.bus import Bus
from casita.clock import Clock
from casita.errors import UnknownEntity, did_you_mean
from casita.events import STATE_CHANGED, Cause, Event, State, StateChanged
from casita.ids import domain_of, home_of, is_entity_id

UNAVAILABLE: Final = "unavailable"
"""The device cannot be reached: the absence of a value."""
UNKNOWN: Final = "unknown"
"""The device is there and has not said yet: the absence of a value."""

_ANSWER_WITHIN_S: Final = 5.0
"""How long after a command a report of the same entity is taken for its effect."""
_SNAPSHOT: Final = "states"
_SNAPSHOT_MARK: Final = "states.mark"


def has_value(state: State | None) -> bool:
    """Say whether a state is one that a device gave, not the absence of one."""
    return state is not None and state.state not in (UNAVAILABLE, UNKNOWN)


class States:
    """The present state of every entity.

    A write that changes neither state nor attributes is no event. A report that follows a
    command within 5 s carries that command as its cause.
    """

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._states: dict[str, State] = {}
        self._expected: dict[str, tuple[Cause | Event, float]] = {}
        self._unsaved: set[str] = set()
        self._saved_at = 0

    def __iter__(self) -> Iterator[State]:
        return iter(list(self._states.values()))

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._states

    def get(self, entity_id: str) -> State | None:
        """Return the state of an entity, or None if nothing was ever said of it."""
        return self._states.get(entity_id)

    def require(self, entity_id: str) -> State:
        """Return the state of an entity, or raise `UnknownEntity` with the nearest name."""
        state = self._states.get(entity_id)
        if state is None:
            hint = did_you_mean(entity_id, self._states)
            raise UnknownEntity(f"{entity_id}: there is no such entity.{hint}")
        return state

    def of_domain(self, domain: str) -> list[State]:
        """Return the states of a domain's entities in this home."""
        return [
            state
            for entity_id, state in self._states.items()
            if domain_of(entity_id) == domain and home_of(entity_id) is None
        ]

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
        """Write a state, with its attributes as a whole; return the event, if it was one.

        ``force`` makes an event even of a write that changes nothing.
        """
        old = self._states.get(entity_id)
        new_attributes = attributes if attributes is not None else {}
        if old is None:
            if not is_entity_id(entity_id):
                raise ValueError(f"{entity_id!r} is no entity id; it has the form domain.object_id")
        elif not force and old.state == state and old.attributes == new_attributes:
            return None
        return self._bus.emit_state(
            entity_id, state, new_attributes, old=old, source=source,
            cause=cause or self._expected_cause(entity_id), actor=actor, apply=self._apply,
        )  # fmt: skip

    def remove(
        self, entity_id: str, *, source: str, cause: Cause | Event | None = None
    ) -> StateChanged | None:
        """Forget an entity's state; return the event, or None if there was nothing to forget."""
        old = self._states.get(entity_id)
        if old is None:
            return None
        return self._bus.emit_state(
            entity_id, None, {}, old=old, source=source, cause=cause, apply=self._apply
        )

    def expect(self, entity_id: str, cause: Cause | Event) -> None:
        """Take reports of an entity in the next 5 s for effects of this command."""
        self._expected[entity_id] = (cause, self._clock.monotonic() + _ANSWER_WITHIN_S)

    def restore(self) -> int:
        """Rebuild all states from the last snapshot and the log after it; return their number."""
        log = self._bus.log
        self._saved_at = int(log.items(_SNAPSHOT_MARK).get("offset", 0))
        for entity_id, document in log.items(_SNAPSHOT).items():
            self._states[entity_id] = msgspec.convert(document, State)
        for event in log.scan(after=self._saved_at, types=(STATE_CHANGED,)):
            self._fold(event)
        return len(self._states)

    def save(self) -> None:
        """Write the states that changed since the last snapshot, in one go."""
        log = self._bus.log
        for entity_id in sorted(self._unsaved):
            state = self._states.get(entity_id)
            if state is None:
                log.remove(_SNAPSHOT, entity_id)
            else:
                log.put(_SNAPSHOT, entity_id, msgspec.to_builtins(state, builtin_types=()))
        self._unsaved.clear()
        self._saved_at = log.head
        log.put(_SNAPSHOT_MARK, "offset", self._saved_at)

    @property
    def unsaved(self) -> int:
        """How many events the log has gained since the last snapshot."""
        return self._bus.log.head - self._saved_at

    def _apply(self, event: StateChanged) -> None:
        if event.new is None:
            self._states.pop(event.subject, None)
        else:
            self._states[event.subject] = event.new
        self._unsaved.add(event.subject)

    def _fold(self, event: Event) -> None:
        """Apply a state change that was read back from the log."""
        self._unsaved.add(event.subject)
        text = event.data["state"]
        if text is None:
            self._states.pop(event.subject, None)
            return
        old = self._states.get(event.subject)
        held = old is not None and old.state == text
        self._states[event.subject] = State(
            event.subject,
            text,
            event.data["attributes"],
            old.last_changed if held and old is not None else event.time,
            event.time,
            event.offset,
        )

    def _expected_cause(self, entity_id: str) -> Cause | Event | None:
        expected = self._expected.get(entity_id)
        if expected is None:
            return None
        if expected[1] < self._clock.monotonic():
            del self._expected[entity_id]
            return None
        return expected[0]
