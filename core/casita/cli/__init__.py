"""The command ``casita``: what it can do, and which module does it.

A module is imported when its command is asked for, so that reading the log starts at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final

import click

from casita.cli._options import config_before

_EPILOG: Final = """\b
Exit codes:
  0  it is done, and the answer is yes
  1  the answer is no, or it failed
  2  the command was not understood
  3  no hub is running, or the folder holds no data of one
  4  the hub refused

\b
The configuration folder is the one that --config or CASITA_CONFIG names, or else
the present one. Reading (log, why, trace, states, devices) needs no running hub.
"""


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def __init__(self, *, modules: Mapping[str, tuple[str, str]], name: str, help: str) -> None:
        """``modules`` gives for each command its module and its description in one line."""
        top = name == "casita"
        super().__init__(
            name=name, help=help, epilog=_EPILOG if top else None,
            params=[config_before] if top else [],
        )  # fmt: skip
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(f"casita.cli.{self._modules[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self._modules:
            from casita.errors import did_you_mean

            hint = did_you_mean(args[0], self._modules)
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in self._modules.items()])


main = _Commands(
    name="casita",
    help="The event-driven smart home.",
    modules={
        "run": ("run", "Run the hub until it is interrupted."),
        "init": ("init", "Write a small configuration to begin with."),
        "check": ("check", "Check a configuration without running it."),
        "import": ("import_", "Bring a house over from Home Assistant."),
        "log": ("log", "Show what happened."),
        "why": ("why", "Say why something happened."),
        "whynot": ("whynot", "Say why an automation did not run."),
        "trace": ("trace", "Show what a run did, step by step."),
        "next": ("next", "Show what is going to happen; cancel it, postpone it, run it now."),
        "shadow": ("shadow", "Compare an automation in shadow with what was done."),
        "backtest": ("backtest", "Try automations on what has happened."),
        "test": ("test", "Run the tests that stand beside automations."),
        "reload": ("reload", "Put changed automations in force."),
        "states": ("states", "Show the present states."),
        "history": ("history", "Show what the states of an entity were."),
        "stats": ("history", "Show statistics of an entity."),
        "devices": ("devices", "List devices, and what waits to be adopted."),
        "adopt": ("adopt", "Adopt a device that was found."),
        "ignore": ("adopt", "Take a device that was found out of sight."),
        "call": ("call", "Call a service: command a device."),
        "brokers": ("brokers", "Show the brokers that carry events, and how they fare."),
        "worker": ("worker", "Run automations of a group, without devices, until interrupted."),
        "workers": ("workers", "Show the workers of a group, and who runs what."),
        "consumers": ("consumers", "Show who reads the log, and how far each is."),
        "dead": ("dead", "Look at what consumers could not deal with, and send it again."),
        "plugin": ("plugins", "List plugins."),
        "token": ("tokens", "Make, list and revoke tokens for the HTTP API."),
        "clock": ("clock", "Show whether the hub's clock is trusted."),
        "version": ("version", "Show the version."),
    },
)
