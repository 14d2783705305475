"""Values of runs as JSON and back, and lengths of time that are worked out at run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.errors import CasitaError
from casita.events import Event, State, StateChanged
from casita_automations.happening import Happening
from casita_automations.templates import Value
from casita_config.schemas import duration

_TAG: Final = "$"
_PLAIN: Final = (str, bool, int, float)
"""A tuple is quicker to ask than a union; every value of every run comes by here."""


class Period:
    """A length of time from the configuration, in which templates may stand."""

    __slots__ = ("_fixed", "_value")

    def __init__(self, value: Value) -> None:
        self._value = value
        self._fixed: timedelta | None = duration(value.source) if value.constant else None

    def of(self, variables: Mapping[str, Any]) -> timedelta:
        """Return the length. Raises `TemplateError`, or `CasitaError` if it is none."""
        if self._fixed is not None:
            return self._fixed
        rendered = self._value.render(variables)
        try:
            return duration(rendered)
        except vol.Invalid as err:
            raise CasitaError(str(err)) from err


def to_document(value: Any) -> Any:
    """Return a run's value as JSON can hold it; `from_document` brings it back."""
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        plain = {str(key): to_document(item) for key, item in value.items()}
        return {_TAG: "dict", "value": plain} if _TAG in plain else plain
    if isinstance(value, list):
        return [to_document(item) for item in value]
    if isinstance(value, tuple | set | frozenset):
        kind = "tuple" if isinstance(value, tuple) else "set"
        return {_TAG: kind, "value": [to_document(item) for item in value]}
    return _tagged(value)


def from_document(document: Any) -> Any:
    """Return the value that `to_document` made a document of."""
    if isinstance(document, list):
        return [from_document(item) for item in document]
    if not isinstance(document, Mapping):
        return document
    kind = document.get(_TAG)
    if kind is None:
        return {key: from_document(item) for key, item in document.items()}
    return _UNTAG[kind](document["value"])


def jsonable(value: Any) -> Any:
    """Return a value as an event may carry it: times as text, tuples and sets as lists."""
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the first is quick
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    return str(value)


def _tagged(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_TAG: "datetime", "value": value.isoformat()}
    if isinstance(value, timedelta):
        return {_TAG: "timedelta", "value": value.total_seconds()}
    if isinstance(value, State):
        return {_TAG: "state", "value": msgspec.to_builtins(value)}
    if isinstance(value, Happening):
        return {_TAG: "event", "value": _event_document(value.event)}
    return {_TAG: "text", "value": str(value)}


def _event_document(event: Event) -> Any:
    """Return an event; one that changed a state goes with both states."""
    document = msgspec.to_builtins(event)
    if isinstance(event, StateChanged):
        document["changed"] = True
    return document


def _event(document: Any) -> Happening:
    kind = StateChanged if document.get("changed") else Event
    return Happening(msgspec.convert(document, kind))


_UNTAG: Final[Mapping[str, Callable[[Any], Any]]] = {
    "dict": lambda value: {key: from_document(item) for key, item in value.items()},
    "tuple": lambda value: tuple(from_document(item) for item in value),
    "set": lambda value: {from_document(item) for item in value},
    "datetime": lambda value: datetime.fromisoformat(value),
    "timedelta": lambda value: timedelta(seconds=value),
    "state": lambda value: msgspec.convert(value, State),
    "event": _event,
    "text": lambda value: value,
}


def utc(value: datetime) -> datetime:
    """Return a time in UTC; one without zone is taken for UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
