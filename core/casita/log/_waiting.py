"""What waits to be stored, and what becomes of it when the disk refuses for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from casita.events import Event
from casita.log._store import LOST, Writer


class Document(NamedTuple):
    """A document to keep, or with None to drop."""

    key: tuple[str, str]
    value: bytes | None


class Job(NamedTuple):
    """Something else to be done in turn, on the writing thread."""

    run: Callable[[Writer], Any]
    done: Callable[[Any], None]


class Barrier(NamedTuple):
    """Is set once everything before it is stored."""

    reached: threading.Event


class Repairing(NamedTuple):
    """Asks for the whole log to be looked at, and for damage to be cut off."""

    done: Callable[[], None]


Single = Event | Document | Job | Barrier | Repairing


class Bundle(NamedTuple):
    """Events and documents that go into one transaction."""

    items: list[Any]


Waiting = Single | Bundle


class Shed(NamedTuple):
    """What is left of a queue that grew too long, and what was given up of it."""

    kept: list[Waiting]
    first: int
    last: int


def flat(group: Iterable[Waiting]) -> Iterator[Single]:
    """Yield what is in a group, with its bundles opened."""
    for one in group:
        if isinstance(one, Bundle):
            yield from one.items
        else:
            yield one


def shed(group: Iterable[Waiting], most: int, since: int | None) -> Shed | None:
    """Give up the oldest events, so that so many are left; None if there are not too many.

    Of documents only the newest of each key is kept; what is left goes into one transaction,
    with a note of what was given up, from the offset ``since`` on if there was more before.
    """
    items = list(flat(group))
    documents = {one.key: one for one in items if isinstance(one, Document)}
    events = [one for one in items if isinstance(one, Event)]
    others = [one for one in items if not isinstance(one, Event | Document)]
    if len(items) <= most:
        return None
    dropped = events[: max(0, len(events) - most // 2)]
    kept: list[Single] = [*events[len(dropped) :], *documents.values()]
    if not dropped:
        return Shed([Bundle(kept), *others], 0, -1)
    first = dropped[0].offset if since is None else since
    last = dropped[-1].offset
    kept.append(loss(first, last, "the disk refused it"))
    return Shed([Bundle(kept), *others], first, last)


def loss(first: int, last: int, why: str) -> Document:
    """Return the document that notes that some events are missing for good."""
    return Document(
        (LOST, str(first)), msgspec.json.encode({"first": first, "last": last, "why": why})
    )
