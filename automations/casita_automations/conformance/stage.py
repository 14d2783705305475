"""A hub to replay things in: log in memory, virtual clock, services that record their calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import voluptuous as vol

from casita.clock import VirtualClock, settle
from casita.errors import CasitaError, CommandFailed
from casita.host import own_plugins
from casita.hub import Hub
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.model import Target
from casita.services import DONE, Command, Kind, Outcome, Service, Status
from casita_automations.values import jsonable
from casita_config import Configuration

_SOURCE: Final = "stage"
_RECORDING: Final = ("test.record", "test.record2", "test.fail", "test.echo")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A service call that was made."""

    time: datetime
    step: int
    """Index of the last step that was applied before; -1: none was."""
    service: str
    data: Mapping[str, Any]


class Stage(AbstractAsyncContextManager["Stage"]):
    """A running hub whose states are set, and whose calls are recorded, by whoever holds it."""

    def __init__(
        self,
        config: Mapping[str, Any],
        now: datetime,
        *,
        initial: Iterable[Mapping[str, Any]] = (),
        services: Sequence[str] = (),
    ) -> None:
        """``initial`` states are known before the automations; ``services`` only record."""
        self._config = Configuration.from_mapping(config)
        self._initial = list(initial)
        self._services = (*_RECORDING, *services)
        self.clock = VirtualClock(now)
        self._log = MemoryLog(clock=self.clock)
        self._hub = Hub(
            self._config, folder=None, log=self._log, clock=self.clock, plugins=own_plugins(),
            api=False,
        )  # fmt: skip
        self.calls: list[Recorded] = []
        self.step = -1

    async def __aenter__(self) -> Self:
        before = Kernel.assemble(self._config, self.clock, self._log)
        for each in self._initial:
            _set(before, each)
        await self._hub.__aenter__()
        for service in self._services:
            self._record(service)
        await self._hub.host.started()
        await settle()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._hub.__aexit__(exc_type, exc, traceback)

    @property
    def kernel(self) -> Kernel:
        """The parts of the hub."""
        return self._hub.kernel

    @property
    def problems(self) -> list[str]:
        """What the hub has said is wrong with the configuration."""
        events = self._log.scan(types=("config.problem",))
        return [f"{one.data.get('key')}: {one.data.get('message')}" for one in events]

    def set(self, each: Mapping[str, Any]) -> None:
        """Write a state: ``entity_id``, ``state``, ``attributes``, ``force_update``."""
        _set(self.kernel, each)

    def remove(self, entity_id: str) -> None:
        """Remove an entity."""
        self.kernel.states.remove(entity_id, source=_SOURCE)

    def fire(self, event: str, data: Mapping[str, Any], user_id: str | None = None) -> None:
        """Put an event on the bus."""
        self.kernel.bus.emit(event, event, data, source=_SOURCE, actor=user_id)

    def call(self, service: str, data: Mapping[str, Any]) -> None:
        """Call a service; what comes of it is not looked at."""
        known = self.kernel.commands.service(service)
        target, rest = None, dict(data)
        if known is not None and known.handler is None and "entity_id" in rest:
            ids = rest.pop("entity_id")
            target = Target(entity_id=[ids] if isinstance(ids, str) else ids)
        try:
            self.kernel.commands.call(service, rest, target, source=_SOURCE)
        except CasitaError:
            pass  # what the recorded house did then was not looked at, either

    async def until(self, moment: datetime) -> None:
        """Let time pass until a moment, with all that is due on the way."""
        await self.clock.pass_time(max(0.0, (moment - self.clock.now()).total_seconds()))

    def _record(self, service: str) -> None:
        domain, _, name = service.partition(".")

        def take(command: Command) -> Outcome:
            data = jsonable(dict(command.data))
            self.calls.append(Recorded(self.clock.now(), self.step, service, data))
            if service == "test.fail":
                raise CommandFailed("it was to fail")
            if service == "test.echo":
                return Outcome(status=Status.DONE, response={"value": data.get("value")})
            return DONE

        self.kernel.commands.register(
            Service(
                domain=domain, name=name, schema=vol.Schema({}, extra=vol.ALLOW_EXTRA),
                kind=Kind.PULSE, handler=take,
            )
        )  # fmt: skip


def _set(kernel: Kernel, each: Mapping[str, Any]) -> None:
    kernel.states.set(
        each["entity_id"], str(each["state"]), each.get("attributes") or {}, source=_SOURCE,
        force=bool(each.get("force_update")),
    )  # fmt: skip
