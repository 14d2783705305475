"""Tells in short lines what just happened: what set something off, and what came of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from casita.events import STATE_CHANGED, Event
from casita.ids import domain_of
from casita.sentences import Names, sentence
from casita.services import Kind

_T = TypeVar("_T")

_REMEMBERED: Final = 5000
"""How many of the last events are kept, to find what led to the next ones."""
_ABSENT: Final = ("unavailable", "unknown", None)
_TOLD_DOMAINS: Final = frozenset(
    {
        "alarm_control_panel", "button", "climate", "event", "fan", "input_boolean",
        "input_select", "light", "lock", "media_player", "person", "scene", "siren", "switch",
        "update", "vacuum", "valve",
    }
)  # fmt: skip
_TOLD_CLASSES: Final = frozenset(
    {"door", "garage_door", "gas", "moisture", "opening", "problem", "safety", "smoke", "window"}
)
_MOTION: Final = ("motion", "occupancy", "presence")
_SWITCHED: Final = frozenset({"fan", "input_boolean", "light", "siren", "switch"})
_COVER_RESTS: Final = ("open", "closed")
_TOLD_TYPES: Final = frozenset(
    {
        "command.failed", "command.refused", "command.uncertain", "config.problem",
        "device.adopted", "device.back", "device.disowned", "device.found", "device.ignored",
        "device.lost", "persistent_notification.created", "plugin.failed",
    }
)  # fmt: skip
_ENDED: Final = ("command.done", "command.failed", "command.uncertain")


@dataclass(slots=True)
class _Run:
    """A run of an automation that is under way."""

    name: str
    why: str
    cause: int | None = None
    open: int = 0
    """How many of its commands have not ended."""
    finished: bool = False
    effects: list[str] = field(default_factory=list)
    """What it did since it was last told."""
    shown: set[int] = field(default_factory=set)
    """Its commands that have shown in a state, so that they need not be told themselves."""
    told: bool = False


class Narrator:
    """Turns events into lines. A run is one line: why, and what it did.

    A run that waits in between is told each time that it has done something.
    """

    def __init__(
        self,
        names: Names,
        say: Callable[[Event, str], None],
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        """``say`` gets each line with the event that completes it.

        ``later`` calls a function when a device has had the time to answer: what a run has
        told as its cause by then is not told once more.
        """
        self._names = names
        self._say = say
        self._later = later
        self._untold: dict[int, tuple[Event, str]] = {}
        """By offset: what is told by itself, unless a run tells it first."""
        self._recent: OrderedDict[int, Event] = OrderedDict()
        self._run_of: OrderedDict[int, _Run] = OrderedDict()
        """By offset: the run to which an event belongs."""

    def take(self, event: Event) -> None:
        """Take in the next event of the log."""
        _keep(self._recent, event.offset, event)
        if event.type == "run.started":
            cause = self._recent.get(event.cause or 0)
            name = self._names(event.subject)
            why = shortly(cause, self._names) if cause is not None else _asked(event, name)
            _keep(self._run_of, event.offset, _Run(name, why, event.cause))
            return
        run = self._run_of.get(event.cause or 0)
        if run is None:
            self._tell_alone(event)
            return
        _keep(self._run_of, event.offset, run)
        self._take_of_run(event, run)

    def _take_of_run(self, event: Event, run: _Run) -> None:
        if event.type == "command.sent":
            run.open += 1
        elif event.type == "run.finished":
            run.finished = True
            if event.data.get("result") in ("failed", "error"):
                run.effects.append(sentence(event, self._names))
        elif event.type == STATE_CHANGED and _is_told(event):
            run.effects.append(shortly(event, self._names))
            run.shown.add(event.cause or 0)
        elif event.type in _ENDED:
            run.open -= 1
            self._note_end(event, run)
        self._tell_run(event, run)

    def _note_end(self, event: Event, run: _Run) -> None:
        if event.type != "command.done":
            run.effects.append(sentence(event, self._names))
        elif event.cause not in run.shown:
            sent = self._recent.get(event.cause or 0)
            # what only brings about a state has done nothing if no state shows it
            if sent is not None and sent.data.get("kind") != Kind.SET:
                run.effects.append(shortly(sent, self._names))

    def _tell_run(self, event: Event, run: _Run) -> None:
        if run.open > 0 or not run.effects:
            return
        effects = "; ".join(dict.fromkeys(run.effects))
        beginning = run.name if run.told else run.why
        self._say(event, f"{beginning}: {effects}")
        run.told = True
        run.effects.clear()
        self._untold.pop(run.cause or 0, None)

    def _tell_alone(self, event: Event) -> None:
        if event.type == STATE_CHANGED and event.cause is not None:
            cause = self._recent.get(event.cause)
            if cause is not None and cause.type in ("device.lost", "device.back"):
                return
        line = shortly(event, self._names)
        if event.type in _TOLD_TYPES:
            self._say(event, line)
        elif event.type == STATE_CHANGED and _is_told(event):
            self._untold[event.offset] = (event, f"{line}{_by(event, self._recent)}")
            self._later(lambda: self._tell_untold(event.offset))

    def _tell_untold(self, offset: int) -> None:
        untold = self._untold.pop(offset, None)
        if untold is not None:
            self._say(*untold)


def shortly(event: Event, names: Names) -> str:
    """Say what happened in as few words as people in the house would use."""
    data, name = event.data, names(event.subject)
    message = (data.get("data") or {}).get("message") if event.type == "command.sent" else None
    if message is not None:
        to = "" if event.subject == data.get("service") else f" to {name}"
        return f"message{to}: {message}"
    if event.type != STATE_CHANGED:
        return sentence(event, names)
    attributes = data.get("attributes") or {}
    domain, state = domain_of(event.subject), data.get("state")
    if attributes.get("device_class") in _MOTION and state == "on":
        return f"motion in {name.removesuffix(' motion').removesuffix(' Motion')}"
    if domain in _SWITCHED and state in ("on", "off"):
        brightness = attributes.get("brightness")
        level = f" ({round(brightness * 100 / 255)} %)" if brightness else ""
        return f"{name} {state}{level}"
    return sentence(event, names)


def _is_told(event: Event) -> bool:
    """Say whether a change of state is one that people in the house would speak of."""
    old, state = event.data.get("old"), event.data.get("state")
    attributes = event.data.get("attributes") or {}
    if old in (None, "unavailable") or state in _ABSENT or old == state:
        return False
    domain = domain_of(event.subject)
    if domain == "binary_sensor":
        return attributes.get("device_class") in _TOLD_CLASSES
    if domain == "cover":
        return state in _COVER_RESTS
    if domain == "sensor":
        return attributes.get("device_class") == "enum"
    return domain in _TOLD_DOMAINS


def _by(event: Event, recent: OrderedDict[int, Event]) -> str:
    """Name the person or token behind a change, if it was asked for directly."""
    cause = recent.get(event.cause or 0)
    actor = event.actor or (cause.actor if cause is not None else None)
    return f" (asked by {actor})" if actor else ""


def _asked(event: Event, name: str) -> str:
    return f"{name}, asked by {event.actor}" if event.actor else name


def _keep(kept: OrderedDict[int, _T], offset: int, value: _T) -> None:
    kept[offset] = value
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
