"""``casita reload``: put a changed configuration in force."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from casita.cli._client import Client
from casita.cli._options import Exit, Failure, common, config_folder
from casita.cli._output import on_terminal, plain, say_json
from casita.reloads import Difference, ItemChange, ReloadReport

_LOOK_EVERY_S: Final = 0.5
_SUFFIXES: Final = (".yaml", ".py", ".jinja")
_SIGNS: Final = {Difference.ADDED: "+", Difference.CHANGED: "~", Difference.REMOVED: "-"}
_COLOURS: Final = {"+": "green", "-": "red"}
_Seen = dict[str, tuple[int, int]]


@click.command("reload")
@common
@click.option("--watch", is_flag=True, help="Reload whenever a file changes, until interrupted.")
@click.option("--force", is_flag=True, help="In spite of faults and of tests that do not pass.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def reload_command(folder: Path, as_json: bool, watch: bool, force: bool, dry_run: bool) -> None:
    """Put the automations and scripts of the folder in force, all of them or none.

    What has not changed keeps its timers and runs. With a fault, or a test that does not pass,
    everything stays as it was.
    """
    chosen = config_folder(folder)
    body = {"force": force, "dry_run": dry_run}
    seen = _files(chosen)
    report = _reload(chosen, body, as_json)
    if watch:
        _watch(chosen, seen, body, as_json)
    elif report.refused and not report.active:
        raise SystemExit(Exit.REFUSED)


def _reload(folder: Path, body: Any, as_json: bool) -> ReloadReport:
    answer = Client(folder).ask("POST", "/api/reload", body)
    report = msgspec.convert(answer, ReloadReport)
    if as_json:
        say_json(report)
    else:
        _say(report)
    return report


def _watch(folder: Path, seen: _Seen, body: Any, as_json: bool) -> None:
    """Look for changed files, since what was seen; a reload that is refused does not end it."""
    pause = threading.Event()
    click.echo(f"Watching {folder}; Ctrl-C ends it.", err=True)
    try:
        while not pause.wait(_LOOK_EVERY_S):
            now = _files(folder)
            if now != seen:
                seen = now
                _reload_watched(folder, body, as_json)
    except KeyboardInterrupt:
        return


def _reload_watched(folder: Path, body: Any, as_json: bool) -> None:
    try:
        _reload(folder, body, as_json)
    except Failure as err:
        if err.exit_code == Exit.NO_HUB:
            raise
        click.echo(f"Error: {err.format_message()}", err=True)


def _files(folder: Path) -> _Seen:
    """Return time and size of each file that belongs to the configuration."""
    found: _Seen = {}
    for path in _shown(folder):
        try:
            told = path.stat()
        except OSError:
            continue
        found[str(path)] = told.st_mtime_ns, told.st_size
    return found


def _shown(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in _SUFFIXES and not hidden:
            yield path


def _say(report: ReloadReport) -> None:
    for change in report.changes:
        _say_change(change, report)
    for problem in report.problems:
        click.echo(f"Fault: {plain(problem)}")
    for broken in report.broken_tests:
        click.echo(f"Test: {plain(broken)}")
    if report.after_restart:
        names = ", ".join(map(plain, report.after_restart))
        click.echo(f"After a restart of the hub only: {names}")
    click.echo(_summary(report))


def _say_change(change: ItemChange, report: ReloadReport) -> None:
    click.echo(f"{_SIGNS[change.difference]} {plain(change.entity_id)} ({plain(change.name)})")
    for line in change.diff:
        colour = _COLOURS.get(line[:1]) if on_terminal() else None
        click.secho(f"    {plain(line)}", fg=colour)
    if change.runs:
        what = {"drop": "are dropped", "finish": "go on to their end", "restart": "begin anew"}
        tense = "" if report.active else ", once it is in force"
        click.echo(f"    {change.runs} under way: they {what[change.when_changed]}{tense}")


def _summary(report: ReloadReport) -> str:
    counts = [
        f"{sum(1 for one in report.changes if one.difference is difference)} {difference.value}"
        for difference in Difference
    ]
    told = f"{', '.join(counts)}, {report.unchanged} unchanged"
    if report.active:
        return f"In force: {told}."
    if not report.refused:
        return f"Would be in force: {told}."
    return f"Refused, the old configuration stays in force: {told}. --force overrides."
