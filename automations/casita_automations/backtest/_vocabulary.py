"""What plugins declare, without anything that they would run."""

from __future__ import annotations

from casita.host import declarations, own_plugins
from casita.kernel import Kernel


def declare(kernel: Kernel) -> None:
    """Make the words and services known that the configured plugins declare."""
    own = own_plugins()
    others = set(kernel.config.plugins).difference(one.name for one in own)
    for plugin in [*own, *declarations(others)]:
        kernel.vocabulary.add(plugin.casita_register_vocabulary())
        kinds = plugin.casita_register_automations()
        kernel.vocabulary.automations.update({one.id: one for one in kinds})
        for service in plugin.casita_register_services():
            kernel.commands.register(service)
