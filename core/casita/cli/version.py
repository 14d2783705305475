"""``casita version``"""

from __future__ import annotations

import click

from casita.cli._options import json_option
from casita.cli._output import say_json


@click.command("version")
@json_option
def version_command(as_json: bool) -> None:
    """Show the version of Casita."""
    version = installed_version()
    if as_json:
        say_json({"version": version})
    else:
        click.echo(f"casita {version}")


def installed_version() -> str:
    """Return the version of the installed package."""
    from importlib.metadata import version

    return version("casita")
