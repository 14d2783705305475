"""Puts the house together: opens the log, restores what it holds, starts plugins and the API."""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from casita.clock import Clock, SystemClock
from casita.declaring import declare
from casita.errors import LogError
from casita.host import Host
from casita.kernel import Kernel
from casita.log import EventLog, Log, MemoryLog, Notice
from casita.plugin import Plugin
from casita.tasks import Tasks
from casita.trust import of_the_machine
from casita.workers import WorkerSettings
from casita_config import Configuration

if TYPE_CHECKING:
    from casita.api import Api

_MUCH_TO_READ: Final = 5_000
"""Events since the last snapshot."""
_SNAPSHOT_EVERY_S: Final = 60.0
_RETAIN_EVERY_S: Final = 3600.0
_EXAMINE_AFTER_S: Final = 60.0
_EXAMINE_EVERY_S: Final = 86_400.0

_COLLECT_AFTER: Final = (20_000, 20, 50)
"""Thresholds of the garbage collector, which looks in vain: events and states hold no cycles."""

_logger = logging.getLogger(__name__)


def calm_collector() -> None:
    """Let the garbage collector leave out all that is there now, and look less often after.

    For a process that does nothing but run a hub, once that has started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


class Hub:
    """A house that runs: ``async with Hub(config, folder=...) as hub``.

    On leaving everything is stopped in reverse order and the log is closed with all stored.
    """

    def __init__(
        self,
        config: Configuration,
        *,
        folder: Path | None,
        log: EventLog | None = None,
        clock: Clock | None = None,
        plugins: Sequence[Plugin] | None = None,
        api: bool = True,
        worker: WorkerSettings | None = None,
    ) -> None:
        """``folder`` holds the log; None keeps it in memory, or takes the given ``log``, which
        is left open. ``plugins`` replace the installed. As a ``worker`` it has no devices, and
        shares its automations with other workers.

        Entering raises `LogInUse` if another hub holds the folder, and `OSError` if the port
        of the API is taken.
        """
        self.config = config
        self.folder = folder
        self._log = log
        self._clock = clock or SystemClock()
        self._plugins = plugins
        self._machine = of_the_machine if clock is None else None
        self._with_api = api
        self._worker = worker
        self.api: Api | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            log = self._log or stack.enter_context(self._open_log())
            self.kernel = Kernel.assemble(
                self.config, self._clock, log, self._machine, folder=self.folder,
                worker=self._worker,
            )  # fmt: skip
            self.kernel.restore()
            log.watch(self._tell)
            self.kernel.statistics.open()
            stack.push_async_callback(self.kernel.statistics.close)
            self.kernel.timers.hold_overdue()
            stack.callback(self.kernel.timers.close)
            stack.callback(self.kernel.trust.end)
            stack.callback(self.kernel.states.save)
            stack.callback(self.kernel.commands.save)
            stack.push_async_callback(self.kernel.commands.stop)
            stack.push_async_callback(self.kernel.consumers.stop)
            self.host = Host(
                self.kernel, plugins=self._plugins, interfaces=self.config.network.interfaces
            )
            for problem in declare(self.config, self.kernel.registry, log):
                self.host.tell(problem)
            self.host.load()
            if self._with_api:
                self.api = await stack.enter_async_context(self._make_api())
            stack.push_async_callback(self.host.stop)
            if self.kernel.group is not None:
                stack.push_async_callback(self.kernel.group.leave)
            stack.callback(self._emit, "hub.stopped")
            await self.host.start()
            chores = Tasks("hub")
            stack.push_async_callback(chores.stop)
            chores.start(self._settle(), "announce")
            chores.start(self._keep_snapshots(), "snapshots")
            chores.start(self._keep_retention(), "retention")
            chores.start(self._keep_sound(), "soundness")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def address(self) -> str:
        """Where the HTTP API answers, as ``http://127.0.0.1:8723``."""
        if self.api is None:
            raise RuntimeError("this hub was made without its API")
        return self.api.address

    def _open_log(self) -> EventLog:
        if self.folder is None:
            return MemoryLog(clock=self._clock)
        return Log.open(self.folder, clock=self._clock)

    def _make_api(self) -> Api:
        from casita.api import Api  # aiohttp is heavy; a hub in a test does without

        return Api(self.kernel, self.host, folder=self.folder)

    def _emit(self, type: str) -> None:
        self.kernel.bus.emit(type, "casita", {}, source="casita")

    async def _settle(self) -> None:
        await self.host.started()
        self._emit("hub.started")

    async def _keep_snapshots(self) -> None:
        """Save the states once a minute, if there is anything new, so that a start is quick.

        A hub that had to read much at its start saves at once: it may be killed within the minute.
        """
        if self.kernel.states.unsaved > _MUCH_TO_READ:
            self.kernel.states.save()
        while True:
            await self._clock.sleep(_SNAPSHOT_EVERY_S)
            self.kernel.uptime.beat()
            self.kernel.commands.save()
            if self.kernel.states.unsaved:
                self.kernel.states.save()

    def _tell(self, notice: Notice) -> None:
        """Let the house know what goes on in the log itself."""
        self.kernel.bus.emit(notice.type, "log", notice.data, source="casita")

    async def _keep_sound(self) -> None:
        """Look at the whole log soon after the start and once a day, and cut damage off."""
        await self._clock.sleep(_EXAMINE_AFTER_S)
        while True:
            try:
                await self.kernel.log.examine()
            except (LogError, OSError) as err:
                _logger.error("the log could not be examined: %s", err)
            await self._clock.sleep(_EXAMINE_EVERY_S)

    def _keep_from(self) -> int | None:
        """Return the oldest offset that somebody who reads the log has not come to yet."""
        wanted = (self.kernel.consumers.keep_from, self.kernel.statistics.keep_from)
        return min((one for one in wanted if one is not None), default=None)

    async def _keep_retention(self) -> None:
        settings = self.config.log
        while True:
            await self._clock.sleep(_RETAIN_EVERY_S)
            removed = await self.kernel.log.retain(
                max_age=timedelta(days=settings.days) if settings.days else None,
                max_bytes=settings.max_bytes,
                keep_from=self._keep_from(),
            )
            if removed:
                _logger.info("retention: %d events left the log", removed)
