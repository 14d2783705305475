"""``casita test``: the tests that stand beside automations."""

from __future__ import annotations

from pathlib import Path

import click

from casita.cli._junit import write_junit
from casita.cli._options import Exit, Failure, config_folder, config_option, hush, json_option
from casita.cli._output import on_terminal, plain, say_json
from casita.testruns import TOOL, RunTests, TestReport, TestResult, Verdict

_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.ERROR: "red"}


@click.command("test")
@click.argument(
    "config",
    metavar="[CONFIG_FOLDER]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False),
)
@config_option
@json_option
@click.option("-k", "only", metavar="TEXT", help="Only tests with this text in their names.")
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results for a CI system, too.",
)
def test_command(
    config: Path | None, folder: Path, as_json: bool, only: str | None, junit: Path | None
) -> None:
    """Run the tests of automations: those under `tests:`, in *.test.yaml, and in test_*.py.

    Each runs in a house of its own, with the real engine and a virtual clock; no device, no
    network and no log of yours is touched.
    """
    from casita.errors import ConfigError
    from casita.host import tool

    chosen = config_folder(config or folder)
    hush()
    run: RunTests = tool(TOOL)
    try:
        report = run(chosen, only=only, told=_nothing if as_json else _say_one)
    except ConfigError as err:
        raise Failure("\n".join(str(one) for one in err.problems), Exit.USAGE) from err
    if junit is not None:
        _write(report, junit)
    if as_json:
        say_json(report)
    else:
        click.echo(_summary(report))
    if report.broken:
        raise SystemExit(Exit.FAILED)


def _nothing(_result: TestResult) -> None:
    return


def _say_one(result: TestResult) -> None:
    verdict = result.verdict.value
    sign = click.style(verdict, fg=_COLOURS[result.verdict]) if on_terminal() else verdict
    click.echo(f"{sign}  {plain(f'{result.of}: {result.name}')}")
    if result.message is not None:
        place = ":".join(str(one) for one in (result.file, result.line) if one is not None)
        click.echo(f"        {place + ': ' if place else ''}{plain(result.message)}")


def _summary(report: TestReport) -> str:
    count, broken = len(report.results), len(report.broken)
    if not count:
        return "There are no tests: write some under `tests:` of an automation."
    failed = f", {broken} did not pass" if broken else ", all passed"
    return f"{count} test{'' if count == 1 else 's'}{failed} ({report.took_s:.1f} s)"


def _write(report: TestReport, path: Path) -> None:
    try:
        write_junit(report, path)
    except OSError as err:
        raise Failure(f"{path}: it cannot be written: {err.strerror}") from err
