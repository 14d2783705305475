"""One instance of a plugin from its first start to its last stop."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final

from casita.clock import deadline
from casita.errors import AuthFailed, CasitaError, NotReady, SetupFailed
from casita.home import Home
from casita.host._ledger import InstanceStatus, State
from casita.kernel import Kernel
from casita.plugin import Component
from casita.states import UNAVAILABLE
from casita.tasks import Tasks

START_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 5.0
_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 24.0
"""A device that returns is found within half a minute, also after a long absence."""
_ERRORS_TOLD: Final = 5
"""After so many the ledger goes on counting, and the program's log is spared."""

_logger = logging.getLogger(__name__)


class Runner:
    """Starts a component, tries again with backoff if it is not ready, and stops it."""

    def __init__(
        self,
        name: str,
        kernel: Kernel,
        make: Callable[[], Component],
        make_home: Callable[[Runner], Home],
    ) -> None:
        self.name = name
        self._kernel = kernel
        self._make = make
        self._make_home = make_home
        self._tasks = Tasks(f"host of {name}")
        self._tried = asyncio.Event()
        self._component: Component | None = None
        self._home: Home | None = None
        self._state = State.STARTING
        self._reason: str | None = None
        self._attempts = 0
        self._errors = 0
        self._last_error: str | None = None
        self._since = kernel.clock.now()

    @property
    def component(self) -> Component | None:
        """The instance while it runs."""
        return self._component

    def status(self) -> InstanceStatus:
        """Return how it fares."""
        return InstanceStatus(
            name=self.name,
            state=self._state,
            reason=self._reason,
            attempts=self._attempts,
            errors=self._errors,
            last_error=self._last_error,
            since=self._since,
        )

    def start(self) -> None:
        """Begin to try; ``tried`` returns after the first attempt."""
        self._tasks.start(self._run(), "start")

    async def tried(self) -> None:
        """Return once the first attempt to start has ended, either way."""
        await self._tried.wait()

    async def stop(self) -> None:
        """Stop it, within 5 s."""
        await self._tasks.stop()
        await self._end(lost=None)
        self._enter(State.STOPPED)

    def failed(self, where: str, err: Exception) -> None:
        """Count a failure of one of its tasks or callbacks."""
        self._errors += 1
        self._last_error = f"{where}: {_words(err)}"
        if self._errors <= _ERRORS_TOLD:
            _logger.error("%s: %s", self.name, self._last_error, exc_info=err)

    async def _run(self) -> None:
        while not await self._attempt():
            pause_s = min(_FIRST_RETRY_S * 2 ** (self._attempts - 1), _LONGEST_RETRY_S)
            await self._kernel.clock.sleep(pause_s * random.uniform(0.8, 1.2))

    async def _attempt(self) -> bool:
        """Try to start once; say whether that settles it."""
        self._attempts += 1
        try:
            await self._start_once()
        except NotReady as err:
            await self._fail(State.WAITING, _words(err))
            return False
        except TimeoutError:
            await self._fail(State.WAITING, f"its start did not end within {START_WITHIN_S:g} s")
            return False
        except AuthFailed as err:
            await self._fail(State.NEEDS_ATTENTION, _words(err))
        except SetupFailed as err:
            await self._fail(State.FAILED, _words(err))
        except Exception as err:
            _logger.error("%s: its start failed", self.name, exc_info=err)
            await self._fail(State.FAILED, f"its start raised {_words(err)}")
        finally:
            self._tried.set()
        return True

    async def _start_once(self) -> None:
        self._component = self._make()
        self._home = self._make_home(self)
        self._home.handle_commands(self._component.command)
        self._component.home = self._home
        async with deadline(self._kernel.clock, START_WITHIN_S):
            await self._component.start()
        self._attempts = 0
        self._enter(State.RUNNING)
        self._kernel.vocabulary.opened(self._component.triggers, self._component)
        self._kernel.bus.emit("plugin.started", self.name, {}, source=self.name)

    async def _fail(self, state: State, reason: str) -> None:
        await self._end(lost=reason)
        if (state, reason) != (self._state, self._reason):
            self._kernel.bus.emit(
                "plugin.failed", self.name, {"state": state.value, "reason": reason},
                source=self.name,
            )  # fmt: skip
            _logger.warning("%s: %s: %s", self.name, state.value, reason)
        self._enter(state, reason)

    async def _end(self, *, lost: str | None) -> None:
        component, self._component = self._component, None
        home, self._home = self._home, None
        if component is not None:
            self._kernel.vocabulary.closed(component.triggers)
            try:
                async with deadline(self._kernel.clock, STOP_WITHIN_S):
                    await component.stop()
            except Exception as err:  # noqa: BLE001 - a plugin's stop must not keep ours from ending
                self.failed("stop", err)
        if home is not None:
            await home.close()
        if lost is not None:
            self._mark_unavailable()

    def _mark_unavailable(self) -> None:
        """Say of the entities that it had at an earlier start that they cannot be reached."""
        for entry in self._kernel.registry.entities:
            state = self._kernel.states.get(entry.entity_id)
            if entry.source == self.name and state is not None and state.state != UNAVAILABLE:
                self._kernel.states.set(
                    entry.entity_id, UNAVAILABLE, state.attributes, source=self.name
                )

    def _enter(self, state: State, reason: str | None = None) -> None:
        self._state = state
        self._reason = reason
        self._since = self._kernel.clock.now()


def _words(err: Exception) -> str:
    if isinstance(err, CasitaError):
        return str(err) or type(err).__name__
    return f"{type(err).__name__}: {err}"
