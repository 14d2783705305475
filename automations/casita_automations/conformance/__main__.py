"""Compares Casita with recorded behaviour: vectors, replay sets, people's YAML."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from casita_automations.conformance import corpus, replay, vectors

_FOLDER: Final = click.Path(exists=True, path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print every case as JSON.")


class Outcome(NamedTuple):
    """One comparison: what was compared, and how it differs, if it does."""

    name: str
    difference: str | None
    more: Mapping[str, Any] = {}
    """What else is to be said of it as JSON."""


@click.group(help=__doc__)
@click.pass_context
def main(context: click.Context) -> None:
    logging.disable(logging.CRITICAL)
    context.call_on_close(lambda: logging.disable(logging.NOTSET))


@main.command("vectors")
@click.argument("folder", type=_FOLDER)
@_as_json
def run_vectors(folder: Path, as_json: bool) -> None:
    """Run the behaviour vectors of a folder."""
    _report(_vectors(folder), as_json)


@main.command("replay")
@click.argument("folder", type=_FOLDER)
@click.argument("logs", type=_FOLDER)
@click.option("--backtest", is_flag=True, help="Replay as `casita backtest` does.")
@_as_json
def run_replay(folder: Path, logs: Path, backtest: bool, as_json: bool) -> None:
    """Replay the sets of a folder over its logs."""
    _report(_replays(folder, logs, replay.run_as_backtest if backtest else replay.run), as_json)


@main.command("corpus")
@click.argument("folder", type=_FOLDER)
@_as_json
def run_corpus(folder: Path, as_json: bool) -> None:
    """Compile people's automations, scripts and blueprints.

    Where HA_VALIDATION.csv says what Home Assistant thinks of them, that is compared.
    """
    _report((_of_verdict(one) for one in corpus.run(folder.resolve())), as_json)


def _vectors(folder: Path) -> Iterator[Outcome]:
    for vector in vectors.read(folder):
        name = str(vector.get("id", "a vector without id"))
        try:
            if vector.get("kind") == "template":
                yield _of_cases(name, vectors.run_cases(vector))
            else:
                yield Outcome(name, vectors.run(vector))
        except Exception as err:  # noqa: BLE001 - one that breaks must not hide the others
            yield Outcome(name, f"{type(err).__name__}: {err}")


def _of_cases(name: str, cases: Iterable[tuple[str, str | None]]) -> Outcome:
    told = [{"template": source, "difference": difference} for source, difference in cases]
    faults = [one["difference"] for one in told if one["difference"] is not None]
    return Outcome(name, "; ".join(map(str, faults)) or None, {"cases": told})


def _replays(folder: Path, logs: Path, run: replay.Run) -> Iterator[Outcome]:
    for one in replay.sets(folder):
        try:
            calls, expected, difference = run(one, logs)
        except Exception as err:  # noqa: BLE001 - one that breaks must not hide the others
            yield Outcome(one.name, f"{type(err).__name__}: {err}")
        else:
            yield Outcome(one.name, difference, {"calls": calls, "expected_calls": expected})


def _of_verdict(one: corpus.Verdict) -> Outcome:
    more = {
        "file": one.file, "kind": one.kind, "index": one.index, "taken": one.refusal is None,
        "refusal": one.refusal, "home_assistant": one.wanted or None, "note": one.note,
    }  # fmt: skip
    return Outcome(f"{one.file} {one.kind} {one.index}", one.difference, more)


def _report(outcomes: Iterable[Outcome], as_json: bool) -> None:
    """Print what came of the comparisons, and exit with 1 if any differs."""
    passed, failed, cases = 0, 0, []
    for name, difference, more in outcomes:
        if difference is None:
            passed += 1
        else:
            failed += 1
        if as_json:
            told = {"name": name, "passed": difference is None, "difference": difference}
            cases.append({**told, **more})
        elif difference is not None:
            click.echo(f"{name}: {' '.join(difference.split())}")
    if as_json:
        click.echo(json.dumps({"passed": passed, "failed": failed, "cases": cases}, default=str))
    else:
        click.echo(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
