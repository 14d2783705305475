"""Which folder a command is about, and in which zone it tells times."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from casita.cli import main
from casita.clock import VirtualClock
from casita.log import Log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A house in Berlin, with one event in its log."""
    (tmp_path / "casita.yaml").write_text("home:\n  time_zone: Europe/Berlin\n")
    clock = VirtualClock(datetime(2024, 7, 1, 10, tzinfo=UTC))
    with Log.open(tmp_path / ".casita", clock=clock) as log:
        log.append("token.created", "phone", {}, source="casita", actor="owner")
    return tmp_path


def say(*words: object) -> str:
    result = CliRunner().invoke(main, [str(one) for one in words], env={"CASITA_CONFIG": "/gone"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_folder_may_stand_before_the_command_and_behind_it(folder: Path) -> None:
    assert say("--config", folder, "log") == say("log", "--config", folder)


def test_the_folder_behind_the_command_is_the_nearer_one(folder: Path, tmp_path: Path) -> None:
    assert "a token for phone was made by owner" in say(
        "--config", tmp_path / "other", "log", "--config", folder
    )


def test_times_are_those_of_the_house(folder: Path) -> None:
    assert "2024-07-01 12:00:00" in say("log", "--config", folder)


@pytest.mark.parametrize("text", ["time_zone: Nowhere/At_all", "time_zone: !secret zone"])
def test_a_zone_that_cannot_be_read_is_that_of_the_machine(folder: Path, text: str) -> None:
    (folder / "casita.yaml").write_text(f"home:\n  {text}\n")
    here = datetime(2024, 7, 1, 10, tzinfo=UTC).astimezone()

    assert f"{here:%Y-%m-%d %H:%M:%S}" in say("log", "--config", folder)
