"""What plugins declare, without anything that they would run."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import Any, Final

from casita.host import own_plugins
from casita.kernel import Kernel

_GROUP: Final = "casita"
_logger = logging.getLogger(__name__)


def declare(kernel: Kernel) -> None:
    """Make the services, triggers and automations known that the configured plugins declare."""
    own: list[Any] = list(own_plugins())
    names = set(kernel.config.plugins).difference(one.name for one in own)
    for plugin in [*own, *_named(names)]:
        kernel.vocabulary.triggers.update({one.name: one for one in _ask(plugin, "triggers")})
        kernel.vocabulary.automations.update({one.id: one for one in _ask(plugin, "automations")})
        for service in _ask(plugin, "services"):
            kernel.commands.register(service)


def _named(names: set[str]) -> list[Any]:
    found = []
    for entry in entry_points(group=_GROUP):
        if entry.name in names:
            try:
                found.append(entry.load())
            except Exception as err:  # noqa: BLE001 - a plugin may raise anything
                _logger.warning("plugin %s cannot be loaded: %r", entry.name, err)
    return found


def _ask(plugin: Any, thing: str) -> list[Any]:
    hook = getattr(plugin, f"casita_register_{thing}", None)
    return list(hook()) if hook is not None else []
