"""A house to test automations and plugins in: the real hub, its log in memory, a virtual clock.

def test_hall(house):
    house.use("motion_light.motion_light", sensor="binary_sensor.hall", light="light.hall")
    house.sees("binary_sensor.hall", "on")
    assert house.sent == [("light.turn_on", "light.hall")]
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import voluptuous as vol

from casita.causality import chain
from casita.clock import VirtualClock, settle
from casita.events import Event, State
from casita.host import own_plugins
from casita.hub import Hub
from casita.ids import is_entity_id
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.model import Target
from casita.plugin import Plugin
from casita.services import Command, Kind, Service
from casita_config import Configuration
from casita_config.schemas import duration

START: Final = datetime(2024, 3, 12, 9, tzinfo=UTC)
"""When a house's time begins unless the test says otherwise: a Tuesday."""
_SOURCE: Final = "test"
_EXACT: Final = timedelta()
_T = TypeVar("_T")

Effect = Callable[[Command, State], tuple[str, Mapping[str, Any]] | None]
"""What a command makes of a state: its text, and the attributes that change; None: nothing."""


class Why:
    """The chain of causes of an event: itself first, its root last."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = list(events)

    @property
    def root(self) -> Event:
        """The first event of the chain."""
        return self.events[-1]

    def __iter__(self) -> Any:
        return iter(self.events)


class House:
    """A running hub for tests that are not asynchronous themselves.

    The hub starts with the first thing that is done to it; automations are declared before.
    Entities that a test names have no device behind them: they take every command, and a
    ``turn_on`` or ``turn_off`` shows in their state.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | Configuration | None = None,
        *,
        plugins: Sequence[Plugin] | None = None,
        start: datetime = START,
        effect: Effect | None = None,
    ) -> None:
        """``plugins`` come beside the hub's own, in place of the other installed ones.

        ``effect`` says what commands do to entities without a device.
        """
        self.clock = VirtualClock(start)
        self._whole = config if isinstance(config, Configuration) else None
        self._config: dict[str, Any] = (
            {} if isinstance(config, Configuration) else {**(config or {})}
        )
        self._effect: Effect = effect or _switched
        self._before: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._accepted: set[str] = set()
        self._plugins = None if plugins is None else [*own_plugins(), *plugins]
        self._log = MemoryLog(clock=self.clock)
        self._runner = asyncio.Runner()
        self._hub: Hub | None = None
        self._named: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the hub."""
        hub, self._hub = self._hub, None
        if hub is not None:
            self._run(hub.__aexit__(None, None, None))
        self._runner.close()

    # Before it starts

    def use(self, kind: str, *, name: str | None = None, **config: Any) -> None:
        """Declare an automation of a kind that a plugin supplies."""
        self._not_started()
        plugin = kind.partition(".")[0]
        self._config.setdefault("plugins", {}).setdefault(plugin, None)
        self.automation({"alias": name or kind, "use": kind, "with": config})
        self._named.update(v for v in config.values() if isinstance(v, str) and is_entity_id(v))

    def automation(self, item: Mapping[str, Any]) -> None:
        """Declare an automation as the configuration has it."""
        self._not_started()
        self._config.setdefault("automations", []).append(dict(item))

    def given(self, entity_id: str, state: str, **attributes: Any) -> None:
        """Let an entity have had a state for long when the house starts."""
        self._not_started()
        self._before[entity_id] = state, attributes

    def stands_in(self, *entity_ids: str) -> None:
        """Let entities be there, and take commands, that no device is behind."""
        self._not_started()
        self._named.update(entity_ids)

    def accepts(self, *services: str) -> None:
        """Let the house have services that no plugin here supplies; they do nothing."""
        self._not_started()
        self._accepted.update(services)

    # While it runs

    @property
    def hub(self) -> Hub:
        """The hub, started if it was not."""
        if self._hub is None:
            config = self._whole or Configuration.from_mapping(self._config)
            before, self._before = self._before, {}
            if before:
                _remember(Kernel.assemble(config, self.clock, self._log), before)
                self._named.update(before)
            hub = Hub(
                config,
                folder=None,
                log=self._log,
                clock=self.clock,
                plugins=self._plugins,
                api=False,
            )
            self._hub = self._run(hub.__aenter__())
            self._run(hub.host.started())
            for service in sorted(self._accepted):
                _accept(hub.kernel, service)
            for entity_id in sorted(self._named):
                self._stand_in(entity_id)
            self._run(settle())
        return self._hub

    @property
    def kernel(self) -> Kernel:
        """The parts of the hub."""
        return self.hub.kernel

    def sees(self, entity_id: str, state: str, **attributes: Any) -> Event | None:
        """Report an entity's state, with its attributes as a whole."""
        self._stand_in(entity_id)
        return self.do(lambda: self.kernel.states.set(entity_id, state, attributes, source=_SOURCE))

    def fires(self, type: str, **data: Any) -> Event:
        """Put an event on the bus."""
        return self.do(lambda: self.kernel.bus.emit(type, type, data, source=_SOURCE))

    def calls(self, service: str, *entity_ids: str, **data: Any) -> None:
        """Call a service, as a person would."""
        for entity_id in entity_ids:
            self._stand_in(entity_id)
        target = Target(entity_id=entity_ids) if entity_ids else None
        self.do(
            lambda: self.kernel.commands.call(
                service, data, target, source=_SOURCE, actor="person:test"
            )
        )

    def adopts(self, key: str, **answers: str) -> None:
        """Adopt a device of the inbox, as a person would."""
        self._run(self.hub.host.adopt(key, answers, actor="person:test"))
        self.passes(0)

    def passes(self, time: str | float) -> None:
        """Let time pass: seconds, or a text as ``6m``."""
        self.hub  # noqa: B018 - starts it
        self._run(self.clock.pass_time(duration(time)))

    def crash(self, down: str | float = 0, *, clock_is_off: timedelta = _EXACT) -> None:
        """Start the hub anew over its log, as after a power cut: nothing was stopped in order.

        ``down`` is for how long there is no hub: seconds, or a text as ``2h``; ``clock_is_off``
        by how much the wall clock is wrong after it.
        """
        hub, self._hub = self.hub, None
        self._log = self._log.copy()
        self._run(hub.__aexit__(None, None, None))
        self.clock.lapse(duration(down))
        self.clock.step(clock_is_off)
        self.hub  # noqa: B018 - starts it

    def state(self, entity_id: str) -> State | None:
        """Return the state of an entity."""
        return self.kernel.states.get(entity_id)

    @property
    def events(self) -> list[Event]:
        """Everything in the log."""
        self.hub  # noqa: B018 - starts it
        return list(self._log.scan())

    @property
    def sent(self) -> list[tuple[str, str]]:
        """The commands that were sent: service, and entity or service."""
        return [
            (str(one.data["service"]), one.subject)
            for one in self.events
            if one.type == "command.sent" and one.source != _SOURCE
        ]

    def why(self, what: tuple[str, str] | Event) -> Why:
        """Return the chain of causes of an event, or of the last command of this kind."""
        event = what if isinstance(what, Event) else self._last_sent(what)
        return Why(self._run(chain(self._log, event.offset)))

    def do(self, action: Callable[[], _T]) -> _T:
        """Do something within the hub's event loop, then let everything settle."""
        self.hub  # noqa: B018 - starts it

        async def act() -> _T:
            result = action()
            await settle()
            return result

        return self._run(act())

    def awaits(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Await something in the hub's event loop; return what comes of it."""
        self.hub  # noqa: B018 - starts it
        return self._run(coroutine)

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(coroutine)

    def _not_started(self) -> None:
        if self._hub is not None:
            raise RuntimeError("automations are declared before the house is first used")

    def _last_sent(self, what: tuple[str, str]) -> Event:
        for event in reversed(self.events):
            if event.type == "command.sent" and (event.data["service"], event.subject) == what:
                return event
        raise LookupError(f"{what[0]} was never sent to {what[1]}")

    def _stand_in(self, entity_id: str) -> None:
        """See to it that an entity without a device exists and takes commands."""
        self._named.add(entity_id)
        kernel = self.kernel
        if kernel.commands.attached(entity_id):
            return
        if entity_id not in kernel.states:
            kernel.states.set(entity_id, "unknown", {}, source=_SOURCE)

        def take(command: Command) -> None:
            state = kernel.states.require(entity_id)
            effect = self._effect(command, state)
            if effect is not None:
                text, changed = effect
                kernel.states.set(
                    entity_id, text, {**state.attributes, **changed},
                    source=_SOURCE, cause=command.event,
                )  # fmt: skip

        kernel.commands.attach(entity_id, take)


def _switched(command: Command, _state: State) -> tuple[str, Mapping[str, Any]] | None:
    if command.action in ("turn_on", "turn_off"):
        return command.action.removeprefix("turn_"), command.data
    return None


def _remember(kernel: Kernel, before: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
    """Write states into the log of a house that has not started."""
    for entity_id, (state, attributes) in before.items():
        kernel.states.set(entity_id, state, attributes, source=_SOURCE)


def _accept(kernel: Kernel, service: str) -> None:
    domain, _, name = service.partition(".")
    if kernel.commands.service(service) is None:
        kernel.commands.register(
            Service(
                domain=domain, name=name, schema=vol.Schema({}, extra=vol.ALLOW_EXTRA),
                kind=Kind.PULSE, handler=lambda _command: None,
            )
        )  # fmt: skip
