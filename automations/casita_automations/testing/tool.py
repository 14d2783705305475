"""Runs the tests of a configuration folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from casita.errors import CasitaError
from casita.testruns import TestReport, TestResult, Verdict
from casita_automations.testing import _python, _running
from casita_automations.testing._finding import Found, found_in, python_files
from casita_config import ConfigError, Configuration, load_config, place_of


def run(folder: Path, *, only: str | None = None, told: Callable[[TestResult], None]) -> TestReport:
    """Run all tests, or those with a text in their names; tell each as it ends.

    Raises `ConfigError` if the configuration's main file is wrong.
    """
    config = load_config(folder)
    began = time.perf_counter()
    results = []
    for result in _results(config, only):
        told(result)
        results.append(result)
    return TestReport(results=results, took_s=round(time.perf_counter() - began, 3))


def _results(config: Configuration, only: str | None) -> Iterator[TestResult]:
    for found in found_in(config):
        if only is None or only.casefold() in f"{found.of}: {found.name}".casefold():
            yield _timed(lambda found=found: _of_yaml(found))  # type: ignore[misc]  # bound at once
    assert config.folder is not None
    for path in python_files(config.folder):
        yield from _of_python(path, config, only)


def _timed(run: Callable[[], TestResult]) -> TestResult:
    import msgspec

    began = time.perf_counter()
    result = run()
    return msgspec.structs.replace(result, took_s=round(time.perf_counter() - began, 3))


def _of_yaml(found: Found) -> TestResult:
    def ended(
        verdict: Verdict,
        file: str | None = None,
        line: int | None = None,
        message: str | None = None,
    ) -> TestResult:
        return TestResult(
            name=found.name, of=found.of, verdict=verdict, file=file, line=line, message=message
        )

    try:
        _running.run(found)
    except _running.Unmet as err:
        place = place_of(err.expectation.at.tree, err.expectation.at.path)
        file, line = (place.file, place.line) if place else (None, None)
        return ended(Verdict.FAILED, file, line, str(err))
    except ConfigError as err:
        first = err.problems[0]
        return ended(Verdict.ERROR, first.file, first.line, first.message)
    except CasitaError as err:
        return ended(Verdict.ERROR, message=str(err))
    if isinstance(found.test, ConfigError):
        return ended(Verdict.ERROR)
    place = place_of(found.test.at.tree, found.test.at.path)
    return ended(Verdict.PASSED, place.file if place else None, place.line if place else None)


def _of_python(path: Path, config: Configuration, only: str | None) -> Iterator[TestResult]:
    assert config.folder is not None
    file = path.relative_to(config.folder).as_posix()
    try:
        tests = list(_python.functions_of(path))
    except _python.Failed as err:
        yield TestResult(
            name="import", of=file, verdict=Verdict.ERROR, file=file, line=err.line,
            message=str(err),
        )  # fmt: skip
        return
    for test in tests:
        if only is None or only.casefold() in f"{file}: {test.name}".casefold():
            yield _timed(lambda test=test: _one_of_python(test, file, config))  # type: ignore[misc]  # bound at once


def _one_of_python(test: _python.PythonTest, file: str, config: Configuration) -> TestResult:
    verdict, line, message = Verdict.PASSED, test.line, None
    try:
        _python.run(test, config)
    except _python.Failed as err:
        verdict, line, message = Verdict.FAILED, err.line or test.line, str(err)
    return TestResult(
        name=test.name, of=file, verdict=verdict, file=file, line=line, message=message
    )
