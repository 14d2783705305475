"""Carries events from who noticed something to whoever asked to know, in one order for all."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import Cause, Event, State, StateChanged
from casita.log import EventLog

Handler = Callable[[Event], None]
ErrorHandler = Callable[["Subscription", Event, Exception], None]

_ROUTES: Final = 20_000
"""So many pairs of a type and a subject are remembered."""

_logger = logging.getLogger(__name__)


class Subscription:
    """A handler's place on the bus. Cancelling it twice is harmless."""

    __slots__ = ("_bus", "cancelled", "handler", "owner", "subject", "type")

    def __init__(
        self, bus: Bus, handler: Handler, owner: str, type_: str | None, subject: str | None
    ) -> None:
        self._bus = bus
        self.cancelled = False
        self.handler = handler
        self.owner = owner
        self.type = type_
        self.subject = subject

    def cancel(self) -> None:
        """Stop the handler from being called, from the next event on."""
        self._bus._remove(self)


class Bus:
    """Writes each event to the log, then hands it to its subscribers.

    Handlers are synchronous and quick; whoever has to wait reads the log with a cursor.
    An event that is emitted by a handler is dispatched after the present one has reached
    everybody, so that all subscribers see the same order. A handler that raises is reported
    to ``on_error``, and stays subscribed.
    """

    def __init__(self, log: EventLog, on_error: ErrorHandler | None = None) -> None:
        self.log = log
        self.on_error: ErrorHandler = on_error or _report
        """Whom to tell that a handler raised; the host puts itself here."""
        self._index: dict[tuple[str | None, str | None], tuple[Subscription, ...]] = {}
        self._routes: dict[tuple[str, str], tuple[Subscription, ...]] = {}
        """Whom an event of a type and about a subject reaches, as it was last found."""
        self._waiting: deque[Event] = deque()
        self._dispatching = False

    def subscribe(
        self,
        handler: Handler,
        *,
        owner: str,
        type: str | None = None,
        subject: str | None = None,
    ) -> Subscription:
        """Call a handler with each event of a type, about a subject, or both; None means all."""
        subscription = Subscription(self, handler, owner, type, subject)
        key = (type, subject)
        self._index[key] = (*self._index.get(key, ()), subscription)
        self._routes.clear()
        return subscription

    def emit(
        self,
        type: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
        hop: bool = False,
    ) -> Event:
        """Log an event and dispatch it. ``hop`` says that it starts an automation's run."""
        event = self.log.append(
            type, subject, data, source=source, cause=cause, actor=actor, hop=hop
        )
        self._publish(event)
        return event

    def emit_state(
        self,
        entity_id: str,
        state: str | None,
        attributes: Mapping[str, Any],
        *,
        old: State | None,
        source: str,
        cause: Cause | Event | None = None,
        actor: str | None = None,
        apply: Callable[[StateChanged], None],
    ) -> StateChanged:
        """Log a change of state, let its keeper apply it, then dispatch it."""
        event = self.log.append_state(
            entity_id, state, attributes, old=old, source=source, cause=cause, actor=actor
        )
        apply(event)
        self._publish(event)
        return event

    def _publish(self, event: Event) -> None:
        if self._dispatching:
            self._waiting.append(event)
            return
        self._dispatching = True
        try:
            self._dispatch(event)
            while self._waiting:
                self._dispatch(self._waiting.popleft())
        finally:
            self._dispatching = False

    def _dispatch(self, event: Event) -> None:
        route = self._routes.get((event.type, event.subject))
        if route is None:
            route = self._route(event.type, event.subject)
        for subscription in route:
            if subscription.cancelled:
                continue
            try:
                subscription.handler(event)
            except Exception as err:  # noqa: BLE001 - one subscriber is isolated from another
                self.on_error(subscription, event, err)

    def _route(self, type_: str, subject: str) -> tuple[Subscription, ...]:
        if len(self._routes) >= _ROUTES:
            self._routes.clear()
        keys = ((type_, subject), (type_, None), (None, subject), (None, None))
        route = tuple(one for key in keys for one in self._index.get(key, ()))
        self._routes[type_, subject] = route
        return route

    def _remove(self, subscription: Subscription) -> None:
        subscription.cancelled = True
        self._routes.clear()
        key = (subscription.type, subscription.subject)
        left = tuple(one for one in self._index.get(key, ()) if one is not subscription)
        if left:
            self._index[key] = left
        else:
            self._index.pop(key, None)


def _report(subscription: Subscription, event: Event, err: Exception) -> None:
    _logger.error(
        "%s: handling %s of %s failed: %r",
        subscription.owner,
        event.type,
        event.subject,
        err,
        exc_info=err,
    )
