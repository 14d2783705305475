"""What all commands have in common: their options, the folders, and how they fail."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

_Command = TypeVar("_Command", bound=Callable[..., Any])

FILE: Final = "casita.yaml"
_OTHER_FILE: Final = "configuration.yaml"
_DATA: Final = ".casita"
_MAY_MOVE_DATA: Final = re.compile(r"^(log|<<)\s*:", re.MULTILINE)
"""Without these a main file cannot say that the data is elsewhere than by default."""


class Exit(IntEnum):
    """What the exit code of a command means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_HUB = 3
    REFUSED = 4


class Failure(click.ClickException):
    """Ends a command with one line for a person, and an exit code for a program."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click says class, and reads the instance


_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


def _nearest(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """Take the folder that was given behind the command, or before it, or what else there is."""
    if ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE:
        return value
    before: Path | None = ctx.find_root().params.get("config_before")
    return before or value


config_option = click.option(
    "--config", "folder", metavar="FOLDER", envvar="CASITA_CONFIG", default=".", type=_FOLDER,
    callback=_nearest, is_eager=True, help="The configuration folder.",
)  # fmt: skip
config_before = click.Option(
    ["--config", "config_before"], metavar="FOLDER", type=_FOLDER,
    help="The configuration folder; it may also stand behind the command.",
)  # fmt: skip
"""The same option, given before the command."""
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def common(command: _Command) -> _Command:
    """Give a command the options that all have: ``--config`` and ``--json``."""
    return config_option(json_option(command))


def main_file(folder: Path) -> Path | None:
    """Return the main file of a configuration folder, or None if it holds none."""
    files = (folder / name for name in (FILE, _OTHER_FILE))
    return next((file for file in files if file.is_file()), None)


def config_folder(folder: Path) -> Path:
    """Return a folder that holds a configuration. Raises `Failure` that says what to do."""
    if main_file(folder) is not None:
        return folder
    where = "this folder" if folder == Path() else str(folder)
    raise Failure(
        f"{where}: there is no {FILE} here. Name the folder that has one with --config, write one "
        f"with `casita init FOLDER`, or try the demo house: casita run config/examples/demo",
        Exit.USAGE,
    )


def data_folder(folder: Path) -> Path:
    """Return where the hub of a configuration folder keeps its data, whether it exists or not."""
    file = main_file(config_folder(folder)) or folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return folder / _DATA
    if not _MAY_MOVE_DATA.search(text):
        return folder / _DATA
    return _configured_data_folder(folder)


def hush() -> None:
    """Keep what the hub's modules log off the terminal, where the command tells it itself."""
    logging.getLogger().addHandler(logging.NullHandler())


def _configured_data_folder(folder: Path) -> Path:
    from casita.errors import ConfigError
    from casita_config import load_config

    try:
        return load_config(folder).data_folder or folder / _DATA
    except ConfigError:
        return folder / _DATA
