"""Events as plain English sentences, for people who ask what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import STATE_CHANGED, Event
from casita.ids import domain_of

Names = Callable[[str], str]
"""Gives the friendly name of an entity id; a text that it does not know comes back readable."""

_ABSENT: Final = (None, "unavailable", "unknown")

_ON_OFF: Final = {"on": "turned on", "off": "turned off"}
_OPEN_CLOSED: Final = {"on": "opened", "off": "closed"}
_BY_DEVICE_CLASS: Final[Mapping[str, Mapping[str, str]]] = {
    "door": _OPEN_CLOSED,
    "garage_door": _OPEN_CLOSED,
    "opening": _OPEN_CLOSED,
    "window": _OPEN_CLOSED,
    "battery": {"on": "has a low battery", "off": "has enough battery again"},
    "connectivity": {"on": "is connected", "off": "is disconnected"},
    "lock": {"on": "was unlocked", "off": "was locked"},
    "problem": {"on": "has a problem", "off": "has no problem any more"},
    "tamper": {"on": "is being tampered with", "off": "is left alone again"},
}
_PRESENCE: Final = {"home": "came home", "not_home": "left home"}
_MOVING: Final = {
    "open": "opened",
    "closed": "closed",
    "opening": "is opening",
    "closing": "is closing",
}
_BY_DOMAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "person": _PRESENCE,
    "device_tracker": _PRESENCE,
    "cover": _MOVING,
    "valve": _MOVING,
    "lock": {
        "locked": "was locked",
        "unlocked": "was unlocked",
        "jammed": "is jammed",
        "locking": "is being locked",
        "unlocking": "is being unlocked",
    },
    "media_player": {**_ON_OFF, "playing": "is playing", "paused": "paused", "idle": "went idle"},
    "vacuum": {"cleaning": "is cleaning", "docked": "is in its dock", "error": "has an error"},
    "sun": {"above_horizon": "rose", "below_horizon": "set"},
    "timer": {"active": "started", "idle": "ended", "paused": "paused"},
}
_STAMPED: Final = {
    "button": "was pressed",
    "event": "happened",
    "input_button": "was pressed",
    "scene": "was activated",
}
"""Domains whose state is only the time of the last happening."""


def sentence(event: Event, names: Names, *, cause: Event | None = None) -> str:
    """Say in one plain sentence, without a full stop, what an event was.

    ``cause`` is the event that led to it, where it is at hand: a run then says why it ran.
    """
    if event.type == STATE_CHANGED:
        return _changed(event, names)
    if event.type == "run.started":
        return _run_started(event, names, cause)
    words = _WORDS.get(event.type)
    if words is not None:
        return words.format_map(_Fields(event, names))
    return f"{event.type.replace('.', ' ').replace('_', ' ')}: {names(event.subject)}"


def plain_name(subject: str) -> str:
    """Return an id in words, for want of a friendly name: ``light.hall_lamp`` is ``hall lamp``."""
    return subject.rpartition(".")[2].replace("_", " ")


_WORDS: Final[Mapping[str, str]] = {
    "area.added": "area {doc_name} was added",
    "area.removed": "area {name} was removed",
    "area.updated": "area {doc_name} was changed",
    "broker.connected": "broker {subject} is connected",
    "broker.lost": "broker {subject} was lost{colon_reason}",
    "broker.received": "a message came from broker {subject}",
    "broker.rejected": "a message from broker {subject} was rejected{colon_error}",
    "clock.trusted": "the clock is trusted{by_actor}",
    "clock.untrusted": "the clock is not trusted{colon_reason}",
    "command.done": "{target} answered: done",
    "command.failed": "{target} could not do {service}{colon_message}",
    "command.refused": "{service} was refused{colon_message}",
    "command.sent": "{service} sent to {target}{with_data}",
    "command.shadowed": "{service} would have been sent to {target}{with_data}",
    "command.uncertain": "{target} may or may not have done {service}{colon_message}",
    "config.problem": "the configuration has a problem{at_place}{colon_message}",
    "config.refused": "a reload was refused{colon_message}",
    "config.reloaded": "the configuration was reloaded",
    "dead_letter.added": "{subject} could not deal with an event{colon_error}",
    "device.added": "device {doc_name} was added",
    "device.adopted": "{title} was adopted{by_actor}",
    "device.back": "{name} is back",
    "device.disowned": "{name} was disowned{by_actor}",
    "device.found": "{title} was found and waits to be adopted",
    "device.ignored": "{name} was ignored{by_actor}",
    "device.lost": "{name} was lost{colon_reason}",
    "device.removed": "device {name} was removed",
    "device.updated": "device {doc_name} was changed",
    "event.shadowed": "the event {subject} would have been emitted",
    "entity.added": "{doc_name} was added",
    "entity.removed": "{name} was removed",
    "entity.renamed": "{subject} is now called {to}",
    "entity.updated": "the settings of {doc_name} were changed",
    "hub.started": "the hub started",
    "hub.stopped": "the hub stopped",
    "log.damaged": "the log was damaged and repaired{colon_reason}",
    "log.failing": "what happens cannot be stored{colon_reason}",
    "log.recovered": "what happens is stored again",
    "pending.cancelled": "what was pending for {name} was cancelled{by_actor}: {what}",
    "pending.hastened": "what was pending for {name} was done at once{by_actor}: {what}",
    "pending.postponed": "what was pending for {name} was postponed{by_actor}: {what}",
    "persistent_notification.created": "message{colon_title}{colon_message}",
    "persistent_notification.dismissed": "message {subject} was dismissed",
    "plugin.failed": "plugin {subject} does not run{colon_reason}",
    "plugin.started": "plugin {subject} started",
    "plugin.stopped": "plugin {subject} stopped",
    "mqtt.message": "a message came on the topic {subject}",
    "run.finished": "{kind_of_run} {name} finished{result}{colon_message}",
    "run.refused": "{kind_of_run} {name} was not run{colon_message}",
    "run.resumed": "{kind_of_run} {name} went on after a restart",
    "run.skipped": "{kind_of_run} {name} was triggered and did not run{why_skipped}",
    "timer.dropped": "timer {name} was dropped",
    "timer.fired": "timer {name} ran out{late}",
    "timer.set": "timer {name} was set{until}",
    "token.created": "a token for {subject} was made{by_actor}",
    "token.revoked": "the token of {subject} was revoked{by_actor}",
    "webhook.received": "somebody called a webhook",
}


class _Fields(dict[str, str]):
    """What a template may ask of an event, worked out when it asks."""

    def __init__(self, event: Event, names: Names) -> None:
        self._event = event
        self._names = names

    def __missing__(self, key: str) -> str:
        make = getattr(self, f"_{key}", None)
        return str(make() if make is not None else self._event.data.get(key, ""))

    def _name(self) -> str:
        return self._names(self._event.subject)

    def _subject(self) -> str:
        return self._event.subject

    def _target(self) -> str:
        """The entity of a command; a service without entities is sent to the house."""
        data, subject = self._event.data, self._event.subject
        return "the house" if subject == data.get("service") else self._names(subject)

    def _doc_name(self) -> str:
        data = self._event.data
        return str(data.get("name_by_user") or data.get("name") or self._name())

    def _title(self) -> str:
        return str(self._event.data.get("title") or self._event.subject)

    def _colon_message(self) -> str:
        return self._after(": ", "message")

    def _colon_title(self) -> str:
        return self._after(": ", "title")

    def _colon_reason(self) -> str:
        return self._after(": ", "reason")

    def _colon_error(self) -> str:
        return self._after(": ", "error")

    def _why_skipped(self) -> str:
        return self._colon_message() or ": its conditions said no"

    def _by_actor(self) -> str:
        return f" by {self._event.actor}" if self._event.actor else ""

    def _at_place(self) -> str:
        file, line = self._event.data.get("file"), self._event.data.get("line")
        return f" at {file}:{line}" if file and line else f" in {file}" if file else ""

    def _with_data(self) -> str:
        data = self._event.data.get("data")
        if not isinstance(data, Mapping) or not data:
            return ""
        return f" ({', '.join(f'{key} {_short(value)}' for key, value in data.items())})"

    def _until(self) -> str:
        due = str(self._event.data.get("due", ""))
        return f" until {due[:19].replace('T', ' ')} UTC" if due else ""

    def _late(self) -> str:
        late_s = self._event.data.get("late_s", 0)
        return f", {late_s:g} s late" if isinstance(late_s, int | float) and late_s >= 1 else ""

    def _kind_of_run(self) -> str:
        return _kind_of_run(self._event)

    def _result(self) -> str:
        result = self._event.data.get("result") or self._event.data.get("status")
        return f" ({result})" if result and result not in ("done", "finished") else ""

    def _after(self, separator: str, key: str) -> str:
        text = self._event.data.get(key)
        return f"{separator}{text}" if text else ""


def _run_started(event: Event, names: Names, cause: Event | None) -> str:
    ran = f"{_kind_of_run(event)} {names(event.subject)} ran"
    if cause is not None:
        return f"{ran} because {sentence(cause, names)}"
    return f"{ran}{f' because a person asked ({event.actor})' if event.actor else ''}"


def _kind_of_run(event: Event) -> str:
    return "script" if domain_of(event.subject) == "script" else "automation"


def _changed(event: Event, names: Names) -> str:
    name, domain = names(event.subject), domain_of(event.subject)
    old, state = event.data.get("old"), event.data.get("state")
    attributes = event.data.get("attributes") or {}
    if state is None:
        return f"{name} is gone"
    if state in _ABSENT:
        return f"{name} cannot be reached" if state == "unavailable" else f"{name} is not known yet"
    if domain in _STAMPED:
        kind = attributes.get("event_type")
        return f"{name}: {str(kind).replace('_', ' ')}" if kind else f"{name} {_STAMPED[domain]}"
    shown = _value(state, attributes)
    if old is None:
        return f"{name} is {shown}"
    if old == "unavailable":
        return f"{name} is back: {shown}"
    if old == state:
        return f"{name} is still {shown}, with other details"
    return f"{name} {_verb(domain, state, attributes) or f'is {shown}'}{_level(domain, attributes)}"


def _verb(domain: str, state: str, attributes: Mapping[str, Any]) -> str | None:
    if domain == "binary_sensor":
        device_class = str(attributes.get("device_class"))
        return _BY_DEVICE_CLASS.get(device_class, _ON_OFF).get(state)
    return _BY_DOMAIN.get(domain, _ON_OFF).get(state)


def _value(state: str, attributes: Mapping[str, Any]) -> str:
    unit = attributes.get("unit_of_measurement")
    return f"{state} {unit}" if unit else state.replace("_", " ")


def _level(domain: str, attributes: Mapping[str, Any]) -> str:
    """The brightness of a light, in the percent that people know."""
    brightness = attributes.get("brightness")
    if domain != "light" or not isinstance(brightness, int | float):
        return ""
    return f" ({round(brightness * 100 / 255)} %)"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
