"""Who wants to know of which change: found by entity and wanted state, not by asking everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from itertools import count
from typing import cast

from casita.bus import Bus, Subscription
from casita.events import STATE_CHANGED, Event, StateChanged
from casita.ids import domain_of

Changed = Callable[[StateChanged], None]
Happened = Callable[[Event], None]
Cancel = Callable[[], None]
_OWNER = "automations"
_logger = logging.getLogger(__name__)


class Watch:
    """Changes of state, to those who asked for the entity, its domain, or all.

    Handlers are called in the order in which they asked. An entity may have thousands that
    each want another state: only those that want the new one are looked at.
    """

    def __init__(self, bus: Bus) -> None:
        self._entities: dict[str, _OfEntity] = {}
        self._domains: dict[str, dict[int, Changed]] = {}
        self._everything: dict[int, Changed] = {}
        self._numbers = count()
        self._subscription = bus.subscribe(self._changed, owner=_OWNER, type=STATE_CHANGED)

    def close(self) -> None:
        """Hear of no change any more."""
        self._subscription.cancel()

    def watched(self, entity_id: str) -> bool:
        """Say whether anybody asked for this entity, its domain or all."""
        return (
            entity_id in self._entities
            or domain_of(entity_id) in self._domains
            or bool(self._everything)
        )

    def entity(self, entity_id: str, handler: Changed) -> Cancel:
        """Call a handler with every change of an entity."""
        number = next(self._numbers)
        of_entity = self._entities.setdefault(entity_id, _OfEntity())
        of_entity.any[number] = handler
        return lambda: self._forget(entity_id, (of_entity.any,), number)

    def becoming(self, entity_id: str, states: Iterable[str], handler: Changed) -> Cancel:
        """Call a handler whenever the text of an entity's state becomes one of these."""
        number = next(self._numbers)
        of_entity = self._entities.setdefault(entity_id, _OfEntity())
        shelves = tuple(of_entity.becoming.setdefault(state, {}) for state in states)
        for shelf in shelves:
            shelf[number] = handler
        return lambda: self._forget(entity_id, shelves, number)

    def domain(self, domain: str, handler: Changed) -> Cancel:
        """Call a handler with every change of any entity of a domain."""
        number = next(self._numbers)
        shelf = self._domains.setdefault(domain, {})
        shelf[number] = handler

        def cancel() -> None:
            shelf.pop(number, None)
            if not shelf and self._domains.get(domain) is shelf:
                del self._domains[domain]

        return cancel

    def everything(self, handler: Changed) -> Cancel:
        """Call a handler with every change."""
        number = next(self._numbers)
        self._everything[number] = handler
        return lambda: self._everything.pop(number, None) and None

    def _changed(self, event: Event) -> None:
        change = cast(StateChanged, event)
        of_entity = self._entities.get(change.subject)
        if of_entity is not None:
            of_entity.dispatch(change)
        if self._domains:
            shelf = self._domains.get(domain_of(change.subject))
            if shelf:
                _call(shelf, change)
        if self._everything:
            _call(self._everything, change)

    def _forget(self, entity_id: str, shelves: Iterable[dict[int, Changed]], number: int) -> None:
        for shelf in shelves:
            shelf.pop(number, None)
        of_entity = self._entities.get(entity_id)
        if of_entity is not None and of_entity.empty:
            del self._entities[entity_id]


class Listening:
    """Events by type, to those who asked: one place on the bus for each type."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._shelves: dict[str, dict[int, Happened]] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._numbers = count()

    def close(self) -> None:
        """Hear of nothing any more."""
        for subscription in self._subscriptions.values():
            subscription.cancel()

    def on(self, event_type: str, handler: Happened) -> Cancel:
        """Call a handler with every event of a type; ``*`` stands for all types."""
        number = next(self._numbers)
        shelf = self._shelves.get(event_type)
        if shelf is None:
            shelf = self._shelves[event_type] = {}
            self._subscribe(event_type, shelf)
        shelf[number] = handler
        return lambda: shelf.pop(number, None) and None

    def _subscribe(self, event_type: str, shelf: dict[int, Happened]) -> None:
        def dispatch(event: Event) -> None:
            for number, handler in list(shelf.items()):
                if number in shelf:
                    _hear(handler, event)

        self._subscriptions[event_type] = self._bus.subscribe(
            dispatch, owner=_OWNER, type=None if event_type == "*" else event_type
        )


def _hear(handler: Happened, event: Event) -> None:
    try:
        handler(event)
    except Exception as err:
        _logger.error("a trigger failed over %s: %r", event.type, err, exc_info=err)


class _OfEntity:
    """Who asked for one entity."""

    __slots__ = ("any", "becoming")

    def __init__(self) -> None:
        self.any: dict[int, Changed] = {}
        self.becoming: dict[str, dict[int, Changed]] = {}

    @property
    def empty(self) -> bool:
        return not self.any and not any(self.becoming.values())

    def dispatch(self, change: StateChanged) -> None:
        new = change.new
        shelf = self.becoming.get(new.state) if new is not None and self.becoming else None
        if not shelf or (change.old is not None and change.old.state == new.state):  # type: ignore[union-attr]  # a shelf was found by the new state
            _call(self.any, change)
        elif not self.any:
            _call(shelf, change)
        else:
            for number in sorted([*self.any, *shelf]):
                handler = self.any.get(number) or shelf.get(number)
                if handler is not None:
                    _tell(handler, change)


def _call(shelf: dict[int, Changed], change: StateChanged) -> None:
    """Call all of a shelf; who leaves it meanwhile is not called, who comes has to wait."""
    for number, handler in tuple(shelf.items()):
        if number in shelf:
            _tell(handler, change)


def _tell(handler: Changed, change: StateChanged) -> None:
    try:
        handler(change)
    except Exception as err:
        _logger.error("a trigger failed over %s: %r", change.subject, err, exc_info=err)
