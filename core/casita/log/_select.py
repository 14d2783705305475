"""Which events are wanted: by type and subject, each exact or with ``*``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from functools import lru_cache

from casita.events import Event

Selects = Callable[[Event], bool]


@lru_cache(maxsize=256)
def selector(types: tuple[str, ...], subjects: tuple[str, ...]) -> Selects | None:
    """Return what says whether an event is wanted; None if all are."""
    type_fits, subject_fits = _fits(types), _fits(subjects)
    if type_fits is None and subject_fits is None:
        return None
    if subject_fits is None and type_fits is not None:
        return lambda event: type_fits(event.type)
    if type_fits is None and subject_fits is not None:
        return lambda event: subject_fits(event.subject)
    return lambda event: (
        type_fits is None
        or subject_fits is None
        or (type_fits(event.type) and subject_fits(event.subject))
    )


def exact(subjects: Sequence[str]) -> bool:
    """Say whether these are names, none of them a pattern."""
    return bool(subjects) and not any("*" in one or "?" in one or "[" in one for one in subjects)


def _fits(wanted: tuple[str, ...]) -> Callable[[str], bool] | None:
    if not wanted or "*" in wanted:
        return None
    if exact(wanted):
        return frozenset(wanted).__contains__
    pattern = re.compile("|".join(translate(one) for one in wanted))
    return lambda text: pattern.match(text) is not None
