"""The parts of the hub that the hub's own components may use, in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casita.asking import Asking
from casita.bus import Bus
from casita.clock import Clock
from casita.commands import Commands
from casita.consumers import Consumers
from casita.discovery import Discovery
from casita.log import EventLog
from casita.registry import Registry
from casita.states import States
from casita.statistics import Statistics
from casita.timers import Timers
from casita.trust import Machine, Trust
from casita.uptime import Uptime
from casita.vocabulary import Vocabulary
from casita.webhooks import Webhooks
from casita.workers import Group, WorkerSettings
from casita_config import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """Everything below the plugins. Made once by the hub; nothing in it knows a plugin."""

    config: Configuration
    clock: Clock
    log: EventLog
    bus: Bus
    consumers: Consumers
    states: States
    statistics: Statistics
    registry: Registry
    timers: Timers
    commands: Commands
    discovery: Discovery
    vocabulary: Vocabulary
    webhooks: Webhooks
    uptime: Uptime
    trust: Trust
    asking: Asking
    group: Group | None
    """The workers among which the automations are shared; None: this hub runs them all."""

    @classmethod
    def assemble(
        cls,
        config: Configuration,
        clock: Clock,
        log: EventLog,
        machine: Machine | None = None,
        *,
        folder: Path | None = None,
        worker: WorkerSettings | None = None,
    ) -> Kernel:
        """Put the parts together over a log, with nothing restored yet.

        ``machine`` says what it knows of the clock; see `Trust`. ``folder`` is where statistics
        are kept; None keeps them in memory. ``worker`` says with whom automations are shared.
        """
        bus = Bus(log)
        states = States(bus, clock)
        registry = Registry(bus, clock)
        return cls(
            config=config,
            clock=clock,
            log=log,
            bus=bus,
            consumers=Consumers(bus, clock),
            states=states,
            statistics=Statistics(log, clock, folder),
            registry=registry,
            timers=Timers(bus, clock),
            commands=Commands(bus, clock, states, registry),
            discovery=Discovery(bus, clock),
            vocabulary=Vocabulary(),
            webhooks=Webhooks(),
            uptime=Uptime(log, clock),
            trust=Trust(bus, clock, machine),
            asking=Asking(),
            group=None if worker is None else Group(worker, log, clock),
        )

    def restore(self) -> None:
        """Bring back what the log holds: registry, states, timers, candidates, consumers."""
        self.uptime.restore()
        self.registry.restore()
        self.states.restore()
        self.timers.restore()
        self.discovery.restore()
        self.consumers.restore()
        self.commands.restore()
        self.trust.begin(self.uptime.last_alive)
