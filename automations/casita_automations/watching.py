"""Who wants to know of which change: found by entity and wanted state, not by asking everybody."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Final, cast

from casita.bus import Bus, Subscription
from casita.clock import Alarm, Clock
from casita.events import STATE_CHANGED, Event, StateChanged
from casita.ids import domain_of

Changed = Callable[[StateChanged], None]
Happened = Callable[[Event], None]
Cancel = Callable[[], None]
Shelf = dict[int, Changed]
"""Handlers by the number that tells who asked first."""
_OWNER: Final = "automations"
_AT_ONCE: Final = 100
"""So many handlers are called with a change before others have a turn of the loop."""
_logger = logging.getLogger(__name__)


class Watch:
    """Changes of state, to those who asked for the entity, its domain, or all.

    Handlers are called in the order in which they asked. An entity may have thousands that
    each want another state: only those that want the new one are looked at.
    """

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._entities: dict[str, _OfEntity] = {}
        self._domains: dict[str, Shelf] = {}
        self._everything: Shelf = {}
        self._numbers = count()
        self._crowd = _Crowd(clock)
        self._subscription = bus.subscribe(self._changed, owner=_OWNER, type=STATE_CHANGED)

    def close(self) -> None:
        """Hear of no change any more."""
        self._subscription.cancel()
        self._crowd.close()

    def watched(self, entity_id: str) -> bool:
        """Say whether anybody asked for this entity, its domain or all."""
        return (
            entity_id in self._entities
            or domain_of(entity_id) in self._domains
            or bool(self._everything)
        )

    def cares(self, entity_id: str, old: str, new: str) -> bool:
        """Say whether anybody is called when an entity's state goes from one text to another."""
        of_entity = self._entities.get(entity_id)
        if of_entity is not None and (
            of_entity.any or (old != new and of_entity.becoming.get(new))
        ):
            return True
        if self._domains and domain_of(entity_id) in self._domains:
            return True
        return bool(self._everything)

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
            self._hand_out(of_entity.wanting(change), change)
        if self._domains:
            shelf = self._domains.get(domain_of(change.subject))
            if shelf:
                self._hand_out((shelf,), change)
        if self._everything:
            self._hand_out((self._everything,), change)

    def _hand_out(self, shelves: tuple[Shelf, ...], change: StateChanged) -> None:
        if self._crowd.waits or sum(map(len, shelves)) > _AT_ONCE:
            self._crowd.add(shelves, change)
        else:
            _call(shelves, change)

    def _forget(self, entity_id: str, shelves: Iterable[Shelf], number: int) -> None:
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

    def hears(self, event_type: str) -> bool:
        """Say whether anybody asked for events of a type, or for all."""
        return bool(self._shelves.get(event_type) or self._shelves.get("*"))

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
        self.any: Shelf = {}
        self.becoming: dict[str, Shelf] = {}

    @property
    def empty(self) -> bool:
        return not self.any and not any(self.becoming.values())

    def wanting(self, change: StateChanged) -> tuple[Shelf, ...]:
        """Return the shelves of those who want a change."""
        new = change.new
        if not self.becoming or new is None or (change.old and change.old.state == new.state):
            return (self.any,)
        shelf = self.becoming.get(new.state)
        if not shelf:
            return (self.any,)
        return (self.any, shelf) if self.any else (shelf,)


class _Crowd:
    """Changes that so many want to know of that the loop would be held: some in each turn.

    Later changes queue behind, so that everybody hears of all in order.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: deque[Iterator[None]] = deque()
        self._alarm: Alarm | None = None
        self._telling = False

    @property
    def waits(self) -> bool:
        """Whether there is a change that not all have heard of."""
        return bool(self._waiting)

    def add(self, shelves: tuple[Shelf, ...], change: StateChanged) -> None:
        """Tell some of the change now, unless others wait, and the rest later."""
        self._waiting.append(_telling(shelves, change))
        if self._alarm is None and not self._telling:
            self._go_on()

    def close(self) -> None:
        """Tell nobody any more."""
        self._waiting.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def _go_on(self) -> None:
        told, self._telling = 0, True
        while self._waiting and told < _AT_ONCE:
            told += sum(1 for _ in islice(self._waiting[0], _AT_ONCE - told))
            if told < _AT_ONCE:
                self._waiting.popleft()
        self._telling = False
        self._alarm = self._clock.call_later(0.0, self._go_on) if self._waiting else None


def _telling(shelves: tuple[Shelf, ...], change: StateChanged) -> Iterator[None]:
    """Call all of some shelves, one a step, in the order in which they asked."""
    for number in sorted(number for shelf in shelves for number in shelf):
        for shelf in shelves:
            handler = shelf.get(number)
            if handler is not None:
                _tell(handler, change)
                yield


def _call(shelves: tuple[Shelf, ...], change: StateChanged) -> None:
    """Call all at once; who leaves a shelf meanwhile is not called, who comes has to wait."""
    if len(shelves) > 1:
        deque(_telling(shelves, change), maxlen=0)
        return
    (shelf,) = shelves
    for number, handler in tuple(shelf.items()):
        if number in shelf:
            _tell(handler, change)


def _tell(handler: Changed, change: StateChanged) -> None:
    try:
        handler(change)
    except Exception as err:
        _logger.error("a trigger failed over %s: %r", change.subject, err, exc_info=err)
