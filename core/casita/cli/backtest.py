"""``casita backtest``: what automations would have done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from casita.backtests import (
    TOOL,
    Against,
    BacktestLine,
    BacktestReport,
    BacktestRequest,
    Change,
    Effects,
    RunBacktest,
)
from casita.cli._options import Exit, Failure, common, hush, main_file
from casita.cli._output import aligned, local, plain, say_json

_STDIN = "-"
_SIGNS = {Change.ADDED: "+", Change.MISSING: "-"}
_COLOURS = {Change.ADDED: "green", Change.MISSING: "red"}


def _time(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """Take a time as ``2026-03-01`` or ``2026-03-01T18:00``, with or without a zone."""
    try:
        return None if value is None else datetime.fromisoformat(value)
    except ValueError:
        message = f"{value!r} is no time; write it as 2026-03-01 or 2026-03-01T18:00"
        raise click.BadParameter(message) from None


@click.command("backtest")
@common
@click.argument("what", metavar="[AUTOMATION|FILE]", required=False)
@click.option("--days", type=click.FloatRange(min=0), help="Only the last so many days.")
@click.option("--from", "begin", callback=_time, metavar="TIME", help="From then on, local time.")
@click.option("--to", "end", callback=_time, metavar="TIME", help="Until then, local time.")
@click.option(
    "--against",
    type=click.Choice([one.value for one in Against]),
    default=Against.RECORD.value,
    show_default=True,
    help="Compare with what was sent, or with what the present automations would have sent.",
)
@click.option(
    "--echo/--recorded",
    help="Let commands take effect, or take all states from the record (the default).",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Instead of the log: a recorder database or History CSV of Home Assistant, JSON lines.",
)
@click.option("--automation", hidden=True, help="What is never taken for a file.")
@click.option("--lines", default=40, show_default=True, help="Tell so many commands one by one.")
def backtest_command(
    folder: Path,
    as_json: bool,
    what: str | None,
    days: float | None,
    begin: datetime | None,
    end: datetime | None,
    against: str,
    echo: bool,
    record: Path | None,
    automation: str | None,
    lines: int,
) -> None:
    """Try automations on what has happened: those of a FILE (- is the input), or as they are.

    Nothing is sent to any device. The answer is what would have been sent and was not (+), and
    what was sent and would not have been (-).
    """
    from casita.host import tool

    file, text, named = _what(what)
    request = BacktestRequest(
        folder=folder if main_file(folder) is not None else None,
        what=automation or named, file=file, text=text, record=record,
        days=days, begin=begin, end=end,
        against=Against(against), effects=Effects.ECHO if echo else Effects.RECORDED,
        lines=max(lines, 0) if not as_json else BacktestRequest(folder=None).lines,
    )  # fmt: skip
    hush()
    run: RunBacktest = tool(TOOL)
    with _failures(), _progress() as progress:
        report = run(request, progress)
    if as_json:
        say_json(report)
    else:
        _say(report)


def _what(what: str | None) -> tuple[Path | None, str | None, str | None]:
    """Return what was named: a file, the text of the input, or an automation."""
    if what is None:
        return None, None, None
    if what == _STDIN:
        return None, sys.stdin.read(), None
    path = Path(what)
    return (path, None, None) if path.is_file() else (None, None, what)


@contextmanager
def _failures() -> Iterator[None]:
    from casita.errors import CasitaError, ConfigError, LogError

    try:
        yield
    except ConfigError as err:
        raise Failure("\n".join(str(one) for one in err.problems), Exit.USAGE) from err
    except LogError as err:
        raise Failure(f"{err} Or name a record with --record.", Exit.NO_HUB) from err
    except CasitaError as err:
        raise Failure(str(err)) from err


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Give what shows a bar, where a person is watching."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=None), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replay", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _say(report: BacktestReport) -> None:
    for line in report.lines:
        _say_line(line)
    left = report.added + report.missing - len(report.lines)
    if left > 0:
        click.echo(f"... and {left} more; --lines {len(report.lines) + left} tells all.")
    if report.days:
        rows = [(str(one.day), str(one.same), f"+{one.added}", f"-{one.missing}")
                for one in report.days]  # fmt: skip
        total = ("total", str(report.same), f"+{report.added}", f"-{report.missing}")
        heading = ("DAY", "SAME", "MORE", "LESS")
        click.echo("\n".join(["", *aligned([heading, *rows, total])]))
    click.echo(f"\n{_summary(report)}")
    for automation, message in report.failed.items():
        click.echo(f"{automation}: {plain(message)}")
    for note in report.notes:
        click.echo(f"Note: {plain(note)}")


def _say_line(line: BacktestLine) -> None:
    data = "".join(f" {key}={value}" for key, value in line.data.items())
    target = "" if line.subject == line.service else f" {line.subject}"
    text = f"{_SIGNS[line.change]} {local(line.time)}  {line.service}{target}{plain(data)}"
    click.secho(text, fg=_COLOURS[line.change])
    for reason in line.why:
        click.echo(f"      {plain(reason)}")


def _summary(report: BacktestReport) -> str:
    count, runs = len(report.automations), sum(report.runs.values())
    rate = report.rows / report.took_s if report.took_s else 0
    days = (report.end - report.begin).total_seconds() / 86400
    return (
        f"{count} automation{'' if count == 1 else 's'}, {runs} run{'' if runs == 1 else 's'} over "
        f"{days:.1f} days of {report.record}: {report.same} commands as before, {report.added} "
        f"more, {report.missing} less. {report.rows} events in {report.took_s:.1f} s "
        f"({rate:,.0f} a second)."
    )
