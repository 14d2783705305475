"""``casita init``: a configuration to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from casita.cli._options import FILE, Failure, json_option
from casita.cli._output import say_json

_MAIN: Final = """\
# The configuration of your house. `casita check` says what is wrong in it,
# `casita run` starts the hub.

home:
  name: Home
  # latitude: 52.52            # for sunrise and sunset
  # longitude: 13.40
  # time_zone: Europe/Berlin

# Which plugins run, with their options. `casita plugin list` shows what is installed;
# what they find on the network waits in `casita devices` until you adopt it.
plugins:
  # homekit:
  # mqtt:
  #   broker: 192.168.1.10

automations: !include automations.yaml
"""
_AUTOMATIONS: Final = """\
# Automations, as Home Assistant writes them. Take this one as a pattern:
#
# - alias: Hall light
#   triggers:
#     - trigger: state
#       entity_id: binary_sensor.hall_motion
#       to: "on"
#   actions:
#     - action: light.turn_on
#       target: {entity_id: light.hall}
[]
"""
_IGNORED: Final = """\
# The hub's data, and what nobody else should read.
.casita/
secrets.yaml
"""
_FILES: Final = {FILE: _MAIN, "automations.yaml": _AUTOMATIONS, ".gitignore": _IGNORED}


@click.command("init")
@json_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init_command(folder: Path, as_json: bool) -> None:
    """Write a small configuration into FOLDER; what is there already stays as it is."""
    if (folder / FILE).exists():
        raise Failure(f"{folder / FILE}: it exists; casita init does not write over it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [path for name, text in _FILES.items() if (path := _written(folder / name, text))]
    except OSError as err:
        raise Failure(f"{folder}: {err.strerror or err}") from err
    if as_json:
        say_json({"folder": str(folder), "written": [str(path) for path in written]})
        return
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(f"Now look at {folder / FILE}, then start the hub: casita run {folder}")


def _written(path: Path, text: str) -> Path | None:
    """Write a file unless it exists; return its path if it was written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path
