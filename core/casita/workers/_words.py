"""What the workers of a group say to each other, in one order for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True):
    """A run that waits, as every worker of the group knows it."""

    key: str
    """The automation by which it is owned."""
    document: Mapping[str, Any]


class Change(msgspec.Struct, frozen=True):
    """A row written or struck out."""

    run: str
    row: Row | None


class Seat(msgspec.Struct, frozen=True):
    """A member of the group."""

    member: str
    """One start of a worker: its next start is another member."""
    worker: str
    """What people call it."""
    settled: bool
    """Whether it knows what the group knows."""
    adopted: str
    """The view that it has said to act by."""
    said: int
    """The number of the last that it said."""


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="said"):
    """Something that a member says."""

    by: str
    number: int
    """Counts what this member says, from 1: what comes twice or too early is not heard."""
    view: str = ""
    """The view that it acts by; empty while it does not belong to the group yet."""

    @property
    def id(self) -> str:
        """What names it among all that was ever said; also the view that it brings about."""
        return f"{self.by}#{self.number}"


class Join(Said, frozen=True, kw_only=True, tag="join"):
    """It wants to belong to the group."""

    worker: str


class Beat(Said, frozen=True, kw_only=True, tag="beat"):
    """It is there, and acts by this view and no other."""


class Leave(Said, frozen=True, kw_only=True, tag="leave"):
    """It acts no more."""


class Expel(Said, frozen=True, kw_only=True, tag="expel"):
    """Another has been silent for too long; void if that one has spoken meanwhile."""

    who: str
    last: int
    """The number of the last that was heard of it."""


class Found(Said, frozen=True, kw_only=True, tag="found"):
    """Nobody who belongs to the group answers: it begins anew with this member alone."""


class Note(Said, frozen=True, kw_only=True, tag="note"):
    """What has become of runs, and which firings of triggers were dealt with."""

    changes: Sequence[Change] = ()
    done: Sequence[str] = ()


class Whole(Said, frozen=True, kw_only=True, tag="whole"):
    """All that the group knew when a view came about, for those who have joined; in parts."""

    of: str
    """The view."""
    part: int
    parts: int
    seats: Sequence[Seat] = ()
    rows: Sequence[Change] = ()
    done: Sequence[str] = ()


Anything = Join | Beat | Leave | Expel | Found | Note | Whole
