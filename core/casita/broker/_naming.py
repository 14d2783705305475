"""What things of one home are called in another, and on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from typing import Final

from casita.ids import new_id
from casita.log import EventLog

_SCHEME: Final = "casita:"
_COLLECTION: Final = "broker"
_IDENTITY: Final = "identity"

Fits = Callable[[str], bool]


def source_of(home: str) -> str:
    """Return the CloudEvents source of a home."""
    return f"{_SCHEME}{home}"


def home_in(source: str) -> str | None:
    """Return the home of a CloudEvents source, or None if it is no home's."""
    return source.removeprefix(_SCHEME) if source.startswith(_SCHEME) else None


def identity(log: EventLog) -> str:
    """Return what tells this log from one that was begun anew: ids stay unique through both."""
    known = log.items(_COLLECTION).get(_IDENTITY)
    if isinstance(known, str):
        return known
    made = new_id()
    log.put(_COLLECTION, _IDENTITY, made)
    return made


def patterns(texts: Sequence[str]) -> Fits:
    """Return what says whether a text fits one of these, ``*`` allowed; none fit everything."""
    if not texts or "*" in texts:
        return lambda _text: True
    pattern = re.compile("|".join(map(translate, texts)))
    return lambda text: pattern.match(text) is not None
