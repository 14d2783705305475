"""What the author of a plugin works with: `Plugin`, `Component`, `Device`.

plugin = Plugin("lamp", version="1.0")

@plugin.component
class Lamps(Component):
    async def start(self) -> None:
        self.home.add(Entity("light", "one", "Lamp"))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import msgspec
import voluptuous as vol

from casita.discovery import Adopted, Advert, Candidate
from casita.entities import Entity
from casita.errors import CommandFailed
from casita.home import Home
from casita.hookspecs import hookimpl
from casita.services import Command, Outcome, Service
from casita.transport import BrokerKind
from casita.vocabulary import (
    ActionKind,
    AutomationKind,
    Cancel,
    Changed,
    ConditionKind,
    Fire,
    Mode,
    TriggerKind,
    Word,
)


class ConfigSection(msgspec.Struct, frozen=True, kw_only=True):
    """A top-level key of the configuration that belongs to a plugin."""

    key: str
    schema: vol.Schema | None = None
    """None: the plugin checks each item of it by itself, so that one fault spoils one item."""
    description: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin listens for on the network, and what it makes of it."""

    service_type: str
    """As ``_hap._tcp.local.``."""
    recognise: Callable[[Advert], Candidate | None]
    """Quick and without I/O: whether an advert is a device of ours, and which."""


class Component:
    """A part of a plugin that lives as long as the hub does.

    The host makes one for each configured plugin, sets ``home`` and ``options``, starts it,
    stops it, and starts it again with backoff if ``start`` raises `NotReady`.
    """

    triggers: ClassVar[Sequence[str]] = ()
    """Names of the trigger kinds that this component arms."""
    home: Home
    """The narrow view of the house that this instance gets."""
    options: Mapping[str, Any]
    """The plugin's options from the configuration, checked by its schema."""

    async def start(self) -> None:
        """Begin to work; return when it does. Raise `NotReady`, `AuthFailed` or `SetupFailed`."""

    async def stop(self) -> None:
        """End what ``start`` began. Tasks and subscriptions of ``home`` end by themselves."""

    async def command(self, entity: Entity, command: Command) -> Outcome | None:
        """Carry out a command for an entity without a handler of its own.

        Returns the outcome, None meaning done. Raises `CommandFailed` if the device says no.
        """
        raise CommandFailed(f"{entity.entity_id} takes no commands")

    def arm(self, kind: str, config: Mapping[str, Any], fire: Fire) -> Cancel:
        """Arm a trigger of one of the kinds in ``triggers``; return what disarms it."""
        raise NotImplementedError(kind)


class Device(Component):
    """A device that a person adopted; the host makes one for each."""

    adopted: Adopted
    """Which one it is, and the settings that its pairing gave."""

    @classmethod
    async def pair(
        cls, candidate: Candidate, answers: Mapping[str, str], home: Home
    ) -> Mapping[str, Any]:
        """Pair with a candidate; return the settings to keep (JSON; may hold secrets).

        Raises `AuthFailed` if the code is wrong, `NotReady` if it does not answer.
        """
        return {}

    async def moved(self, advert: Advert) -> None:
        """React to a fresh advert of this device: it may have come back, or have moved."""


