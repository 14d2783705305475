"""What a record consists of, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from casita.events import Event

Attributes = Mapping[str, Any] | bytes
"""Attributes, or the JSON of them as long as nobody has looked."""
Row = tuple[datetime, str, str | None, Attributes]
"""A change: when (aware UTC), entity id, new state or None if it was removed, attributes."""
Batch = Sequence[Row | Event]
"""Changes, and other happenings, in the order of time."""


_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def looked_at(attributes: Attributes) -> Mapping[str, Any]:
    """Return attributes for somebody who wants to look at them. Nobody may change them."""
    return _looked_at(attributes) if isinstance(attributes, bytes) else attributes


@lru_cache(maxsize=4096)
def _looked_at(text: bytes) -> Mapping[str, Any]:
    """Most entities report the same attributes again and again."""
    return _decode(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A command that was sent, or would have been."""

    time: datetime
    automation: str
    service: str
    subject: str
    """The entity, or the service where it has none."""
    data: Mapping[str, Any]
    offset: int
    """Where its log has it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, both ends in it."""

    begin: datetime
    end: datetime

    def share(self, moment: datetime) -> float:
        """Return how much of it is over at a moment: 0 to 1."""
        whole = (self.end - self.begin).total_seconds()
        return 1.0 if whole <= 0 else min(1.0, (moment - self.begin).total_seconds() / whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a kind of record tells, and what not."""

    attributes: bool
    """It has the attributes of entities."""
    all_entities: bool
    """What it does not have does not exist."""
    events: bool
    """It has more than states: also that the hub started."""
    commands: bool
    """It has what was sent."""
    effects: bool
    """It tells which changes were effects of which commands."""
    repeats_are_changes: bool
    """A row that repeats a state was a change of state when it was recorded."""
    calls_as_made: bool
    """Its commands have the data that was asked for, not that which was sent."""


class Record(Protocol):
    """Where the rows of a backtest come from."""

    traits: Traits
    sent: list[Sent]
    """Commands of the automations in question, as far as the rows have been read."""
    effects: int
    """How many changes that were read so far were effects of those commands."""

    def follow(self, automations: frozenset[str]) -> None:
        """Say whose commands are to be told in ``sent``; before anything is read."""
        ...

    def span(self) -> Span:
        """Return from when to when it goes. Raises `ConfigError` if it is empty."""
        ...

    def initial(self, at: datetime) -> Iterable[Row]:
        """Return what was known of each entity just before a time."""
        ...

    def batches(self, span: Span) -> Iterator[Batch]:
        """Yield everything of a span, in order."""
        ...

    def documents(self, collection: str) -> dict[str, Any]:
        """Return what the house has kept under a name: areas, devices, entities."""
        ...

    def why(self, sent: Sent) -> list[Event]:
        """Return the chain of causes of a command: itself first."""
        ...
