"""``casita import``: bring over what was written for another hub."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import click

from casita.cli._options import Exit, Failure, hush, json_option
from casita.cli._output import plain, say_json
from casita.cli.check import findings_of
from casita.host import own_plugins
from casita.importing import Fate, ImportFailed, Report, import_home_assistant

_GROUP: Final = "casita"
_TARGET: Final = "casita-home"


@click.group("import")
def import_command() -> None:
    """Bring over what was written for another hub."""


@import_command.command("hass")
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--to", "target", metavar="DIR", default=_TARGET, show_default=True,
    type=click.Path(path_type=Path), help="The folder to write.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files in a folder that is not empty.")
@click.option(
    "--all",
    "keep",
    is_flag=True,
    help="Take also what `casita check` finds fault with, if it loads.",
)
@json_option
def hass_command(source: Path, target: Path, force: bool, keep: bool, as_json: bool) -> None:
    """Make a configuration out of DIR, a Home Assistant folder, which is only read.

    YAML is copied as it stands, comments and secrets included; what the hub does not take is
    commented out. What was made in Home Assistant's pages is written as YAML. The same report
    is in IMPORT.md.
    """
    hush()
    own = own_plugins()
    sections = {each.key for plugin in own for each in plugin.casita_register_config()}
    try:
        report = import_home_assistant(
            source, target, sections=sections, check=findings_of, replace=force, keep=keep,
            installed={entry.name for entry in entry_points(group=_GROUP)},
        )  # fmt: skip
    except (ImportFailed, OSError) as err:
        raise Failure(plain(err)) from err
    if as_json:
        say_json(report)
    else:
        _say(report, target)
    if report.problems:
        raise SystemExit(Exit.FAILED)


def _say(report: Report, target: Path) -> None:
    for line in report.as_text():
        click.echo(plain(line))
    count = len(report.of(Fate.LEFT))
    click.echo(f"wrote {target}; {count or 'no'} part{'' if count == 1 else 's'} not taken")
    click.echo(f"Now read {target / 'IMPORT.md'}, then start the hub: casita run {target}")
