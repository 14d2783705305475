"""Plugins as tests see them: what they declare, and nothing of what they would run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any, Final

from casita.hookspecs import hookimpl
from casita.host import own_plugins
from casita.plugin import ConfigSection, Plugin
from casita.services import Service
from casita.vocabulary import AutomationKind, TriggerKind
from casita_config import Configuration

_GROUP: Final = "casita"


def declared_by(config: Configuration) -> list[Plugin]:
    """Return stand-ins for the plugins that a configuration names, beside the hub's own.

    One that cannot be loaded is left out: starting the hub tells why.
    """
    names = set(config.plugins).difference(one.name for one in own_plugins())
    found: list[Plugin] = []
    for entry in entry_points(group=_GROUP):
        if entry.name in names:
            try:
                found.append(_Declarations(entry.name, entry.load()))
            except Exception:  # noqa: BLE001 - a plugin may raise anything
                continue
    return found


class _Declarations(Plugin):
    """The words of a plugin."""

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
    def casita_register_triggers(self) -> Sequence[TriggerKind]:
        return self._ask("triggers")

    @hookimpl
    def casita_register_services(self) -> Sequence[Service]:
        return self._ask("services")

    def _ask(self, thing: str) -> list[Any]:
        hook = getattr(self._plugin, f"casita_register_{thing}", None)
        return list(hook()) if hook is not None else []
