"""Which state several things have together, as Home Assistant sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from casita.events import State
from casita.ids import domain_of
from casita.states import UNKNOWN


class _Words(NamedTuple):
    """The states in which things of a domain count as on, and the words for both."""

    counting: frozenset[str]
    on: str
    off: str


def _words(counting: str, on: str, off: str) -> _Words:
    return _Words(frozenset(counting.split()), on, off)


_NOT_TRACKED: Final = frozenset({"air_quality", "sensor", "weather"})
_ARMED: Final = "armed_away armed_custom_bypass armed_home armed_night armed_vacation"
_BY_DOMAIN: Final = {
    "alarm_control_panel": _words(f"on triggered {_ARMED}", "on", "off"),
    "climate": _words("on heat cool heat_cool auto fan_only", "on", "off"),
    "cover": _words("open", "open", "closed"),
    "device_tracker": _words("home", "home", "not_home"),
    "lock": _words("locking open opening unlocked unlocking", "unlocked", "locked"),
    "media_player": _words("on paused playing idle", "on", "off"),
    "person": _words("home", "home", "not_home"),
    "plant": _words("problem", "problem", "ok"),
    "vacuum": _words("on cleaning returning error", "on", "off"),
    "water_heater": _words("on eco electric performance high_demand heat_pump gas", "on", "off"),
}
_ON: Final = frozenset({"on"}).union(*(words.counting for words in _BY_DOMAIN.values()))
_ON_OF_OFF: Final = {"off": "on", **{w.off: w.on for w in _BY_DOMAIN.values() if w.off != "off"}}


def is_tracked(entity_id: str) -> bool:
    """Say whether an entity has a say in the state of a group."""
    return domain_of(entity_id) not in _NOT_TRACKED


def group_state(members: Iterable[str], states: Collection[State], *, whole: bool) -> str:
    """Return the state of a group, given those of its members that have one.

    With ``whole`` all have to be on, without it one. Members of one kind lend their own
    words, as ``home`` or ``open``; mixed ones are ``on`` or ``off``.
    """
    words = frozenset().union(*(_on_words(state) for state in states))
    if not words:
        return UNKNOWN
    domains = {domain_of(member) for member in members if is_tracked(member)}
    domain = domains.pop() if len(domains) == 1 else None
    if (all if whole else any)(_is_on(state) for state in states):
        return _word_for_on(words, states if domain else ())
    if domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain].off
    return _only(state.state for state in states if state.state in _ON_OF_OFF) or "off"


def _is_on(state: State) -> bool:
    words = _BY_DOMAIN.get(state.domain)
    return state.state in (words.counting if words else _ON)


def _on_words(state: State) -> frozenset[str]:
    words = _BY_DOMAIN.get(state.domain)
    if words is not None:
        return words.counting
    if state.state in _ON:
        return frozenset({state.state})
    return frozenset({_ON_OF_OFF[state.state]} if state.state in _ON_OF_OFF else ())


def _word_for_on(words: frozenset[str], states: Collection[State]) -> str:
    """Return the one word that all share, or the one in use among things of one domain."""
    if len(words) == 1:
        return next(iter(words))
    return _only(state.state for state in states if _is_on(state)) or "on"


def _only(words: Iterable[str]) -> str | None:
    distinct = set(words)
    return distinct.pop() if len(distinct) == 1 else None
