"""Homes and workers at one broker in memory, by one virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from casita.broker import MemoryBroker, memory_broker
from casita.clock import VirtualClock, settle
from casita.events import Event
from casita.host import own_plugins
from casita.hub import Hub
from casita.ids import new_id
from casita.log import MemoryLog
from casita.model import Target
from casita.services import Command
from casita.workers import Group, WorkerSettings
from casita_config import Configuration

START: Final = datetime(2024, 3, 12, 9, tzinfo=UTC)
GROUP: Final = "helpers"
LEASE_S: Final = 6.0
_T = TypeVar("_T")


class Neighbour:
    """A process of the village: a home, or a worker."""

    def __init__(self, name: str, hub: Hub, log: MemoryLog, reader: str) -> None:
        self.name = name
        self.hub = hub
        self.log = log
        self.reader = reader
        self.done: list[tuple[str, str]] = []
        """The commands that the devices of this home were given."""

    @property
    def group(self) -> Group:
        """Its part in the group, if it is a worker."""
        group = self.hub.kernel.group
        assert group is not None
        return group

    def acts(self, key: str) -> bool:
        """Say whether it may run an automation."""
        return self.group.may_act(key)

    def logged(self, type: str) -> list[Event]:
        """Return what its log holds."""
        return list(self.log.scan(types=(type,)))

    def take(self, command: Command) -> None:
        """Carry out a command as a device that does what it is told."""
        assert command.entity_id is not None
        self.done.append((command.service, command.entity_id))
        if command.action in ("turn_on", "turn_off"):
            state = command.action.removeprefix("turn_")
            kernel = self.hub.kernel
            kernel.states.set(command.entity_id, state, {}, source="test", cause=command.event)


class Village:
    """Homes that have a broker in common, and workers that run what these need."""

    def __init__(self, automations: Sequence[Mapping[str, Any]], scripts: Any = None) -> None:
        self.clock = VirtualClock(START)
        self.url = f"memory://{new_id()}"
        self.homes: dict[str, Neighbour] = {}
        self.workers: dict[str, Neighbour] = {}
        self.gone: list[Neighbour] = []
        self._config: dict[str, Any] = {
            "automations": list(automations),
            "brokers": {"village": {"url": self.url}},
        }
        if scripts is not None:
            self._config["script"] = scripts
        self._logs: dict[str, MemoryLog] = {}
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for one in (*self.workers.values(), *self.homes.values()):
            self._run(one.hub.__aexit__(None, None, None))
        self._runner.close()

    @property
    def broker(self) -> MemoryBroker:
        """The broker."""
        return memory_broker(self.url)

    def home(self, name: str, **states: str) -> Neighbour:
        """Build a home with devices; the workers may command all of them."""
        broker = {
            "url": self.url, "home": name, "publish": {}, "commands": {GROUP: ["*"]},
        }  # fmt: skip
        config = Configuration.from_mapping({"brokers": {"village": broker}})
        home = self._start(name, config, name, None)
        self.homes[name] = home
        for key, state in states.items():
            entity_id = key.replace("__", ".")
            self._run(self._sees(home, entity_id, state))
        return home

    def worker(self, name: str) -> Neighbour:
        """Start a worker; one that was there before has its log still."""
        settings = WorkerSettings(group=GROUP, worker=name, lease_s=LEASE_S)
        config = Configuration.from_mapping(self._config)
        self.broker.let_in(f"{GROUP}-{name}")
        self.workers[name] = self._start(name, config, f"{GROUP}-{name}", settings)
        return self.workers[name]

    def sees(self, home: str, entity_id: str, state: str) -> None:
        """Let something change in a home."""
        self._run(self._sees(self.homes[home], entity_id, state))

    def passes(self, seconds: float) -> None:
        """Let time pass for all."""
        self._run(self.clock.pass_time(seconds))

    def cut(self, name: str) -> None:
        """Cut a home or a worker off from the broker."""
        self.broker.cut(self._named(name).reader)
        self._run(settle())

    def mend(self, name: str) -> None:
        """Let it reach the broker again."""
        self.broker.let_in(self._named(name).reader)

    def kill(self, name: str) -> None:
        """End a worker as a power cut does; its log is there when it starts again."""
        worker = self.workers.pop(name)
        self._logs[name] = worker.log.copy()
        self.broker.cut(worker.reader)
        self.gone.append(worker)
        self._run(worker.hub.__aexit__(None, None, None))

    def stop(self, name: str) -> None:
        """End a worker in order."""
        worker = self.workers.pop(name)
        self._run(worker.hub.__aexit__(None, None, None))
        self._logs[name] = worker.log.copy()

    def triggers(self, name: str, entity_id: str) -> str | None:
        """Run an automation by hand at a worker; return why it refuses, if so."""
        commands = self.workers[name].hub.kernel.commands
        target = Target(entity_id=(entity_id,))

        async def call() -> str | None:
            failure = commands.call("automation.trigger", {}, target, source="test").failure
            return None if failure is None else failure[1].message

        return self._run(call())

    def acting(self, key: str) -> list[str]:
        """Return the workers that may run an automation."""
        return [name for name, one in self.workers.items() if one.acts(key)]

    def _named(self, name: str) -> Neighbour:
        return self.homes.get(name) or self.workers[name]

    async def _sees(self, home: Neighbour, entity_id: str, state: str) -> None:
        kernel = home.hub.kernel
        if not kernel.commands.attached(entity_id):
            kernel.commands.attach(entity_id, home.take)
        kernel.states.set(entity_id, state, {}, source="test")
        await settle()

    def _start(
        self, name: str, config: Configuration, reader: str, settings: WorkerSettings | None
    ) -> Neighbour:
        log = self._logs.get(name) or MemoryLog(clock=self.clock)
        hub = Hub(
            config, folder=None, log=log, clock=self.clock, plugins=own_plugins(), api=False,
            worker=settings,
        )  # fmt: skip
        self._run(hub.__aenter__())
        self._run(hub.host.started())
        self._run(settle())
        return Neighbour(name, hub, log, reader)

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(coroutine)
