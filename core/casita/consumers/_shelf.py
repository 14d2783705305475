"""The dead letters: events that a consumer could not deal with, kept until a person acts."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Final

import msgspec

from casita.bus import Bus
from casita.clock import Clock
from casita.consumers._delivery import Failure
from casita.errors import CasitaError, did_you_mean
from casita.events import Event

COLLECTION: Final = "dead_letter"
DEAD: Final = "dead_letter.added"
"""Subject: the consumer. Data: ``id``, ``error``, ``tries``; the event's ``type``, ``about``."""
_FAMILY: Final = "dead_letter."
_MOST_PER_CONSUMER: Final = 1000

_logger = logging.getLogger(__name__)


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a consumer could not deal with."""

    id: str
    """``consumer:offset``."""
    consumer: str
    event: Event
    """The event as a whole, so that it can be sent again after it has left the log."""
    error: str
    """What the last try came to."""
    tries: int
    """How often it was tried, in all."""
    since: datetime
    """When it was put here."""


class Shelf:
    """All dead letters, in the order in which they came. They survive a restart.

    A consumer has room for 1,000: beyond that its oldest make way, which is told in the log.
    """

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._letters: dict[str, DeadLetter] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._letters)

    def restore(self) -> None:
        """Read what the log has kept."""
        documents = self._bus.log.items(COLLECTION).values()
        letters = sorted((msgspec.convert(one, DeadLetter) for one in documents), key=_age)
        self._letters = {one.id: one for one in letters}
        self._counts = Counter(one.consumer for one in letters)

    def letters(self, consumer: str | None = None) -> list[DeadLetter]:
        """Return the letters, of one consumer or of all, oldest first."""
        return [one for one in self._letters.values() if consumer in (None, one.consumer)]

    def count(self, consumer: str) -> int:
        """Return how many letters a consumer has here."""
        return self._counts[consumer]

    def require(self, letter_id: str) -> DeadLetter:
        """Return a letter. Raises `CasitaError` with the nearest id."""
        letter = self._letters.get(letter_id)
        if letter is None:
            hint = did_you_mean(letter_id, self._letters)
            raise CasitaError(f"{letter_id}: there is no such dead letter.{hint}")
        return letter

    def put(self, consumer: str, event: Event, failure: Failure) -> DeadLetter:
        """Keep an event that a consumer has given up."""
        letter = DeadLetter(
            id=f"{consumer}:{event.offset}", consumer=consumer, event=_plain(event),
            error=failure.error, tries=failure.tries, since=self._clock.now(),
        )  # fmt: skip
        if letter.id not in self._letters:
            self._make_room(consumer)
            self._counts[consumer] += 1
        self._keep(letter)
        _logger.warning(
            "%s: %s of %s is a dead letter after %d tries: %s",
            consumer, event.type, event.subject, failure.tries, failure.error,
        )  # fmt: skip
        if not event.type.startswith(_FAMILY):  # else a consumer of these would never come to rest
            data = {
                "id": letter.id, "error": letter.error, "tries": letter.tries,
                "type": event.type, "about": event.subject,
            }  # fmt: skip
            self._bus.emit(DEAD, consumer, data, source="casita", cause=event)
        return letter

    def failed_again(self, letter: DeadLetter, error: str) -> None:
        """Note that one more try has failed."""
        self._keep(msgspec.structs.replace(letter, error=error, tries=letter.tries + 1))

    def drop(self, letter_id: str, *, actor: str | None = None) -> None:
        """Forget a letter. Raises `CasitaError` if there is none."""
        letter = self.require(letter_id)
        self._forget(letter)
        self._tell("dropped", letter, actor)

    def redriven(self, letter: DeadLetter, *, actor: str | None = None) -> None:
        """Take a letter away that was dealt with at last."""
        if letter.id in self._letters:
            self._forget(letter)
        self._tell("redriven", letter, actor)

    def _keep(self, letter: DeadLetter) -> None:
        self._letters[letter.id] = letter
        self._bus.log.put(COLLECTION, letter.id, msgspec.to_builtins(letter))

    def _forget(self, letter: DeadLetter) -> None:
        del self._letters[letter.id]
        self._counts[letter.consumer] -= 1
        self._bus.log.remove(COLLECTION, letter.id)

    def _make_room(self, consumer: str) -> None:
        if self._counts[consumer] < _MOST_PER_CONSUMER:
            return
        oldest = next(one for one in self._letters.values() if one.consumer == consumer)
        self._forget(oldest)
        _logger.error("%s: its shelf is full; %s makes way", consumer, oldest.id)
        self._tell("displaced", oldest, None)

    def _tell(self, what: str, letter: DeadLetter, actor: str | None) -> None:
        self._bus.emit(
            f"{_FAMILY}{what}", letter.consumer, {"id": letter.id},
            source="casita", cause=letter.event, actor=actor,
        )  # fmt: skip


def _age(letter: DeadLetter) -> tuple[datetime, int]:
    return letter.since, letter.event.offset


def _plain(event: Event) -> Event:
    """Return an event without what only its dispatch in memory carries."""
    return Event(**{field: getattr(event, field) for field in Event.__struct_fields__})
