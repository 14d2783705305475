"""Why a command differs, in sentences."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from casita.events import Event
from casita.sentences import Names, plain_name, sentence
from casita_automations.backtest._house import PaperHouse
from casita_automations.backtest._rows import Sent

_NEAR: Final = timedelta(seconds=5)
Chain = Callable[[Sent], Sequence[Event]]


def names_of(house: PaperHouse) -> Names:
    """Return what gives the friendly names of a house on paper."""

    def name(subject: str) -> str:
        state = house.states.get(subject)
        return state.name if state is not None else plain_name(subject)

    return name


def told(events: Sequence[Event], names: Names) -> list[str]:
    """Return a chain of causes as sentences, without the command that it explains."""
    return [_one(event, names) for event in events[1:]]


def kept_from(sent: Sent, house: PaperHouse, names: Names) -> str:
    """Say what a house on paper did in place of sending a command."""
    skips = house.skipped.get(sent.automation, [])
    index = bisect_left(skips, sent.time - _NEAR, key=lambda event: event.time)
    if index < len(skips) and skips[index].time <= sent.time + _NEAR:
        return f"here its conditions said no: {_seen(skips[index].data.get('seen'), names)}"
    if sent.automation not in house.owners:
        return "here there is no such automation"
    return "here it did not run, or did something else"


def _one(event: Event, names: Names) -> str:
    at = event.time.strftime("%H:%M:%S UTC")
    if event.type == "run.started":
        trigger = event.data.get("trigger")
        by = f", by {trigger}" if trigger else ""
        return f"{names(event.subject)} ran{by} ({at})"
    return f"{sentence(event, names)} ({at})"


def _seen(seen: Any, names: Names) -> str:
    if isinstance(seen, Mapping) and seen:
        return ", ".join(f"{names(str(key))} was {value}" for key, value in seen.items())
    return str(seen) if seen else "nothing that it looks at can be shown"
