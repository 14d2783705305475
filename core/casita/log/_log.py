"""The log of a house: a file in its data folder."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import msgspec

from casita.clock import Clock
from casita.errors import NotStored
from casita.events import Event
from casita.log._base import EventLog, Notice
from casita.log._check import Report, Span, verify
from casita.log._files import Mark
from casita.log._finding import find_sound, hold
from casita.log._opening import damage_told, open_for_reading
from casita.log._repair import Repair
from casita.log._store import Reader
from casita.log._waiting import Barrier, Document, Job, Repairing
from casita.log._writer import WriterThread

_logger = logging.getLogger(__name__)


class Log(EventLog):
    """An `EventLog` on the disk. One process at a time writes to a folder."""

    @classmethod
    def open(cls, folder: Path, *, clock: Clock) -> Log:
        """Open the log of a data folder, made if it is new, and repaired if it is damaged.

        Raises `LogInUse` if another process has it, `LogError` if it is of a newer form, and
        `OSError` if the folder cannot be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as stack:
            lock = stack.enter_context(hold(folder))
            found = find_sound(folder)
            reader = stack.enter_context(closing(found.reader))
            log = cls(clock, folder, lock, reader, found.head, found.previous)
            stack.pop_all()
        if found.repair is not None:
            log.repair_told(found.repair)
        return log

    def __init__(
        self, clock: Clock, folder: Path, lock: IO[str], reader: Reader, head: int, previous: int
    ) -> None:
        """Use `Log.open`."""
        super().__init__(clock, head)
        self.folder = folder
        self._lock = lock
        self._reader = reader
        self._stored_head = head
        self._failed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="casita log reader")
        self._writer = WriterThread(folder, previous, self)

    @property
    def stored_head(self) -> int:
        return self._stored_head

    @property
    def damaged(self) -> frozenset[int]:
        """Offsets of events that were met in reading and do not bear their checksum."""
        return frozenset(self._reader.damaged)

    def put(self, collection: str, key: str, value: Any) -> None:
        self._writer.take(Document((collection, key), msgspec.json.encode(value)))

    def remove(self, collection: str, key: str) -> None:
        self._writer.take(Document((collection, key), None))

    @contextmanager
    def together(self) -> Iterator[None]:
        self._writer.gather()
        try:
            yield
        finally:
            self._writer.release()

    def flush(self) -> None:
        reached = threading.Event()
        self._writer.take(Barrier(reached))
        while not reached.wait(0.05):
            if self.fault is not None:
                raise NotStored(f"{self.folder}: {self.fault}")

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._reading.shutdown()
        self._reader.close()
        self._writer.close()
        self._lock.close()
        self._grew()

    def items(self, collection: str) -> dict[str, Any]:
        self.flush()
        return self._in_turn(lambda reader: reader.items(collection))

    def scan(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
    ) -> Iterator[Event]:
        reader = Reader(open_for_reading(self.folder))
        try:
            end = self._end(before, stored_only=True)
            yield from reader.events(after, end, types, subjects)
        finally:
            self._reader.damaged |= reader.damaged
            reader.close()

    async def retain(
        self,
        max_age: timedelta | None = None,
        max_bytes: int | None = None,
        *,
        keep_from: int | None = None,
    ) -> int:
        loop = asyncio.get_running_loop()
        dropped: asyncio.Future[int] = loop.create_future()
        oldest = (self._clock.now() - max_age).timestamp() if max_age is not None else None
        end = keep_from if keep_from is not None else self._head + 1

        def tell(count: int) -> None:
            loop.call_soon_threadsafe(_resolve, dropped, count)

        self._writer.take(Job(lambda writer: writer.drop(oldest, max_bytes, end), tell))
        return await dropped

    def watch(self, watcher: Callable[[Notice], None]) -> None:
        self._loop = asyncio.get_running_loop()
        super().watch(watcher)

    async def examine(self) -> Report:
        loop = asyncio.get_running_loop()

        def look() -> Report:
            mark = Mark(self.folder).read()
            with closing(open_for_reading(self.folder)) as connection:
                return verify(connection, mark)

        with damage_told(self.folder):
            report = await loop.run_in_executor(self._reading, look)
        if not report.sound:
            repaired: asyncio.Future[int] = loop.create_future()

            def done() -> None:
                loop.call_soon_threadsafe(_resolve, repaired, 0)

            self._writer.take(Repairing(done))
            await repaired
        return report

    # Told by the writing thread

    def stored_to(self, offset: int) -> None:
        """Everything up to an offset is durable."""
        self._stored_head = offset
        self._tell_loop()

    def fault_told(self, fault: str | None) -> None:
        """The disk refuses, or takes what it is given again."""
        self.fault = fault
        if fault is not None and not self._failed:
            self._notices.append(Notice("log.failing", {"reason": fault}))
        if fault is None and self._failed:
            self._notices.append(Notice("log.recovered", {}))
        self._failed = fault is not None
        self._tell_loop()

    def shed_told(self, lost: Span) -> None:
        """So much was given up, because the disk refused for too long."""
        self.given_up = [one for one in self.given_up if one[0] != lost[0]] + [lost]

    def repair_told(self, repair: Repair) -> None:
        """Damage was cut off, and the file may be another."""
        _logger.error("the log was damaged, and is repaired: %s", repair)
        self._notices.append(
            Notice(
                "log.damaged",
                {"reason": repair.why, "lost": repair.lost, "documents": repair.documents,
                 "aside": repair.aside},
            )
        )  # fmt: skip
        if not self.closed:
            self._reading.submit(self._reopen)
        self._tell_loop()

    def _reopen(self) -> None:
        """Read from the file that has taken the old one's place."""
        old, self._reader = self._reader, Reader(open_for_reading(self.folder))
        self._reader.damaged |= old.damaged
        old.close()

    def _keep(self, event: Event) -> None:
        self._writer.take(event)

    async def _older(
        self,
        after: int,
        before: int,
        wanted: tuple[tuple[str, ...], tuple[str, ...]],
        limit: int,
        *,
        newest_first: bool,
    ) -> list[Event]:
        def read() -> list[Event]:
            events = self._reader.events(after, before, *wanted, newest_first=newest_first)
            found: list[Event] = []
            for event in events:
                found.append(event)
                if len(found) == limit:
                    break
            return found

        return await asyncio.get_running_loop().run_in_executor(self._reading, read)

    async def _growth(self, known: int) -> None:
        self._loop = asyncio.get_running_loop()
        await super()._growth(known)

    def _in_turn(self, read: Callable[[Reader], dict[str, Any]]) -> dict[str, Any]:
        return self._reading.submit(lambda: read(self._reader)).result()

    def _tell_loop(self) -> None:
        """Wake whoever waits for progress, or wants to know. Runs in any thread."""
        if (self._waiting or self._notices) and self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._progressed)
            except RuntimeError:
                pass  # the loop has ended; nobody waits any more

    def _progressed(self) -> None:
        self._grew()
        self._tell_notices()


def _resolve(future: asyncio.Future[int], count: int) -> None:
    if not future.done():
        future.set_result(count)
