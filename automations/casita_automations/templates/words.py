"""What one part of the vocabulary adds to the environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

Function = Callable[..., Any]


@dataclass(slots=True)
class Words:
    """Functions, filters and tests by name."""

    functions: dict[str, Any] = field(default_factory=dict)
    filters: dict[str, Function] = field(default_factory=dict)
    tests: dict[str, Function] = field(default_factory=dict)

    def add(
        self, name: str, function: Function, *, filter: bool = False, test: bool = False
    ) -> None:
        """Add a function, also as a filter or a test of the same name."""
        self.functions[name] = function
        if filter:
            self.filters[name] = function
        if test:
            self.tests[name] = function


class NoDefault:
    """Stands for a default that was not given."""

    def __repr__(self) -> str:
        return "no default"


NO_DEFAULT: Final = NoDefault()


def or_default(default: Any, name: str, value: Any) -> Any:
    """Return the default, or raise `ValueError` with a hint if none was given."""
    if default is NO_DEFAULT:
        raise ValueError(f"{name} got invalid input {value!r}, and no default was specified")
    return default
