"""Compares Casita with recorded behaviour: vectors, replay sets, people's YAML."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from casita_automations.conformance import corpus, replay, vectors


class Outcome(NamedTuple):
    """One comparison: what was compared, and how it differs, if it does."""

    name: str
    difference: str | None


@click.group(help=__doc__)
def main() -> None:
    logging.disable(logging.CRITICAL)


@main.command("vectors")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run_vectors(folder: Path, as_json: bool) -> None:
    """Run the behaviour vectors of a folder."""
    _report((Outcome(one["id"], _tried(one)) for one in vectors.read(folder)), as_json)


@main.command("replay")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.argument("logs", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run_replay(folder: Path, logs: Path, as_json: bool) -> None:
    """Replay the sets of a folder over its logs."""
    outcomes = (Outcome(one.name, replay.run(one, logs)[2]) for one in replay.sets(folder))
    _report(outcomes, as_json)


@main.command("corpus")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run_corpus(folder: Path, as_json: bool) -> None:
    """Compile people's automations and scripts, and compare with Home Assistant's verdicts."""
    outcomes = (
        Outcome(
            f"{one.file} {one.kind} {one.index}",
            None if one.agrees else one.refusal or "it was taken, Home Assistant refused it",
        )
        for one in corpus.run(folder)
    )
    _report(outcomes, as_json)


def _tried(vector: dict[str, object]) -> str | None:
    try:
        return vectors.run(vector)
    except Exception as err:  # noqa: BLE001 - one vector that breaks must not hide the others
        return f"{type(err).__name__}: {err}"


def _report(outcomes: Iterator[Outcome], as_json: bool) -> None:
    passed, failed = 0, []
    for outcome in outcomes:
        if outcome.difference is None:
            passed += 1
            continue
        failed.append(outcome)
        if not as_json:
            click.echo(f"{outcome.name}: {' '.join(outcome.difference.split())}")
    if as_json:
        failures = [one._asdict() for one in failed]
        click.echo(json.dumps({"passed": passed, "failed": len(failed), "failures": failures}))
    else:
        click.echo(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
