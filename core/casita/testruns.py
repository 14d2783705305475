"""Tests of automations as they are asked for and told.

The automations do the work; the command line and the API ask for it by these types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

TOOL = "test"
"""Under what name a plugin offers the function that runs them."""


class Verdict(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    """An expectation was not met."""
    ERROR = "error"
    """It could not be run as it is written."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one test ended."""

    name: str
    of: str
    """What it is a test of: an automation's name, or the file that it stands in."""
    verdict: Verdict
    file: str | None = None
    """Relative to the configuration folder: where the test stands, or what was not met."""
    line: int | None = None
    message: str | None = None
    """What was expected, and what happened instead."""
    took_s: float = 0.0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place + ': ' if place else ''}{self.of}: {self.name}: {self.message or 'passed'}"


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """How all tests ended."""

    results: Sequence[TestResult]
    took_s: float

    @property
    def broken(self) -> list[TestResult]:
        """Those that did not pass."""
        return [one for one in self.results if one.verdict is not Verdict.PASSED]


class RunTests(Protocol):
    """The function that runs the tests of a configuration folder. It blocks."""

    def __call__(
        self, folder: Path, *, only: str | None = None, told: Callable[[TestResult], None]
    ) -> TestReport:
        """Run all tests, or those with a text in their names; tell each as it ends.

        Raises `ConfigError` if the configuration's main file is wrong.
        """
        ...
