"""The zone of times that are shown and typed: that of the house, wherever the command runs."""

from __future__ import annotations

import re
from datetime import tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from casita.cli._options import main_file

_GIVEN: Final = re.compile(
    r"""^\s*time_zone\s*:\s*["']?([A-Za-z0-9_+/-]+)["']?\s*(?:#.*)?$""", re.M
)
_KEY: Final = "casita.cli.zone"


def home_zone() -> tzinfo | None:
    """Return the zone that the main file of the folder in question gives; None: the machine's.

    One that an included file gives is not looked for: this is asked before anything is shown.
    """
    ctx = click.get_current_context(silent=True)
    folder = ctx.params.get("folder") if ctx is not None else None
    if ctx is None or not isinstance(folder, Path):
        return None
    if _KEY not in ctx.meta:
        ctx.meta[_KEY] = _zone_in(folder)
    zone: tzinfo | None = ctx.meta[_KEY]
    return zone


def _zone_in(folder: Path) -> tzinfo | None:
    file = main_file(folder)
    try:
        found = _GIVEN.findall(file.read_text(encoding="utf-8")) if file is not None else []
        return ZoneInfo(found[0]) if len(set(found)) == 1 else None
    except (OSError, ValueError, LookupError):  # also a zone that there is not
        return None
