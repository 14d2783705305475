"""What plugins declare, without anything that they would run."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from importlib.metadata import entry_points
from typing import Any

from casita.hookspecs import hookimpl
from casita.host._loader import GROUP
from casita.plugin import ConfigSection, Plugin
from casita.services import Service
from casita.vocabulary import AutomationKind, Word

_logger = logging.getLogger(__name__)


class Declarations(Plugin):
    """Stands in for a plugin: its words and services, and none of its devices or components."""

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

    def _ask(self, thing: str) -> list[Any]:
        hook = getattr(self._plugin, f"casita_register_{thing}", None)
        return list(hook()) if hook is not None else []


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
