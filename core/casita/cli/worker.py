"""``casita worker``: a process that runs automations of a group, and has no devices."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from casita.cli._options import Failure, config_folder, config_option
from casita.cli.run import loaded, serve, set_up_logging
from casita.errors import ConfigError
from casita.ids import slugify

if TYPE_CHECKING:
    from casita.workers import WorkerSettings
    from casita_config import Configuration

WORKERS: Final = "workers"
"""Where in the data folder each worker has a folder of its own."""


@click.command("worker")
@click.argument(
    "config",
    metavar="[CONFIG_FOLDER]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False),
)
@config_option
@click.option("--group", metavar="NAME", help="Which group it belongs to; else `worker: group:`.")
@click.option("--id", "worker", metavar="NAME", help="Its name in the group; else the machine's.")
@click.option("--broker", metavar="NAME", help="Which of `brokers:`, where there are several.")
@click.option("--port", default=0, help="Port of its HTTP API; else any that is free.")
@click.option("--verbose", "-v", is_flag=True, help="Log what developers want to know.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what is wrong.")
def worker_command(
    config: Path | None,
    folder: Path,
    group: str | None,
    worker: str | None,
    broker: str | None,
    port: int,
    verbose: bool,
    quiet: bool,
) -> None:
    """Run the automations of a configuration together with other workers of its group.

    It takes what happens in all homes from the broker, and commands the devices where they are.
    """
    chosen = config_folder(config or folder)
    set_up_logging(verbose=verbose, narrated=not quiet)
    configuration = loaded(chosen)
    settings = _settings(configuration, group, worker, broker)
    http = replace(configuration.http, port=port)
    data = configuration.data_folder
    assert data is not None  # it was loaded from a folder
    place = data / WORKERS / settings.worker
    serve(replace(configuration, http=http), place, quiet=quiet, worker=settings)


def _settings(
    config: Configuration, group: str | None, worker: str | None, broker: str | None
) -> WorkerSettings:
    """Return what the configuration says, and what the command line says instead."""
    from casita.workers import SECTION, worker_settings

    try:
        given = config.section(SECTION.key, SECTION.schema) or {}
    except ConfigError as err:
        raise Failure(f"the configuration is wrong\n{err}") from err
    told = {"group": group, "broker": broker}
    given = {**given, **{key: slugify(one) for key, one in told.items() if one is not None}}
    name = slugify(worker or socket.gethostname())
    return worker_settings(given, name, slugify(config.home.name))
