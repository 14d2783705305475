"""``casita plugin``: which plugins there are, and how they fare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client
from casita.cli._options import Exit, Failure, common, hush
from casita.cli._output import say_json, say_table

_ENABLED = "enabled"
"""What a plugin is while no hub runs, if the configuration names it."""


@click.group("plugin")
def plugin_command() -> None:
    """Look at the plugins."""


@plugin_command.command("list")
@common
def list_all(folder: Path, as_json: bool) -> None:
    """List the plugins: how they fare in the running hub, or else which are installed."""
    try:
        plugins = Client(folder).get("/api/plugins")
    except Failure as failure:
        if failure.exit_code not in (Exit.NO_HUB, Exit.USAGE):
            raise
        plugins = _installed(folder)
    if as_json:
        say_json(plugins)
        return
    say_table(
        ("plugin", "version", "package", "state", "why"),
        [
            (one["name"], one["version"], one["distribution"], one["state"], one["reason"])
            for one in plugins
        ],
    )


def _installed(folder: Path) -> list[dict[str, Any]]:
    """Return what is installed and enabled, without starting any of it."""
    import msgspec

    from casita.clock import SystemClock
    from casita.errors import ConfigError
    from casita.host import Host, State
    from casita.kernel import Kernel
    from casita.log import MemoryLog
    from casita_config import Configuration, load_config

    hush()
    try:
        config = load_config(folder)
    except ConfigError:
        config = Configuration.from_mapping({})
    clock = SystemClock()
    host = Host(Kernel.assemble(config, clock, MemoryLog(clock=clock)))
    host.load()
    plugins: list[dict[str, Any]] = msgspec.to_builtins(host.ledger())
    for one in plugins:
        if one["state"] == State.RUNNING:
            one["state"] = _ENABLED
    return plugins
