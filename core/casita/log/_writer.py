"""The one thread that writes: it stores what has gathered, in groups, and tells how far it is."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw

from casita.events import Event
from casita.log._codec import Batch, pack, row_of
from casita.log._store import Writer, open_for_writing

_GROUP: Final = 4096
"""So many events and documents at most go into one transaction."""
_BATCH_EVENTS: Final = 512
_BATCH_BYTES: Final = 256 * 1024
_RETRY_S: Final = 1.0

_logger = logging.getLogger(__name__)


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


class Bundle(NamedTuple):
    """Events and documents that go into one transaction."""

    items: list[Any]


class WriterThread:
    """Takes events and documents in order, and stores them in order.

    When the disk refuses, it keeps what it has and tries again every second.
    """

    def __init__(
        self,
        folder: Path,
        previous: int,
        on_stored: Callable[[int], None],
        on_fault: Callable[[str | None], None],
    ) -> None:
        """``previous`` is the sum of the newest stored row; the callbacks run in the thread."""
        self._folder = folder
        self._previous = previous
        self._on_stored = on_stored
        self._on_fault = on_fault
        self._queue: deque[Event | Document | Job | Barrier | Bundle] = deque()
        self._gathered: list[Event | Document | Job | Barrier] | None = None
        self._gatherers = 0
        self._wake = threading.Event()
        self._idle = True
        self._closing = False
        self._faulty = False
        self._thread = threading.Thread(target=self._run, name="casita log writer", daemon=True)
        self._thread.start()

    def take(self, item: Event | Document | Job | Barrier) -> None:
        """Store something, after all that was taken before."""
        gathered = self._gathered
        if gathered is None:
            self._queue.append(item)
        elif isinstance(item, Event | Document):
            gathered.append(item)
            return
        else:
            self._queue += [Bundle(list(gathered)), item]
            gathered.clear()
        if self._idle:
            self._idle = False
            self._wake.set()

    def gather(self) -> None:
        """Hold back what is taken from now on, until `release`."""
        self._gatherers += 1
        if self._gathered is None:
            self._gathered = []

    def release(self) -> None:
        """Store what was held back in one transaction, once all who gathered have released it."""
        self._gatherers -= 1
        if self._gatherers:
            return
        gathered, self._gathered = self._gathered, None
        if gathered:
            self._queue.append(Bundle(gathered))
            if self._idle:
                self._idle = False
                self._wake.set()

    def close(self) -> None:
        """Store what is left, and end. What the disk refuses then is lost."""
        self._closing = True
        self._idle = False
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        writer = Writer(open_for_writing(self._folder))
        try:
            while True:
                group = self._next_group()
                if group is None:
                    return
                self._store(writer, group)
        finally:
            writer.close()

    def _next_group(self) -> list[Event | Document | Job | Barrier] | None:
        """Wait for something to do; None means that all is done and the log is closing."""
        while not self._queue:
            if self._closing:
                return None
            self._idle = True
            if not self._queue and not self._closing:
                self._wake.wait()
            self._wake.clear()
            self._idle = False
        queue = self._queue
        return _flat([queue.popleft() for _ in range(min(len(queue), _GROUP))])

    def _store(self, writer: Writer, group: list[Event | Document | Job | Barrier]) -> None:
        batches, total = self._batches([one for one in group if isinstance(one, Event)])
        documents = {one.key: one.value for one in group if isinstance(one, Document)}
        if (batches or documents) and not self._write(writer, batches, documents):
            return
        self._previous = total
        if batches:
            self._on_stored(batches[-1][0].last)
        for one in group:
            if isinstance(one, Job):
                self._do(writer, one)
            elif isinstance(one, Barrier):
                one.reached.set()

    def _write(
        self,
        writer: Writer,
        batches: list[tuple[Batch, set[str]]],
        documents: dict[tuple[str, str], bytes | None],
    ) -> bool:
        """Write until the disk takes it; give up only when the log closes."""
        while True:
            try:
                writer.write(batches, documents)
            except (apsw.Error, OSError) as err:
                self._tell_fault(f"{type(err).__name__}: {err}")
                if self._closing:
                    _logger.error("closing: %d batches could not be stored", len(batches))
                    return False
                self._wake.wait(_RETRY_S)
            else:
                self._tell_fault(None)
                return True

    def _do(self, writer: Writer, job: Job) -> None:
        try:
            job.done(job.run(writer))
        except (apsw.Error, OSError) as err:
            _logger.error("the log could not be maintained: %s", err)
            job.done(0)

    def _tell_fault(self, fault: str | None) -> None:
        if fault is not None or self._faulty:
            self._on_fault(fault)
        if fault is not None and not self._faulty:
            _logger.error("events cannot be stored: %s; the house goes on without", fault)
        if fault is None and self._faulty:
            _logger.warning("events are stored again")
        self._faulty = fault is not None

    def _batches(self, events: list[Event]) -> tuple[list[tuple[Batch, set[str]]], int]:
        batches: list[tuple[Batch, set[str]]] = []
        previous = self._previous
        begin = 0
        rows: list[bytes] = []
        size = 0
        for index, event in enumerate(events):
            row = row_of(event)
            if rows and (len(rows) == _BATCH_EVENTS or size + len(row) > _BATCH_BYTES):
                previous = _add(batches, events[begin:index], rows, previous)
                begin, rows, size = index, [], 0
            rows.append(row)
            size += len(row)
        if rows:
            previous = _add(batches, events[begin:], rows, previous)
        return batches, previous


def _flat(
    group: list[Event | Document | Job | Barrier | Bundle],
) -> list[Event | Document | Job | Barrier]:
    flat: list[Event | Document | Job | Barrier] = []
    for one in group:
        if isinstance(one, Bundle):
            flat += one.items
        else:
            flat.append(one)
    return flat


def _add(
    batches: list[tuple[Batch, set[str]]], events: list[Event], rows: list[bytes], previous: int
) -> int:
    """Add a batch; return the sum of its last row."""
    batch, total = pack(events, rows, previous)
    batches.append((batch, {event.subject for event in events}))
    return total
