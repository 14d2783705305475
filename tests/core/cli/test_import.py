"""``casita import``: what a person sees of it, and what a program does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Cli

CONFIGURATION = """\
automation:
  - alias: Night
    triggers:
      - trigger: time
        at: "22:00:00"
    actions:
      - action: input_boolean.turn_on
        target: {entity_id: input_boolean.night}
input_boolean:
  night:
hue:
  bridges: [!secret bridge]
"""


@pytest.fixture
def hass(tmp_path: Path) -> Path:
    folder = tmp_path / "hass"
    folder.mkdir()
    (folder / "configuration.yaml").write_text(CONFIGURATION)
    (folder / "secrets.yaml").write_text("bridge: topsecret-bridge\n")
    return folder


def test_it_tells_what_was_taken_and_what_was_not(casita: Cli, hass: Path, tmp_path: Path) -> None:
    result = casita("import", "hass", hass, "--to", tmp_path / "new")

    assert result.exit_code == 0
    assert "taken: 1 automation, 1 input_boolean" in result.stdout
    assert "configuration.yaml:11: section hue: there is no plugin for it;" in result.stdout
    assert f"start the hub: casita run {tmp_path / 'new'}" in result.stdout
    assert "topsecret" not in result.output


def test_what_it_wrote_passes_the_check(casita: Cli, hass: Path, tmp_path: Path) -> None:
    casita("import", "hass", hass, "--to", tmp_path / "new")

    result = casita("check", tmp_path / "new")

    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'new'}: no problems\n")


def test_a_program_gets_every_part(casita: Cli, hass: Path, tmp_path: Path) -> None:
    result = casita("import", "hass", hass, "--to", tmp_path / "new", "--json")

    report = json.loads(result.stdout)
    assert report["problems"] == []
    assert {
        "kind": "automation", "name": "Night", "fate": "taken", "reason": "", "plugin": None,
        "file": "configuration.yaml", "line": 2,
    } in report["parts"]  # fmt: skip
    (hue,) = [one for one in report["parts"] if one["name"] == "hue"]
    assert (hue["fate"], hue["plugin"], hue["line"]) == ("not taken", "casita-homekit", 11)


def test_it_writes_over_nothing_unless_it_is_forced(
    casita: Cli, hass: Path, tmp_path: Path
) -> None:
    target = tmp_path / "new"
    first = casita("import", "hass", hass, "--to", target)
    second = casita("import", "hass", hass, "--to", target)
    third = casita("import", "hass", hass, "--to", target, "--force")

    assert [one.exit_code for one in (first, second, third)] == [0, 1, 0]
    assert "--force" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("hass", "nowhere"), 1, "name the folder that Home Assistant calls /config"),
        (("hass",), 2, "Missing argument"),
        (("hsas", "x"), 2, "hsas"),
    ],
)
def test_what_cannot_be_imported_is_said(
    casita: Cli, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = casita("import", *arguments)

    assert result.exit_code == code
    assert said in result.output
