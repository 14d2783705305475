"""The one thread that writes: it stores what has gathered, in groups, and tells how far it is."""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

import apsw

from casita.errors import LogError
from casita.events import Event
from casita.log._check import Span, verify
from casita.log._codec import Batch, last_sum, pack, row_of, stand_in
from casita.log._files import Mark
from casita.log._opening import UNREADABLE, is_damage, open_for_writing
from casita.log._repair import Repair, repair
from casita.log._store import Writer
from casita.log._waiting import (
    Barrier,
    Bundle,
    Document,
    Job,
    Repairing,
    Single,
    Waiting,
    flat,
    shed,
)  # fmt: skip

MOST_UNSTORED: Final = 32_768
"""So many events and documents at most wait in memory while the disk refuses them."""
_GROUP: Final = 4096
"""So many events and documents at most go into one transaction."""
_BATCH_EVENTS: Final = 512
_BATCH_BYTES: Final = 256 * 1024
_RETRY_S: Final = 1.0
_REPAIRS: Final = 2
"""So many repairs are tried before damage counts as a disk that refuses."""
_REFUSALS: Final = (apsw.Error, OSError, LogError)

_logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Is told by the writing thread, in that thread, how it gets on."""

    def stored_to(self, offset: int) -> None:
        """Everything up to an offset is durable."""

    def fault_told(self, fault: str | None) -> None:
        """The disk refuses, or takes what it is given again."""

    def shed_told(self, lost: Span) -> None:
        """So much was given up, because the disk refused for too long."""

    def repair_told(self, repair: Repair) -> None:
        """Damage was cut off, and the file may be another."""


class WriterThread:
    """Takes events and documents in order, and stores them in order.

    When the disk refuses, it tries again every second. It keeps what it has meanwhile, up to a
    number; beyond that the oldest events are given up, and told.
    """

    def __init__(self, folder: Path, previous: int, listener: Listener) -> None:
        """``previous`` is the sum of the newest stored row."""
        self._folder = folder
        self._previous = previous
        self._listener = listener
        self._mark = Mark(folder)
        self._writer: Writer | None = None
        self._queue: deque[Waiting] = deque()
        self._gathered: list[Waiting] | None = None
        self._gatherers = 0
        self._wake = threading.Event()
        self._idle = True
        self._closing = False
        self._faulty = False
        self._repairs = 0
        self._shed: Span | None = None
        self._thread = threading.Thread(target=self._run, name="casita log writer", daemon=True)
        self._thread.start()

    def take(self, item: Single) -> None:
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
        try:
            while (group := self._next_group()) is not None:
                self._store(group)
        except BaseException as err:
            self._listener.fault_told(f"the writer ended: {err!r}")
            raise
        finally:
            if self._writer is not None:
                self._writer.close()
            self._mark.close()

    def _next_group(self) -> list[Single] | None:
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
        return list(flat(queue.popleft() for _ in range(min(len(queue), _GROUP))))

    def _store(self, group: list[Single]) -> None:
        batches = self._batches([one for one in group if isinstance(one, Event)])
        documents = {one.key: one.value for one in group if isinstance(one, Document)}
        if (batches or documents) and not self._write(batches, documents):
            return
        if batches:
            newest = batches[-1][0]
            self._previous = last_sum(newest.sums)
            self._mark.write(newest.last)
            self._listener.stored_to(newest.last)
        for one in group:
            if isinstance(one, Job):
                self._do(one)
            elif isinstance(one, Barrier):
                one.reached.set()
            elif isinstance(one, Repairing):
                self._repair_in_turn(one)

    def _write(
        self,
        batches: list[tuple[Batch, set[str]]],
        documents: dict[tuple[str, str], bytes | None],
    ) -> bool:
        """Write until the disk takes it; give up only when the log closes."""
        while True:
            try:
                self._write_once(batches, documents)
            except _REFUSALS as err:
                self._tell_fault(f"{type(err).__name__}: {err}")
                if self._closing:
                    _logger.error("closing: %d batches could not be stored", len(batches))
                    return False
                self._shed_surplus()
                self._wake.wait(_RETRY_S)
            else:
                self._repairs = 0
                self._shed = None
                self._tell_fault(None)
                return True

    def _write_once(
        self,
        batches: list[tuple[Batch, set[str]]],
        documents: dict[tuple[str, str], bytes | None],
    ) -> None:
        try:
            self._opened().write(batches, documents)
        except UNREADABLE as err:
            if self._repairs == _REPAIRS or not is_damage(err):
                raise
            self._repairs += 1
            self._repair()
            self._opened().write(batches, documents)

    def _opened(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(open_for_writing(self._folder))
        return self._writer

    def _repair_in_turn(self, asked: Repairing) -> None:
        try:
            self._repair()
        except _REFUSALS as err:
            _logger.error("the log could not be repaired: %s", err)
        asked.done()

    def _repair(self) -> None:
        """Cut off whatever is damaged. Raises what SQLite raises if the disk refuses."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        mark = self._mark.read()
        with closing(open_for_writing(self._folder)) as connection:
            report = verify(connection, mark)
            if report.sound:
                return
            done = repair(self._folder, connection, report, mark)
        self._listener.repair_told(done)

    def _do(self, job: Job) -> None:
        try:
            job.done(job.run(self._opened()))
        except _REFUSALS as err:
            _logger.error("the log could not be maintained: %s", err)
            job.done(0)

    def _shed_surplus(self) -> None:
        """Give up the oldest of what waits, if it is too much; others may append meanwhile."""
        queue = self._queue
        waiting = [queue.popleft() for _ in range(len(queue))]
        found = shed(waiting, MOST_UNSTORED, self._shed[0] if self._shed else None)
        queue.extendleft(reversed(waiting if found is None else found.kept))
        if found is not None and found.last >= found.first:
            self._shed = found.first, found.last
            self._listener.shed_told(self._shed)
            _logger.error("events %d to %d are given up: they cannot be stored", *self._shed)

    def _tell_fault(self, fault: str | None) -> None:
        if fault is not None or self._faulty:
            self._listener.fault_told(fault)
        if fault is not None and not self._faulty:
            _logger.error("events cannot be stored: %s; the house goes on without", fault)
        if fault is None and self._faulty:
            _logger.warning("events are stored again")
        self._faulty = fault is not None

    def _batches(self, events: list[Event]) -> list[tuple[Batch, set[str]]]:
        batches: list[tuple[Batch, set[str]]] = []
        previous = self._previous
        gathered: list[Event] = []
        rows: list[bytes] = []
        size = 0
        for event in events:
            row = _row(event)
            if rows and (
                len(rows) == _BATCH_EVENTS
                or size + len(row) > _BATCH_BYTES
                or event.offset != gathered[-1].offset + 1
            ):
                previous = _add(batches, gathered, rows, previous)
                gathered, rows, size = [], [], 0
            gathered.append(event)
            rows.append(row)
            size += len(row)
        if rows:
            _add(batches, gathered, rows, previous)
        return batches


def _row(event: Event) -> bytes:
    """Return the bytes of an event; of one that JSON cannot hold, those of what can be said."""
    try:
        return row_of(event)
    except (TypeError, ValueError, OverflowError, RecursionError) as err:
        _logger.error("event %d (%r) cannot be stored as it is: %s", event.offset, event.type, err)
        return row_of(stand_in(event, str(err)))


def _add(
    batches: list[tuple[Batch, set[str]]], events: list[Event], rows: list[bytes], previous: int
) -> int:
    """Add a batch; return the sum of its last row."""
    batch, total = pack(events, rows, previous)
    batches.append((batch, {event.subject for event in events}))
    return total
