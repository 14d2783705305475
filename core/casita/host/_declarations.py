"""What plugins declare, without anything that they would run."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from importlib.metadata import entry_points
from typing import Any

import msgspec

from casita.errors import NotReady
from casita.hookspecs import hookimpl
from casita.host._loader import GROUP
from casita.plugin import ConfigSection, Plugin
from casita.services import Service
from casita.transport import BrokerKind, Delivery, Message, Promises, Transport
from casita.vocabulary import AutomationKind, Word

_logger = logging.getLogger(__name__)


class Declarations(Plugin):
    """Stands in for a plugin: its words and services, and none of its devices or components.

    The brokers that it speaks to are never reached.
    """

    def __init__(self, name: str, plugin: object) -> None:
        super().__init__(name, version="0")
        self._plugin = plugin
        if isinstance(plugin, Plugin):
            self.options_schema = plugin.options_schema

    @hookimpl
    def casita_register_config(self) -> Sequence[ConfigSection]:
        return self._ask("config")

    @hookimpl
    def casita_register_automations(self) -> Sequence[AutomationKind]:
        return self._ask("automations")

    @hookimpl
    def casita_register_vocabulary(self) -> Sequence[Word]:
        return self._ask("vocabulary")

    @hookimpl
    def casita_register_services(self) -> Sequence[Service]:
        return self._ask("services")

    @hookimpl
    def casita_register_brokers(self) -> Sequence[BrokerKind]:
        kinds: list[BrokerKind] = self._ask("brokers")
        return [msgspec.structs.replace(kind, make=lambda *_: _Unreached()) for kind in kinds]

    def _ask(self, thing: str) -> list[Any]:
        hook = getattr(self._plugin, f"casita_register_{thing}", None)
        return list(hook()) if hook is not None else []


class _Unreached(Transport):
    """A broker where nothing is started."""

    async def open(self) -> Promises:
        raise NotReady("nothing is connected here")

    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        raise NotReady("nothing is connected here")

    async def receive(self) -> Sequence[Delivery]:
        raise NotReady("nothing is connected here")

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        raise NotReady("nothing is connected here")

    async def close(self) -> None:
        """Nothing is open."""


def declarations(names: Collection[str]) -> list[Plugin]:
    """Return stand-ins for installed plugins; one that cannot be loaded is left out."""
    found: list[Plugin] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        if entry.name in names:
            try:
                found.append(Declarations(entry.name, entry.load()))
            except Exception as err:  # noqa: BLE001 - a plugin may raise anything
                _logger.warning("plugin %s cannot be loaded: %r", entry.name, err)
    return found
