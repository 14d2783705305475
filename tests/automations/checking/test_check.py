"""What `casita check` finds in configurations that are wrong, and does not in those that are not.

In each file of ``faulty`` a comment ``# ! code`` stands on every line that is to be told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from automations.checking.conftest import Check
from casita.cli import main

_HERE: Final = Path(__file__).parent
_MARK: Final = re.compile(r"# ! ([a-z-]+)")
_NOT_A_HOME: Final = ".secrets"


def _files(kind: str) -> list[Path]:
    found = sorted((_HERE / kind).glob("*.yaml"))
    return [one for one in found if not one.stem.endswith(_NOT_A_HOME)]


def _marked(file: Path, name: str) -> Iterator[tuple[str, int, str]]:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for code in _MARK.findall(line):
            yield name, number, code


def _told(answer: dict[str, Any]) -> set[tuple[str, int, str]]:
    return {
        (one["file"], one["line"], one["code"])
        for one in [*answer["problems"], *answer["hints"]]
    }  # fmt: skip


@pytest.mark.parametrize("file", _files("faulty"), ids=lambda one: one.stem)
def test_a_fault_is_found_at_its_line(file: Path, check: Check) -> None:
    secrets = file.with_name(f"{file.stem}.secrets.yaml")
    expected = set(_marked(file, "casita.yaml"))
    if secrets.exists():
        expected |= set(_marked(secrets, "secrets.yaml"))

    answer = check(file)

    assert expected
    assert _told(answer) == expected, answer


@pytest.mark.parametrize("file", _files("sound"), ids=lambda one: one.stem)
def test_what_is_sound_raises_no_alarm(file: Path, check: Check) -> None:
    answer = check(file)

    assert _told(answer) == set(), answer


def test_there_are_enough_of_both() -> None:
    assert len(_files("faulty")) >= 40
    assert len(_files("sound")) >= 40


_BLUEPRINT: Final = """\
blueprint:
  name: Motion
  domain: automation
  input:
    sensor:
    lamp:
triggers:
  - trigger: state
    entity_id: !input sensor
    to: "on"
actions:
  - action: light.trun_on
    target: {entity_id: !input lamp}
"""
_USES: Final = """\
input_boolean:
  guests:
automation:
  - alias: hall
    use_blueprint:
      path: motion.yaml
      input:
        sensor: input_boolean.gusts
        lamp: light.hall
  - alias: kitchen
    use_blueprint:
      path: motion.yaml
      input:
        sensor: input_boolean.guests
        lamp: light.kitchen
"""


def test_a_blueprint_is_checked_where_it_stands_and_its_inputs_where_they_are_given(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "blueprints" / "automation"
    folder.mkdir(parents=True)
    (folder / "motion.yaml").write_text(_BLUEPRINT)
    (tmp_path / "casita.yaml").write_text(_USES)

    result = CliRunner().invoke(main, ["check", str(tmp_path)])

    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == [
        "blueprints/automation/motion.yaml:12: automation[0].actions[0].action: there is no "
        "service light.trun_on. Did you mean 'light.turn_on'? [unknown-service] "
        "(used at casita.yaml:5 and 1 more)",
        "casita.yaml:8: automation[0].triggers[0].entity_id: there is no entity "
        "input_boolean.gusts. Did you mean 'input_boolean.guests'? [unknown-entity]",
    ]
