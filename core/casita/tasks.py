"""Tasks with an owner, a name and an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

TaskErrorHandler = Callable[[str, Exception], None]

_logger = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner. A task that fails is reported and takes none of the others along."""

    def __init__(self, owner: str, on_error: TaskErrorHandler | None = None) -> None:
        self.owner = owner
        self._on_error = on_error or self._report
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine as a task named ``owner: name``."""
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self.owner}: {name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def cancel(self) -> None:
        """Cancel what runs, and do not wait until it has ended."""
        for task in self._running:
            task.cancel()

    async def stop(self) -> None:
        """Cancel what still runs, and wait until it has ended."""
        own = asyncio.current_task()
        running = [task for task in self._running if task is not own]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        err = task.exception()
        if isinstance(err, Exception):
            self._on_error(task.get_name(), err)

    @staticmethod
    def _report(name: str, err: Exception) -> None:
        _logger.error("%s failed: %r", name, err, exc_info=err)


def is_cancelled() -> bool:
    """Say whether it is the present task that is cancelled, not something that it has awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
