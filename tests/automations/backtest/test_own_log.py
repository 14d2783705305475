"""Backtests over the house's own log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from automations.backtest.conftest import Backtest
from casita.cli import main

NOT_AT_NIGHT = """\
alias: hall light
triggers: [{trigger: state, entity_id: binary_sensor.hall, to: "on"}]
conditions: [{condition: state, entity_id: sun.sun, state: above_horizon}]
actions: [{action: light.turn_on, target: {entity_id: light.hall}}]
"""
SOONER = """\
- alias: hall light off
  triggers: [{trigger: state, entity_id: light.hall, to: "on", for: "00:05:00"}]
  actions: [{action: light.turn_off, target: {entity_id: light.hall}}]
"""


def commands(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["change"], one["service"], one["subject"]) for one in report["lines"]]


def test_what_has_not_changed_sends_what_was_sent(backtest: Backtest) -> None:
    report = backtest()

    assert (report["same"], report["added"], report["missing"]) == (6, 0, 0)
    assert report["runs"] == {"automation.hall_light": 3, "automation.hall_light_off": 3}


def test_a_condition_that_would_have_said_no_is_told(backtest: Backtest, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(NOT_AT_NIGHT)

    report = backtest(file)

    assert commands(report) == [("missing", "light.turn_on", "light.hall")] * 3
    assert [(one["day"], one["missing"]) for one in report["days"]] == [
        ("2024-03-12", 1), ("2024-03-13", 1), ("2024-03-14", 1),
    ]  # fmt: skip
    why = report["lines"][0]["why"]
    assert why[0].startswith("hall light ran, by state of binary_sensor.hall")
    assert why[-1] == "here its conditions said no: sun was below_horizon"


def test_a_command_that_would_have_been_sent_says_why(backtest: Backtest, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(SOONER)

    report = backtest(file)

    added = [one for one in report["lines"] if one["change"] == "added"]
    assert [one["time"] for one in added] == [
        "2024-03-12T03:05:00Z", "2024-03-13T03:05:00Z", "2024-03-14T03:05:00Z",
    ]  # fmt: skip
    assert added[0]["why"][1].startswith("hall turned on")
    assert report["missing"] == 3


def test_only_the_named_automation_is_tried(backtest: Backtest) -> None:
    assert backtest("hall light")["automations"] == ["automation.hall_light"]


@pytest.mark.parametrize("bounds", [("--days", "1"), ("--from", "2024-03-14T00:00+00:00")])
def test_a_part_of_the_record_is_replayed(backtest: Backtest, bounds: tuple[str, str]) -> None:
    report = backtest(*bounds)

    assert report["same"] == 2
    assert (report["added"], report["missing"]) == (0, 0)


def test_against_current_compares_two_simulations(backtest: Backtest, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(NOT_AT_NIGHT)

    report = backtest(file, "--against", "current")

    assert commands(report) == [("missing", "light.turn_on", "light.hall")] * 3


def test_an_echo_lets_commands_take_effect(backtest: Backtest, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(f"- {NOT_AT_NIGHT.replace(chr(10), chr(10) + '  ').rstrip()}\n{_off()}")

    recorded = backtest(file, "--recorded")
    echoed = backtest(file, "--echo")

    assert commands(recorded).count(("missing", "light.turn_off", "light.hall")) == 0
    assert commands(echoed).count(("missing", "light.turn_off", "light.hall")) == 3
    assert "6 recorded changes were left out" in echoed["notes"][0]
    assert "6 of its changes are effects" in recorded["notes"][0]


def test_what_is_misspelt_is_refused_with_the_nearest_name(lived_in: Path) -> None:
    result = CliRunner().invoke(main, ["backtest", "hall lihgt", "--config", str(lived_in)])

    assert result.exit_code == 2
    assert "did you mean" in result.stderr.lower()
    assert "hall light" in result.stderr


def test_a_fault_in_the_file_is_told_with_its_line(lived_in: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("alias: broken\ntriggers: [{trigger: stat}]\nactions: []\n")

    result = CliRunner().invoke(main, ["backtest", str(file), "--config", str(lived_in)])

    assert result.exit_code == 2
    assert "new.yaml:2" in result.stderr


def test_a_person_reads_signs_days_and_a_summary(lived_in: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["backtest", "-", "--config", str(lived_in)], input=NOT_AT_NIGHT
    )

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("- 2024-03-12")
    assert "2024-03-12  0     +0    -1" in result.stdout
    assert "1 automation, 0 runs" in result.stdout


def _off() -> str:
    return """\
- alias: hall light off
  triggers: [{trigger: state, entity_id: light.hall, to: "on", for: "00:10:00"}]
  actions: [{action: light.turn_off, target: {entity_id: light.hall}}]
"""
