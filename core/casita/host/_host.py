"""The host: every plugin, its runners, and what the network says to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.bus import Subscription
from casita.clock import deadline
from casita.discovery import Adopted, Advert, Candidate
from casita.errors import CasitaError
from casita.events import Event
from casita.home import Home
from casita.host import _loader
from casita.host._ledger import PluginStatus, State
from casita.host._loader import Loaded
from casita.host._network import Discoverer
from casita.host._runner import START_WITHIN_S, Runner
from casita.kernel import Kernel
from casita.plugin import Component, Device, Found, Plugin
from casita_config import ConfigError, Problem, validate

PROBLEM: Final = "config.problem"
"""Data: ``file``, ``line``, ``key``, ``message``, as of `casita_config.Problem`."""

_logger = logging.getLogger(__name__)


class Host:
    """Loads, starts and stops all plugins. No plugin's failure is another's."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        plugins: Sequence[Plugin] | None = None,
        interfaces: Sequence[str] = (),
    ) -> None:
        """``plugins`` stand in for the installed ones; ``interfaces`` as for the network."""
        self._kernel = kernel
        self._given = plugins
        self._network = Discoverer(interfaces)
        self._loaded: dict[str, Loaded] = {}
        self._components: dict[str, Runner] = {}
        self._devices: dict[str, Runner] = {}
        self._problems: list[Problem] = []
        self._sections: dict[str, dict[str, Any]] = {}
        kernel.bus.subscribe(self._problem_told, owner="host", type=PROBLEM)
        kernel.bus.on_error = self._handler_failed

    def load(self) -> None:
        """Find the plugins and take in what they declare."""
        enabled = self._kernel.config.plugins
        found = _loader.installed(enabled) if self._given is None else _loader.given(self._given)
        for loaded in found:
            self._loaded[loaded.name] = loaded
            if self._kernel.group is not None:
                _loader.keep_off_devices(loaded)
            if loaded.reason is None and loaded.enabled:
                self._take_in(loaded)
            if loaded.reason is not None:
                self._tell_broken(loaded)
        self._read_sections()

    async def start(self) -> None:
        """Start every plugin; return when the hub's own run. The others go on starting."""
        await self._network.browse()
        for loaded in self._usable():
            self._start_component(loaded)
        for adopted in self._kernel.discovery.adopted():
            self._start_device(adopted)
        own = [one.name for one in self._usable() if one.trusted]
        await asyncio.gather(*(self._components[n].tried() for n in own if n in self._components))

    async def started(self, within_s: float = START_WITHIN_S) -> None:
        """Return once every instance has tried to start, or the time is over."""
        runners = [*self._components.values(), *self._devices.values()]
        try:
            async with deadline(self._kernel.clock, within_s):
                await asyncio.gather(*(runner.tried() for runner in runners))
        except TimeoutError:
            _logger.warning("some plugins are still starting")

    async def stop(self) -> None:
        """Stop every instance, all at once, then the network."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._network.stop)
            runners = [*self._devices.values(), *self._components.values()]
            await asyncio.gather(*(runner.stop() for runner in runners))

    def ledger(self) -> list[PluginStatus]:
        """Return how every plugin fares, by name."""
        return [self._status(self._loaded[name]) for name in sorted(self._loaded)]

    def problems(self) -> list[Problem]:
        """Return what is wrong in the configuration, as far as anybody has said."""
        return list(self._problems)

    def component(self, plugin: str) -> Component | None:
        """Return a plugin's running component."""
        runner = self._components.get(plugin)
        return runner.component if runner else None

    async def adopt(
        self, key: str, answers: Mapping[str, str], *, actor: str | None = None
    ) -> Adopted:
        """Pair with a candidate and start it. Raises `CasitaError` that says what is missing."""
        adopted = await self._kernel.discovery.adopt(key, answers, actor=actor)
        self._start_device(adopted)
        return adopted

    async def disown(self, key: str, *, actor: str | None = None) -> None:
        """Stop an adopted device and forget it, with its entities."""
        runner = self._devices.pop(key, None)
        if runner is not None:
            await runner.stop()
        self._kernel.discovery.disown(key, actor=actor)
        for entry in self._kernel.registry.entities:
            if entry.source == key:
                self._kernel.states.remove(entry.entity_id, source=key)
                self._kernel.registry.remove_entity(entry.entity_id, actor=actor)
        for device in self._kernel.registry.devices:
            if device.source == key:
                self._kernel.registry.remove_device(device.id, actor=actor)

    # Loading

    def _usable(self) -> list[Loaded]:
        return [one for one in self._loaded.values() if one.enabled and one.reason is None]

    def _take_in(self, loaded: Loaded) -> None:
        vocabulary = self._kernel.vocabulary
        if taken := vocabulary.taken(loaded.words):
            loaded.reason = f"another plugin supplies {taken} already"
            return
        schemes = {scheme: kind for kind in loaded.brokers for scheme in kind.schemes}
        if both := sorted(schemes.keys() & vocabulary.brokers.keys()):
            loaded.reason = f"another plugin speaks to brokers by {both[0]} already"
            return
        vocabulary.brokers.update(schemes)
        vocabulary.add(loaded.words)
        vocabulary.automations.update({one.id: one for one in loaded.automations})
        for service in loaded.services:
            self._kernel.commands.register(service)
        for found in loaded.discoveries:
            self._listen(loaded.name, found)
        if loaded.devices:
            self._kernel.discovery.adopters(loaded.name, self._adopter(loaded))

    def _listen(self, plugin: str, found: Found) -> None:
        def heard(advert: Advert) -> None:
            try:
                candidate = found.recognise(advert)
            except Exception as err:  # noqa: BLE001 - an advert is a stranger's text
                _logger.warning("%s: advert %s: %r", plugin, advert.name, err)
                return
            if candidate is not None:
                self._heard(plugin, candidate, advert)

        self._network.listen(found.service_type, heard)

    def _heard(self, plugin: str, candidate: Candidate, advert: Advert) -> None:
        for adopted in self._kernel.discovery.adopted(plugin):
            if adopted.key == candidate.key:
                runner = self._devices.get(adopted.id)
                device = runner.component if runner else None
                if isinstance(device, Device):
                    device.home.start(device.moved(advert), "moved")
                return
        self._kernel.discovery.found(plugin, candidate)

    def _read_sections(self) -> None:
        """Check each section against its owner's schema; a fault leaves that section out."""
        config = self._kernel.config
        owners = {section.key: one for one in self._usable() for section in one.sections}
        for loaded in self._usable():
            mine = self._sections[loaded.name] = {}
            for section in loaded.sections:
                if section.schema is None:
                    continue
                try:
                    value = config.section(section.key, section.schema)
                    if value is not None:
                        mine[section.key] = value
                except ConfigError as err:
                    for problem in err.problems:
                        self.tell(problem)
        for problem in (*config.problems, *config.unknown_sections(set(owners))):
            self.tell(problem)

    def _tell_broken(self, loaded: Loaded) -> None:
        _logger.warning("plugin %s: %s", loaded.name, loaded.reason)
        self._kernel.bus.emit(
            "plugin.failed", loaded.name,
            {"state": State.BROKEN.value, "reason": loaded.reason}, source="casita",
        )  # fmt: skip

    # Running

    def _start_component(self, loaded: Loaded) -> None:
        if not loaded.components:
            return
        try:
            options = self._options(loaded)
        except ConfigError as err:
            loaded.reason = str(err)
            for problem in err.problems:
                self.tell(problem)
            self._tell_broken(loaded)
            return

        def make() -> Component:
            component = loaded.components[0]()
            component.options = options
            return component

        runner = Runner(loaded.name, self._kernel, make, lambda one: self._home(loaded, one))
        self._components[loaded.name] = runner
        runner.start()

    def _start_device(self, adopted: Adopted) -> None:
        loaded = self._loaded.get(adopted.source)
        if loaded is None or loaded not in self._usable() or not loaded.devices:
            return

        def make() -> Component:
            device = loaded.devices[0]()
            device.options = self._options(loaded)
            device.adopted = next(
                one for one in self._kernel.discovery.adopted() if one.id == adopted.id
            )
            return device

        runner = Runner(adopted.id, self._kernel, make, lambda one: self._home(loaded, one))
        self._devices[adopted.id] = runner
        runner.start()

    def _adopter(self, loaded: Loaded) -> Any:
        async def adopt(candidate: Candidate, answers: Mapping[str, str]) -> Mapping[str, Any]:
            home = self._home(loaded, None)
            try:
                async with deadline(self._kernel.clock, START_WITHIN_S):
                    return await loaded.devices[0].pair(candidate, answers, home)
            except TimeoutError as err:
                raise CasitaError(
                    f"{candidate.title}: pairing did not end within {START_WITHIN_S:g} s; is it "
                    f"powered and on this network?"
                ) from err
            finally:
                await home.close()

        return adopt

    def _home(self, loaded: Loaded, runner: Runner | None) -> Home:
        def report(where: str, err: Exception) -> None:
            if runner is not None:
                runner.failed(where, err)
            else:
                _logger.error("%s: %r", where, err, exc_info=err)

        return Home(
            self._kernel,
            loaded.name,
            runner.name if runner else loaded.name,
            network=self._network,
            sections=self._sections.get(loaded.name, {}),
            trusted=loaded.trusted,
            on_error=report,
        )

    def _options(self, loaded: Loaded) -> Mapping[str, Any]:
        node = self._kernel.config.plugins.get(loaded.name)
        schema = (
            loaded.plugin.options_schema if isinstance(loaded.plugin, Plugin) else vol.Schema({})
        )
        options: Mapping[str, Any] = validate(
            schema, node if node is not None else {}, section=f"plugins.{loaded.name}"
        )
        return options

    # Telling

    def _handler_failed(self, subscription: Subscription, event: Event, err: Exception) -> None:
        runner = self._components.get(subscription.owner) or self._devices.get(subscription.owner)
        where = f"handling {event.type} of {event.subject}"
        if runner is not None:
            runner.failed(where, err)
        else:
            _logger.error("%s: %s failed", subscription.owner, where, exc_info=err)

    def _status(self, loaded: Loaded) -> PluginStatus:
        mine = [r for n, r in self._components.items() if n == loaded.name]
        mine += [r for n, r in self._devices.items() if n.startswith(f"{loaded.name}.")]
        instances = [runner.status() for runner in mine]
        if loaded.reason is not None:
            state, reason = State.BROKEN, loaded.reason
        elif not loaded.enabled:
            state, reason = State.INSTALLED, None
        elif instances:
            worst = next((one for one in instances if one.state is not State.RUNNING), instances[0])
            state, reason = worst.state, worst.reason
        else:
            state, reason = State.RUNNING, None
        return PluginStatus(
            name=loaded.name,
            version=loaded.version,
            distribution=loaded.distribution,
            state=state,
            reason=reason,
            instances=instances,
        )

    def tell(self, problem: Problem) -> None:
        """Make a problem of the configuration known: in the log, and in `problems`."""
        data = {
            "file": problem.file,
            "line": problem.line,
            "key": problem.key,
            "message": problem.message,
        }
        self._kernel.bus.emit(PROBLEM, problem.file or "config", data, source="casita")

    def _problem_told(self, event: Event) -> None:
        self._problems.append(msgspec.convert(event.data, Problem))
        _logger.warning("%s", self._problems[-1])
