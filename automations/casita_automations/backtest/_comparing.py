"""Two lists of commands, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from casita_automations.backtest._rows import Sent

_NEAR: Final = timedelta(seconds=5)
"""So far apart two commands may be that are the same: a living house answers with a delay."""
_Key = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two lists of commands have in common, and what not; each in the order of time."""

    same: list[Sent]
    added: list[Sent]
    missing: list[Sent]


def compared(now: Sequence[Sent], before: Sequence[Sent], *, with_data: bool) -> Difference:
    """Pair the commands of two lists, each with the nearest of the same kind within 5 s.

    ``with_data`` says whether the data has to be the same, too.
    """
    waiting: dict[_Key, list[Sent]] = {}
    for sent in before:
        waiting.setdefault(_key(sent, with_data), []).append(sent)
    taken: dict[_Key, int] = dict.fromkeys(waiting, 0)
    same: list[Sent] = []
    added: list[Sent] = []
    missing: list[Sent] = []
    for sent in now:
        key = _key(sent, with_data)
        others, index = waiting.get(key, []), taken.get(key, 0)
        while index < len(others) and others[index].time < sent.time - _NEAR:
            missing.append(others[index])
            index += 1
        if index < len(others) and others[index].time <= sent.time + _NEAR:
            same.append(sent)
            index += 1
        else:
            added.append(sent)
        taken[key] = index
    for key, others in waiting.items():
        missing += others[taken[key] :]
    missing.sort(key=lambda one: one.time)
    return Difference(same, added, missing)


def _key(sent: Sent, with_data: bool) -> _Key:
    data = json.dumps(_plain(sent.data), sort_keys=True, default=str) if with_data else None
    return sent.service, sent.subject, data


def _plain(value: Any) -> Any:
    """Return a value in which 1 and 1.0 are the same, as they are to a lamp."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
