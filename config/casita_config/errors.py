"""The root of Casita's errors, and what is wrong with a configuration.

They live here because this package is the leaf that everything else may import;
authors import them from ``casita.errors``, where the whole tree is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class CasitaError(Exception):
    """The root of every error that Casita raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a configuration, and where."""

    message: str
    """What was wrong and what to do, in one sentence without the place."""
    file: str | None = None
    """Path relative to the configuration folder."""
    line: int | None = None
    """Line in the file, from 1."""
    key: str | None = None
    """Path of keys from the top of the section, as ``automation[3].trigger[0].to``."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(CasitaError):
    """The configuration is wrong. ``problems`` holds every fault found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is nearest to a misspelt one, or None if none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known word, or an empty string."""
    near = nearest(word, known)
    return f" Did you mean {near!r}?" if near else ""
