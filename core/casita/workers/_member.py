"""One worker as a member of its group: what it says, and when it may act. Without any I/O."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from enum import StrEnum
from typing import Final, TypedDict

import msgspec

from casita.ids import new_id
from casita.workers._roll import Done, Roll, apply, founded, owner_of, told
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
    Whole,
)

_BEATS: Final = 4
"""So many times within a lease a member says that it is there."""
_PATIENCE: Final = 1.25
"""So many leases may another be silent before it is expelled: it has stopped to act by then."""


class Standing(StrEnum):
    """How a worker stands to its group."""

    OUTSIDE = "outside"
    JOINING = "joining"
    MEMBER = "member"


class _Head(TypedDict):
    """What all words begin with."""

    by: str
    number: int
    view: str


class Member:
    """Says what has to be said, hears what all say in one order, and knows what it may do.

    It may act on a key as long as the lease runs that it was granted by hearing itself, the key
    has been its own by every view since the last that all have adopted. Others expel it only
    when it was silent for longer than its lease, by their own clocks.
    """

    def __init__(
        self,
        worker: str,
        lease_s: float,
        rows: MutableMapping[str, Row],
        naming: Callable[[], str] = new_id,
    ) -> None:
        """``rows`` are what this worker knew when it last ran; the member keeps them up to date.

        ``naming`` gives names that no other member ever has.
        """
        self._naming = naming
        self.worker = worker
        self.lease_s = lease_s
        self.patience_s = lease_s * _PATIENCE
        self.rows = rows
        self.done = Done()
        self.roll: Roll | None = None
        """What the group knows; None while this one does not belong to it."""
        self.name = ""
        """Of this membership; another after each time it was expelled."""
        self._has_left = False
        self._leave_group()

    def _leave_group(self) -> None:
        self.standing = Standing.OUTSIDE
        self.roll = None
        self.lease_until = 0.0
        self.basis: tuple[tuple[str, ...], ...] = ((),)
        """Members by each view since the last that all adopted; to act, a key is ours by all."""
        self.adopted = ""
        self.outbox: list[Anything] = []
        """What is to be published, in order."""
        self.number = 0
        self.heard_number = 0
        """The last of our own that was heard, and counted."""
        self._sent_at: dict[int, float] = {}
        self._heard_at: dict[str, float] = {}
        self._expelled: set[tuple[str, int]] = set()
        self._next_beat = 0.0
        self._since_join: list[Anything] | None = None
        self._quiet_since: float | None = None
        self._founding = False
        self._joined_at = 0.0
        self._telling: dict[tuple[str, str], dict[int, Whole]] = {}
        self._last_of: dict[str, int] = {}
        self._gone: set[str] = set()
        self._views: set[str] = set()

    # What may be done

    def may_act(self, key: str, now: float) -> bool:
        """Say whether runs of a key may go on here."""
        return now < self.lease_until and self._is_ours(key)

    def may_begin(self, key: str, now: float) -> bool:
        """Say whether runs of a key may begin here; not if it is about to be another's."""
        roll = self.roll
        return self.may_act(key, now) and roll is not None and roll.owner(key) == self.name

    @property
    def is_to_adopt(self) -> bool:
        """Whether there is a view that this one does not act by yet."""
        return self.roll is not None and self.adopted != self.roll.view

    def _is_ours(self, key: str) -> bool:
        return all(owner_of(key, members) == self.name for members in self.basis)

    # What is said

    def tick(self, now: float) -> None:
        """Say what it is time to say."""
        if self._has_left:
            return
        if self.standing is Standing.OUTSIDE:
            self._join(now)
        elif self._is_lost(now):
            self._leave_group()
            self._join(now)
        if now >= self._next_beat and not self.outbox:
            self._say(Beat(**self._head()), now)
        if self.standing is Standing.JOINING:
            self._found_if_alone(now)
        elif now < self.lease_until:
            self._expel_silent(now)

    def note(self, changes: Sequence[Change], done: Sequence[str], now: float) -> int:
        """Tell what has become of runs; return the number under which it is told."""
        self._say(Note(**self._head(), changes=changes, done=done), now)
        return self.number

    def adopt(self, now: float) -> None:
        """Act by the present view from now on: what is another's by it is not touched any more."""
        roll = self.roll
        if roll is None or self.adopted == roll.view:
            return
        self.adopted = roll.view
        self.basis = (*self.basis, tuple(roll.seats))
        self._say(Beat(**self._head()), now)

    def leave(self, now: float) -> None:
        """Say that it acts no more, and neither joins again."""
        self._has_left = True
        self.basis = ((),)
        if self.standing is Standing.MEMBER:
            self._say(Leave(**self._head()), now)

    def _head(self) -> _Head:
        return {"by": self.name, "number": self.number + 1, "view": self.adopted}

    def _say(self, said: Anything, now: float) -> None:
        self.number = said.number
        self._sent_at[said.number] = now
        self._next_beat = now + self.lease_s / _BEATS
        self.outbox.append(said)

    def _join(self, now: float) -> None:
        self.name = self._naming()
        self.standing = Standing.JOINING
        self._joined_at = now
        self._say(Join(**self._head(), worker=self.worker), now)

    def _is_lost(self, now: float) -> bool:
        """Say whether it was forgotten while it waited to be told what the group knows."""
        return (
            self.standing is Standing.JOINING
            and self._since_join is not None
            and self._quiet_since is None
            and now - self._joined_at > 3 * self.patience_s
        )

    def _found_if_alone(self, now: float) -> None:
        quiet = self._quiet_since
        if quiet is not None and not self._founding and now - quiet >= self.patience_s:
            self._founding = True
            self._say(Found(**self._head()), now)

    def _expel_silent(self, now: float) -> None:
        assert self.roll is not None
        for seat in self.roll.seats.values():
            since = self._heard_at.setdefault(seat.member, now)
            known = (seat.member, seat.said)
            if seat.member == self.name or known in self._expelled:
                continue
            if now - since >= self.patience_s:
                self._expelled.add(known)
                self._say(Expel(**self._head(), who=seat.member, last=seat.said), now)

    # What is heard

    def hear(self, said: Anything, now: float) -> None:
        """Take in what was said next in the group."""
        self._heard_at[said.by] = now
        if self.roll is not None:
            self._hear_as_member(said, now)
        elif said.by == self.name and isinstance(said, Join):
            self._since_join = [said]
            self._quiet_since = now
        elif self._since_join is None:
            self._hear_from_outside(said)
        else:
            self._hear_while_joining(said, now)

    def _hear_as_member(self, said: Anything, now: float) -> None:
        roll = self.roll
        assert roll is not None
        if self._has_come_apart(said, roll):
            self._leave_group()
            return
        view = roll.view
        if roll.hear(said) and said.by == self.name:
            self.heard_number = said.number
            sent_at = self._sent_at.pop(said.number, None)
            if sent_at is not None:
                self.lease_until = max(self.lease_until, sent_at + self.lease_s)
        if self.name not in roll.seats:
            self._leave_group()
            return
        self._views.add(roll.view)
        if roll.view != view and roll.teller() == self.name:
            self._tell(now)
        if roll.agreed:
            self.basis = (tuple(roll.seats),)

    def _has_come_apart(self, said: Anything, roll: Roll) -> bool:
        """Say whether another knows what this one does not: the broker has lost words.

        Then it joins anew, to be told what is so.
        """
        seat = roll.seats.get(said.by)
        if seat is None or said.number <= seat.said:
            return False
        return said.number > seat.said + 1 or (said.view != "" and said.view not in self._views)

    def _tell(self, now: float) -> None:
        assert self.roll is not None
        parts = self.roll.parts()
        for number, (rows, done) in enumerate(parts):
            seats = tuple(self.roll.seats.values())
            self._say(
                Whole(
                    **self._head(), of=self.roll.view, part=number, parts=len(parts),
                    seats=seats, rows=rows, done=done,
                ),
                now,
            )  # fmt: skip

    def _hear_from_outside(self, said: Anything) -> None:
        """Follow what happened while this one did not run, for the case that all are gone."""
        if isinstance(said, Expel) and self._last_of.get(said.who, said.last) == said.last:
            self._gone.add(said.who)
        elif isinstance(said, Note) and said.by not in self._gone:
            for change in said.changes:
                apply(change, self.rows, self.done)
            for firing in said.done:
                self.done.add(firing)
        self._last_of[said.by] = said.number

    def _hear_while_joining(self, said: Anything, now: float) -> None:
        assert self._since_join is not None
        self._since_join.append(said)
        if said.view:
            self._quiet_since = None
        if isinstance(said, Found):
            self._hear_found(said)
        elif isinstance(said, Whole) and any(one.member == self.name for one in said.seats):
            parts = self._telling.setdefault((said.by, said.of), {})
            parts[said.part] = said
            if len(parts) == said.parts:
                self._enter([parts[one] for one in sorted(parts)], now)

    def _hear_found(self, said: Found) -> None:
        if said.by != self.name:
            self._leave_group()  # to join what was founded, or what was there all the time
        elif self._quiet_since is not None:
            self.roll = founded(said, self.worker, self.rows, self.done)
            self._become_member(said.number)
            self.lease_until = self._sent_at[said.number] + self.lease_s
        else:
            self._founding = False

    def _enter(self, parts: Sequence[Whole], now: float) -> None:
        """Begin with what the group knew when a view came about, and hear the rest again."""
        since = self._since_join or []
        places = [place for place, one in enumerate(since) if one.id == parts[0].of]
        if not places:
            return
        self.roll, unheard = told(parts, self.rows)
        self.done = self.roll.done
        mine = self.roll.seats[self.name]
        self._become_member(mine.said)
        for said in since[places[0] + 1 :]:
            if self.roll is not None:
                self._hear_as_member(said, now)
        if unheard and self.roll is not None:  # it began anew while those who knew were away
            self.note([one for one in unheard if one.run not in self.done], [], now)

    def _become_member(self, number: int) -> None:
        assert self.roll is not None
        self._views = {self.roll.view, *(one.adopted for one in self.roll.seats.values())}
        self.standing = Standing.MEMBER
        self.heard_number = number
        self._since_join = None
        self._quiet_since = None
        self._telling.clear()


def to_data(said: Anything) -> dict[str, object]:
    """Return words as an event carries them."""
    data: dict[str, object] = msgspec.to_builtins(said)
    return data


def from_data(data: object) -> Anything:
    """Read words from an event. Raises `msgspec.ValidationError`."""
    words: Anything = msgspec.convert(data, Anything)
    return words
