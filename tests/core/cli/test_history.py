"""``history`` and ``stats``: no hub has to run, and other programs get files."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import Result

from casita.clock import VirtualClock
from casita.kernel import Kernel
from casita.log import Log
from casita_config import Configuration

from .conftest import BEGIN

Cli = Callable[..., Result]
EVER = ("--since", "99999d")


@pytest.fixture
def measured(home: Path) -> Path:
    """A home in which a temperature was measured for two hours."""

    async def measure() -> None:
        clock, folder = VirtualClock(BEGIN), home / ".casita"
        with Log.open(folder, clock=clock) as log:
            kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log, folder=folder)
            kernel.restore()
            kernel.statistics.open()
            for degrees in ("20", "22", "=1+1", "21"):
                kernel.states.set("sensor.t", degrees, {"unit": "C"}, source="test")
                await clock.pass_time(1800)
            kernel.states.save()
            log.flush()
            await kernel.statistics.close()

    asyncio.run(measure())
    return home


def test_history_shows_the_states(casita: Cli, measured: Path) -> None:
    result = casita("history", "sensor.t", "--config", measured, *EVER)

    assert [line.split()[2] for line in result.stdout.splitlines()[1:]] == [
        "20",
        "22",
        "=1+1",
        "21",
    ]


def test_history_in_json_tells_attributes(casita: Cli, measured: Path) -> None:
    result = casita("history", "sensor.t", "--config", measured, *EVER, "--json")

    points = json.loads(result.stdout)
    assert (points[0]["state"], points[0]["attributes"]) == ("20", {"unit": "C"})


def test_stats_show_hours(casita: Cli, measured: Path) -> None:
    result = casita("stats", "sensor.t", "--config", measured, *EVER, "--json")

    first = json.loads(result.stdout)[0]
    assert (first["min"], first["mean"], first["max"], first["last"]) == (20, 21, 22, 22)


@pytest.mark.parametrize("period", ["5m", "hour", "day"])
def test_stats_are_shown_for_people(casita: Cli, measured: Path, period: str) -> None:
    result = casita("stats", "sensor.t", "--config", measured, *EVER, "--period", period)

    assert result.exit_code == 0, result.output
    assert "20" in result.stdout


def test_both_are_written_as_csv(casita: Cli, measured: Path, tmp_path: Path) -> None:
    files = [tmp_path / "history.csv", tmp_path / "stats.csv"]

    for command, file in zip(("history", "stats"), files, strict=True):
        casita(command, "sensor.t", "--config", measured, *EVER, "--csv", file)

    history, stats = ([*csv.DictReader(file.read_text().splitlines())] for file in files)
    assert [row["state"] for row in history] == ["20", "22", "'=1+1", "21"]
    assert (stats[0]["mean"], stats[0]["last"]) == ("21.0", "22.0")


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs: pip install 'casita[parquet]'")
def test_both_are_written_as_parquet(casita: Cli, measured: Path, tmp_path: Path) -> None:
    from importlib import import_module

    files = [tmp_path / "history.parquet", tmp_path / "stats.parquet"]

    for command, file in zip(("history", "stats"), files, strict=True):
        result = casita(command, "sensor.t", "--config", measured, *EVER, "--parquet", file)
        assert result.exit_code == 0, result.output

    read = import_module("pyarrow.parquet").read_table
    history, stats = (read(file).to_pylist() for file in files)
    assert [row["state"] for row in history] == ["20", "22", "=1+1", "21"]
    assert (stats[0]["start"], stats[0]["mean"]) == (BEGIN, 21)


def test_an_entity_that_is_misspelt_gets_a_hint(casita: Cli, measured: Path) -> None:
    for command in ("history", "stats"):
        result = casita(command, "sensor.tt", "--config", measured)

        assert result.exit_code == 1
        assert "Did you mean 'sensor.t'?" in result.stderr


def test_a_time_without_anything_says_so(casita: Cli, measured: Path) -> None:
    result = casita("stats", "sensor.t", "--config", measured, "--since", "1s", "--period", "hour")

    assert result.exit_code == 1
    assert "nothing of that time yet" in result.stderr


def test_a_folder_without_a_log_says_what_to_do(casita: Cli, home: Path) -> None:
    for command in ("history", "stats"):
        result = casita(command, "sensor.t", "--config", home)

        assert result.exit_code == 3
        assert "casita run" in result.stderr
