"""``init``, ``check`` and ``version``, and how the whole command behaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click import Context
from click.testing import Result

import casita_demo
from casita import Component
from casita.cli import main

Cli = Callable[..., Result]


def test_what_init_writes_has_no_problems(casita: Cli, tmp_path: Path) -> None:
    written = casita("init", tmp_path / "new")

    checked = casita("check", tmp_path / "new")

    assert written.exit_code == 0
    assert (tmp_path / "new" / "casita.yaml").exists()
    assert checked.exit_code == 0, checked.output
    assert "no problems" in checked.stdout


def test_init_writes_over_nothing(casita: Cli, home: Path) -> None:
    before = (home / "casita.yaml").read_text()

    result = casita("init", home)

    assert result.exit_code == 1
    assert "it exists" in result.stderr
    assert (home / "casita.yaml").read_text() == before


def test_init_leaves_other_files_as_they_are(casita: Cli, tmp_path: Path) -> None:
    (tmp_path / "automations.yaml").write_text("# mine\n[]\n")

    result = casita("init", tmp_path)

    assert result.exit_code == 0
    assert (tmp_path / "automations.yaml").read_text() == "# mine\n[]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("home:\n  nam: X\n", "casita.yaml:2"),
        ("http:\n  port: many\n", "casita.yaml:2"),
        ("home: {\n", "casita.yaml:"),
        ("lihgts:\n  a: 1\n", "'lihgts'"),
        ("plugins:\n  hommekit:\n", "casita.yaml:2: plugins.hommekit"),
        ("plugins:\n  demo:\n    pace: very\n", "casita.yaml:3: plugins.demo.pace"),
        ("plugins:\n  demo:\n    pce: 3\n", "Did you mean 'pace'?"),
    ],
)
def test_check_names_each_problem_with_its_place(
    casita: Cli, home: Path, text: str, words: str
) -> None:
    (home / "casita.yaml").write_text(text)

    result = casita("check", home)

    assert result.exit_code == 1
    assert words in result.stdout
    assert "1 problem" in result.stdout


def test_check_in_json_has_file_line_key_and_message(casita: Cli, home: Path) -> None:
    (home / "casita.yaml").write_text("home:\n  nam: X\n")

    result = casita("check", home, "--json")

    assert result.exit_code == 1
    problem = json.loads(result.stdout)["problems"][0]
    assert (problem["file"], problem["line"]) == ("casita.yaml", 2)
    assert problem["key"].startswith("home")


def test_check_starts_no_device(casita: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def start(component: Component) -> None:
        started.append(component.home.instance)

    monkeypatch.setattr(casita_demo.Demo, "start", start)
    (home / "casita.yaml").write_text("plugins:\n  demo:\n")

    result = casita("check", home)

    assert result.exit_code == 0, result.output
    assert started == []
    assert not (home / ".casita").exists()


def test_version_is_told(casita: Cli) -> None:
    assert casita("version").stdout.startswith("casita 0.")
    assert json.loads(casita("version", "--json").stdout)["version"].startswith("0.")


def test_help_lists_commands_and_exit_codes(casita: Cli) -> None:
    told = casita("--help").stdout

    for word in ("run", "why", "adopt", "Exit codes", "3  no hub is running"):
        assert word in told


def test_a_misspelt_command_names_the_nearest(casita: Cli) -> None:
    result = casita("devises")

    assert result.exit_code == 2
    assert "Did you mean 'devices'?" in result.stderr


def test_every_command_has_help_config_and_json(casita: Cli) -> None:
    for command in ("log", "why", "states", "devices", "adopt", "ignore", "call", "check"):
        told = casita(command, "--help").stdout

        assert "--config" in told
        assert "--json" in told


def test_the_page_about_the_command_line_names_every_command() -> None:
    page = (Path(__file__).parents[3] / "core/docs/cli.md").read_text()

    for name in main.list_commands(Context(main)):
        assert f"## casita {name}\n" in page
