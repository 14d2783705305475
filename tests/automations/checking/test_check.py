"""What `casita check` finds in configurations that are wrong, and does not in those that are not.

In each file of ``faulty`` a comment ``# ! code`` stands on every line that is to be told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from automations.checking.conftest import Check

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
