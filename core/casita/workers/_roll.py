"""What everybody who reads the same words in the same order knows: members, views, rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, MutableMapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec

from casita.workers._words import (
    Anything,
    Beat,
    Change,
    Expel,
    Found,
    Join,
    Leave,
    Note,
    Row,
    Seat,
    Whole,
)

_DONE: Final = 20_000
_DONE_TOLD: Final = 2_000
_PART_BYTES: Final = 300_000


class Done:
    """The newest 20,000 firings that were dealt with, and runs that have ended."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known: OrderedDict[str, None] = OrderedDict.fromkeys(known)

    def __contains__(self, firing: str) -> bool:
        return firing in self._known

    def add(self, firing: str) -> None:
        """Remember one; the oldest makes way."""
        self._known[firing] = None
        if len(self._known) > _DONE:
            self._known.popitem(last=False)

    def newest(self) -> list[str]:
        """Return those that who joins is told of."""
        return list(self._known)[-_DONE_TOLD:]


class Roll:
    """The state of a group at one place of what was said in it."""

    def __init__(
        self,
        view: str,
        seats: Iterable[Seat],
        rows: MutableMapping[str, Row],
        done: Done,
    ) -> None:
        self.view = view
        """Named after what brought it about; it stands for the members as they are."""
        self.seats = {seat.member: seat for seat in seats}
        """In the order in which they joined."""
        self.rows = rows
        self.done = done
        self._unanswered: set[str] = set()
        """Who has joined since anybody spoke who belongs to the group."""

    @property
    def agreed(self) -> bool:
        """Whether all act by the present view."""
        return all(seat.adopted == self.view for seat in self.seats.values())

    def hear(self, said: Anything) -> bool:
        """Take in what was said next; return False if it is void."""
        if isinstance(said, Join):
            return self._join(said)
        seat = self.seats.get(said.by)
        valid = seat is not None and said.number == seat.said + 1
        if isinstance(said, Found):
            valid = valid and said.by in self._unanswered
        if said.view:
            self._unanswered.clear()
        if not valid or seat is None:
            return False
        self._put(seat, said=said.number)
        if isinstance(said, Note):
            self.note(said)
        elif isinstance(said, Beat):
            if said.view:
                self._put(self.seats[said.by], adopted=said.view, settled=True)
        elif isinstance(said, Leave):
            self._remove(said.by, said.id)
        elif isinstance(said, Expel):
            self._expel(said, seat)
        elif isinstance(said, Found):
            self._found(said)
        return True

    def note(self, said: Note) -> None:
        """Write down what has become of runs."""
        for change in said.changes:
            apply(change, self.rows, self.done)
        for firing in said.done:
            self.done.add(firing)

    def owner(self, key: str) -> str | None:
        """Return the member to which a key falls by the present view."""
        return owner_of(key, tuple(self.seats))

    def teller(self) -> str | None:
        """Return who has to tell those who joined what the group knows; None: nobody needs it."""
        if all(seat.settled for seat in self.seats.values()):
            return None
        return next((seat.member for seat in self.seats.values() if seat.settled), None)

    def parts(self) -> list[tuple[list[Change], list[str]]]:
        """Return rows and firings in parts that are not too large for one message."""
        found: list[tuple[list[Change], list[str]]] = [([], self.done.newest())]
        size = 0
        for run, row in self.rows.items():
            size += len(msgspec.json.encode(row))
            if size > _PART_BYTES:
                found.append(([], []))
                size = 0
            found[-1][0].append(Change(run, row))
        return found

    def _join(self, said: Join) -> bool:
        if said.by in self.seats or said.number != 1:
            return False
        self.seats[said.by] = Seat(said.by, said.worker, False, "", 1)
        self.view = said.id
        self._unanswered.add(said.by)
        return True

    def _expel(self, said: Expel, by: Seat) -> None:
        who = self.seats.get(said.who)
        if by.settled and who is not None and who.said == said.last and said.who != said.by:
            self._remove(said.who, said.id)

    def _found(self, said: Found) -> None:
        seat = self.seats[said.by]
        self.seats = {said.by: msgspec.structs.replace(seat, settled=True)}
        self._unanswered.clear()
        self.view = said.id

    def _remove(self, member: str, view: str) -> None:
        del self.seats[member]
        self._unanswered.discard(member)
        self.view = view

    def _put(self, seat: Seat, **fields: object) -> None:
        self.seats[seat.member] = msgspec.structs.replace(seat, **fields)


def apply(change: Change, rows: MutableMapping[str, Row], done: Done) -> None:
    """Write a run down, or strike it out for ever."""
    if change.row is not None:
        rows[change.run] = change.row
    else:
        rows.pop(change.run, None)
        done.add(change.run)


def founded(said: Found, worker: str, rows: MutableMapping[str, Row], done: Done) -> Roll:
    """Return the roll of a group that begins with one member."""
    return Roll(said.id, [Seat(said.by, worker, True, "", said.number)], rows, done)


def told(parts: Sequence[Whole], rows: MutableMapping[str, Row]) -> tuple[Roll, list[Change]]:
    """Return the roll that somebody has told in parts, and which runs it has never heard of.

    ``rows`` are what this worker knew, and become what the group knows.
    """
    known = {change.run: change.row for part in parts for change in part.rows if change.row}
    done = Done(firing for part in parts for firing in part.done)
    unheard = [Change(r, row) for r, row in rows.items() if r not in known and r not in done]
    for run in list(rows):
        if run not in known:
            del rows[run]
    for run, row in known.items():
        if rows.get(run) != row:
            rows[run] = row
    return Roll(parts[0].of, parts[0].seats, rows, done), unheard


@lru_cache(maxsize=20_000)
def owner_of(key: str, members: tuple[str, ...]) -> str | None:
    """Return to which of some members a key falls; few keys move when one comes or goes."""
    return max(members, key=lambda one: (_weight(key, one), one), default=None)


def _weight(key: str, member: str) -> bytes:
    return blake2b(f"{member} {key}".encode(), digest_size=8).digest()
