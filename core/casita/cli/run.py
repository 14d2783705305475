"""``casita run``: the hub, until it is interrupted."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from casita.cli._options import Failure, config_folder, config_option
from casita.cli._output import plain
from casita.cli._voice import Voice
from casita.cli.version import installed_version
from casita.errors import ConfigError, LogError
from casita.sentences import plain_name

if TYPE_CHECKING:
    from casita.events import Event
    from casita.host import PluginStatus
    from casita.hub import Hub
    from casita.kernel import Kernel
    from casita.workers import WorkerSettings
    from casita_config import Configuration

_INTERRUPTED: Final = 130
_CODE_VALID_MIN: Final = 15
"""How long a set-up code is good."""
_ANSWERED_WITHIN_S: Final = 0.6
"""How long a line waits for an automation that has the same to tell, and more."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(message)s"
_VERBOSE_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command("run")
@click.argument(
    "config",
    metavar="[CONFIG_FOLDER]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False),
)
@config_option
@click.option("--verbose", "-v", is_flag=True, help="Log what developers want to know.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what is wrong.")
def run_command(config: Path | None, folder: Path, verbose: bool, quiet: bool) -> None:
    """Run the hub until it is interrupted, and tell what happens in the house."""
    chosen = config_folder(config or folder)
    set_up_logging(verbose=verbose, narrated=not quiet)
    configuration = loaded(chosen)
    serve(configuration, configuration.data_folder, quiet=quiet)


def loaded(folder: Path) -> Configuration:
    """Return the configuration of a folder. Raises `Failure` that says what is wrong."""
    from casita_config import load_config

    try:
        return load_config(folder)
    except ConfigError as err:
        raise Failure(f"{folder}: the configuration is wrong\n{err}") from err


def serve(
    configuration: Configuration,
    data: Path | None,
    *,
    quiet: bool,
    worker: WorkerSettings | None = None,
) -> None:
    """Run a hub, or a worker, until it is interrupted; its log is in the folder ``data``."""
    _log_in(configuration.home.zone)
    with Voice(sys.stdout) as voice:
        say: Callable[[str], None] = _silent if quiet else voice.say
        try:
            asyncio.run(_run(configuration, data, say, worker))
        except LogError as err:
            raise Failure(str(err)) from err
        except OSError as err:
            raise _why_not(configuration, err) from err


async def _run(
    config: Configuration,
    data: Path | None,
    say: Callable[[str], None],
    worker: WorkerSettings | None,
) -> None:
    from casita.hub import Hub, calm_collector

    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with Hub(config, folder=data, worker=worker) as hub:
        await _greet(hub, say)
        calm_collector()
        _narrate(hub, say)
        await stop.wait()
        say("Stopping. Interrupt once more to stop at once.")
    say("Stopped.")


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Stop in order at the first signal, at once at the second."""

    def interrupted() -> None:
        if stop.is_set():
            os._exit(_INTERRUPTED)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)


async def _greet(hub: Hub, say: Callable[[str], None]) -> None:
    """Say where the hub is, what runs in it, and what is wrong."""
    folder, group = hub.config.folder, hub.kernel.group
    say(f"Casita {installed_version()} on {folder}")
    if group is not None:
        say(f"Worker {group.settings.worker} of the group {group.settings.group}")
    say(f"Open {hub.address}")
    code = hub.api.setup_code if hub.api is not None else None
    if code is not None:
        say(f"Set-up code: {code}")
        say(f"It is good once, for {_CODE_VALID_MIN} minutes.")
    await hub.host.started()
    for status in hub.host.ledger():
        line = _plugin_line(status)
        if line is not None:
            say(line)
    states = hub.kernel.states
    automations = len(states.of_domain("automation"))
    say(f"{len(states) - automations} entities, {_count(automations, 'automation')}")
    if problems := hub.host.problems():
        say(f"{_count(len(problems), 'problem')} in the configuration:")
        for problem in problems:
            say(f"  {plain(problem)}")


def _plugin_line(status: PluginStatus) -> str | None:
    from casita.host import State

    if status.state is State.INSTALLED:
        return None
    version = f" {status.version}" if status.version else ""
    reason = f": {plain(status.reason)}" if status.reason else ""
    return f"Plugin {status.name}{version} {status.state}{reason}"


def _narrate(hub: Hub, say: Callable[[str], None]) -> None:
    from casita.cli._narrator import Narrator

    zone, clock = hub.config.home.zone, hub.kernel.clock

    def later(callback: Callable[[], None]) -> None:
        clock.call_later(_ANSWERED_WITHIN_S, callback)

    def tell(event: Event, line: str) -> None:
        say(f"{event.time.astimezone(zone):%H:%M} {plain(line)}")

    narrator = Narrator(lambda subject: _name_of(hub.kernel, subject), tell, later)
    hub.kernel.bus.subscribe(narrator.take, owner="narrator")


def _name_of(kernel: Kernel, subject: str) -> str:
    """Return the name of an entity, or of a device by its id or by what its plugin calls it."""
    state = kernel.states.get(subject)
    if state is not None:
        return state.name
    for device in kernel.registry.devices:
        if subject == device.id or subject in device.identifiers:
            return device.shown_name
    for adopted in kernel.discovery.adopted():
        if adopted.id == subject:
            return adopted.title
    return plain_name(subject)


def _why_not(config: Configuration, err: OSError) -> Failure:
    """Say in one line why the hub could not start, where the machine is the reason."""
    if err.errno == errno.EADDRINUSE:
        return Failure(
            f"port {config.http.port} is in use by another program; stop that, or give another "
            f"one as `port:` under `http:` in the configuration"
        )
    if err.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        where = err.filename or f"{config.http.host}:{config.http.port}"
        return Failure(f"{where}: {err.strerror}; the hub may not write or listen there")
    return Failure(f"the hub could not start: {err}")


def set_up_logging(*, verbose: bool, narrated: bool) -> None:
    """Log to stderr. What the narrator tells anyway is told once, by it."""
    handler = logging.StreamHandler(sys.stderr)
    if narrated and not verbose:
        handler.addFilter(_is_not_narrated)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format=_VERBOSE_FORMAT if verbose else _FORMAT,
        datefmt="%H:%M:%S",
        handlers=[handler],
    )


def _log_in(zone: ZoneInfo) -> None:
    """Let the log's times be the house's, as those of the narrator are."""
    for handler in logging.getLogger().handlers:
        if handler.formatter is not None:
            handler.formatter.converter = lambda seconds: datetime.fromtimestamp(
                seconds or 0.0, zone
            ).timetuple()


def _is_not_narrated(record: logging.LogRecord) -> bool:
    told = record.name.startswith(("casita.host", "casita_config")) or (
        record.name.startswith("casita.plugin.") and record.funcName == "lost"
    )
    return not told or record.levelno > logging.WARNING


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _silent(line: str) -> None:
    """Say nothing."""
