"""Tests in Python: functions ``test_*`` that are given a `casita.testing.House`."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from casita_automations.testing._stage import house_of
from casita_config import Configuration


@dataclass(frozen=True, slots=True)
class PythonTest:
    """One function."""

    path: Path
    name: str
    function: Callable[..., object]
    line: int


class Failed(Exception):
    """A test in Python failed."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def functions_of(path: Path) -> Iterator[PythonTest]:
    """Go through the tests of a file. Raises `Failed` if it cannot be imported."""
    module = _module(path)
    for name, function in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(function):
            yield PythonTest(path, name, function, function.__code__.co_firstlineno)


def run(test: PythonTest, config: Configuration) -> None:
    """Run a test in the whole house. Raises `Failed`."""
    with house_of(config) as house:
        try:
            test.function(*([house] if inspect.signature(test.function).parameters else []))
        except Exception as err:  # a test may raise anything
            raise Failed(_words(err), _line_in(test.path, err) or test.line) from err


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"casita_tests_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except Exception as err:  # a module may raise anything
        raise Failed(f"it cannot be imported: {_words(err)}", _line_in(path, err)) from err
    finally:
        sys.dont_write_bytecode = written
    return module


def _words(err: Exception) -> str:
    text = str(err).strip() or "an assertion does not hold"
    return text if isinstance(err, AssertionError) else f"{type(err).__name__}: {text}"


def _line_in(path: Path, err: Exception) -> int | None:
    frames = traceback.extract_tb(err.__traceback__)
    mine = [frame.lineno for frame in frames if Path(frame.filename) == path]
    if isinstance(err, SyntaxError):
        return err.lineno
    return mine[-1] if mine else None