_ComponentType = TypeVar("_ComponentType", bound=type[Component])
_DeviceType = TypeVar("_DeviceType", bound=type[Device])
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Plugin:
    """A plugin, as its entry point in the group ``casita`` names it.

    It registers the hooks for what its decorators are given.
    """

    def __init__(self, name: str, *, version: str, config: Mapping[Any, Any] | None = None) -> None:
        """``config`` is the voluptuous schema of its options under ``plugins:``."""
        self.name = name
        self.version = version
        self.options_schema = vol.Schema(dict(config or {}))
        self.component_type: type[Component] | None = None
        self.device_type: type[Device] | None = None
        self._sections: list[ConfigSection] = []
        self._found: list[Found] = []
        self._automations: list[AutomationKind] = []
        self._words: list[Word] = []
        self._services: list[Service] = []
        self._brokers: list[BrokerKind] = []
        self.tools: dict[str, str] = {}
        """Functions for the command line, by name, as ``module:function``."""

    def __repr__(self) -> str:
        return f"<Plugin {self.name} {self.version}>"

    # Decorators

    def component(self, component_type: _ComponentType) -> _ComponentType:
        """Let a `Component` run as long as the hub does."""
        self.component_type = component_type
        return component_type

    def device(self, device_type: _DeviceType) -> _DeviceType:
        """Let a `Device` run for each device that was adopted."""
        self.device_type = device_type
        return device_type

    def discover(self, service_type: str) -> Callable[[_Function], _Function]:
        """Look at each advert of a service type; return a `Candidate` for a device of ours."""

        def decorate(recognise: _Function) -> _Function:
            self._found.append(Found(service_type=service_type, recognise=recognise))
            return recognise

        return decorate

    def automation(
        self,
        *,
        config: Mapping[Any, Any],
        on: Changed | Sequence[Changed],
        mode: Mode = Mode.SINGLE,
    ) -> Callable[[_Function], _Function]:
        """Supply a kind of automation. ``config`` is its schema and its request for permission."""

        def decorate(handler: _Function) -> _Function:
            kind = AutomationKind(
                id=f"{self.name}.{handler.__name__}",
                schema=vol.Schema(dict(config)),
                on=(on,) if isinstance(on, Changed) else tuple(on),
                mode=mode,
                handler=handler,
                description=inspect.getdoc(handler) or "",
            )
            self._automations.append(kind)
            return handler

        return decorate

    def condition(self, config: Mapping[Any, Any]) -> Callable[[_Function], _Function]:
        """Add a kind of condition, named as its function: ``def workday(config, house)``.

        ``config`` is the schema of its keys. The function is asked each time the condition is; it
        is quick, does no I/O, and returns whether it holds.
        """

        def decorate(holds: _Function) -> _Function:
            self._words.append(
                ConditionKind(
                    name=holds.__name__,
                    schema=vol.Schema(dict(config)),
                    holds=holds,
                    description=inspect.getdoc(holds) or "",
                )
            )
            return holds

        return decorate

    def action(self, config: Mapping[Any, Any]) -> Callable[[_Function], _Function]:
        """Add a kind of action, named as its function: ``async def blink(config, home)``.

        ``config`` is the schema of what stands under that key, and its request for permission.
        """

        def decorate(act: _Function) -> _Function:
            self._words.append(
                ActionKind(
                    name=act.__name__,
                    schema=vol.Schema(dict(config)),
                    act=act,
                    description=inspect.getdoc(act) or "",
                )
            )
            return act

        return decorate

    # Declarations

    def add_section(
        self, key: str, schema: vol.Schema | None = None, description: str = ""
    ) -> None:
        """Claim a top-level key of the configuration."""
        self._sections.append(ConfigSection(key=key, schema=schema, description=description))

    def add_trigger(self, name: str, schema: Mapping[Any, Any]) -> None:
        """Add a kind of trigger; the component names it in ``triggers`` and arms it."""
        self._words.append(TriggerKind(name=name, schema=vol.Schema(dict(schema))))

    def add_service(self, service: Service) -> None:
        """Add a service whose handler needs no running component (a domain's vocabulary)."""
        self._services.append(service)

    def add_tool(self, name: str, place: str) -> None:
        """Offer a function to the hub's own command line and API, which know it by its name.

        ``place`` is ``module:function``; it is imported when it is asked for. Only plugins that
        come with the hub are asked.
        """
        self.tools[name] = place

    def add_broker(self, kind: BrokerKind) -> None:
        """Add a kind of broker; the hub makes its transports as the configuration asks."""
        self._brokers.append(kind)

    # Hooks

    @hookimpl
    def casita_register_config(self) -> Sequence[ConfigSection]:
        return self._sections

    @hookimpl
    def casita_register_components(self) -> Sequence[type[Component]]:
        return [self.component_type] if self.component_type else []

    @hookimpl
    def casita_register_devices(self) -> Sequence[type[Device]]:
        return [self.device_type] if self.device_type else []

    @hookimpl
    def casita_register_discoveries(self) -> Sequence[Found]:
        return self._found

    @hookimpl
    def casita_register_automations(self) -> Sequence[AutomationKind]:
        return self._automations

    @hookimpl
    def casita_register_vocabulary(self) -> Sequence[Word]:
        return self._words

    @hookimpl
    def casita_register_services(self) -> Sequence[Service]:
        return self._services

    @hookimpl
    def casita_register_brokers(self) -> Sequence[BrokerKind]:
        return self._brokers
