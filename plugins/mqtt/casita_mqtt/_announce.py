"""Reads discovery messages: which components a device announces on a topic, in full words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from casita.errors import did_you_mean
from casita_mqtt._abbreviations import (
    ABBREVIATIONS,
    DEVICE_ABBREVIATIONS,
    ORIGIN_ABBREVIATIONS,
)
from casita_mqtt._configs import BadAnnouncement
from casita_mqtt._message import NO_JSON, json_of

_TOPIC: Final = re.compile(
    r"(?P<component>\w+)/(?:(?P<node_id>[a-zA-Z0-9_-]+)/)?(?P<object_id>[a-zA-Z0-9_-]+)/config"
)
_SIZE_LIMIT: Final = 1_048_576
_SHARED: Final = (
    "availability",
    "availability_mode",
    "availability_template",
    "availability_topic",
    "command_topic",
    "device",
    "encoding",
    "payload_available",
    "payload_not_available",
    "qos",
    "state_topic",
    "~",
)
"""Keys of a device's announcement that stand for all of its components."""


class Place(NamedTuple):
    """Where an announcement stands: a discovery topic without prefix and ``config``."""

    component: str
    """``device`` for the announcement of a whole device."""
    object_id: str
    """With the node id in front, if there is one: ``node object``."""


class Announced(NamedTuple):
    """What a device says of one component."""

    key: str
    """Tells it from all other components, whatever it says of itself."""
    component: str
    config: Mapping[str, Any]
    """In full words; empty if the component is taken back."""


class Verb(StrEnum):
    """What a discovery message does with the components of its topic."""

    ANNOUNCE = "announce"
    TAKE_BACK = "take back"
    MIGRATE = "migrate"
    """They are about to be announced on another topic."""


class Announcement(NamedTuple):
    """One discovery message, read."""

    verb: Verb
    components: Sequence[Announced] = ()
    problems: Sequence[str] = ()
    """What is wrong with single components, each of them left out."""


def place_of(topic: str, prefix: str) -> Place | None:
    """Return where a discovery topic stands, or None if it is not one."""
    match = _TOPIC.fullmatch(topic.removeprefix(f"{prefix}/"))
    if match is None or not topic.startswith(f"{prefix}/"):
        return None
    ids = (match["node_id"], match["object_id"])
    return Place(match["component"], " ".join(one for one in ids if one))


def parse(place: Place, payload: bytes, known: Collection[str]) -> Announcement:
    """Return what a discovery message announces; an empty one takes everything back.

    ``known`` are the components that there are. Raises `BadAnnouncement` that says what is
    wrong with the message as a whole.
    """
    if not payload:
        return Announcement(Verb.TAKE_BACK)
    document = _document(payload)
    if document.get("migrate_discovery") is True:
        return Announcement(Verb.MIGRATE)
    if place.component == "device":
        return _device(place, document, known)
    _check_component(place.component, known)
    key = f"{place.component} {place.object_id}"
    return Announcement(Verb.ANNOUNCE, [Announced(key, place.component, _finished(document))])


def _document(payload: bytes) -> dict[str, Any]:
    if len(payload) > _SIZE_LIMIT:
        raise BadAnnouncement(f"the message is longer than {_SIZE_LIMIT} bytes")
    value = json_of(payload)
    if value is NO_JSON:
        raise BadAnnouncement(f"not JSON: {payload[:80]!r}")
    if not isinstance(value, dict):
        raise BadAnnouncement("a JSON object is needed")
    return _in_full(value)


def _device(place: Place, document: Mapping[str, Any], known: Collection[str]) -> Announcement:
    parts = document.get("components")
    if not isinstance(parts, dict):
        raise BadAnnouncement(f"components is missing.{did_you_mean('components', document)}")
    if not isinstance(document.get("device"), dict):
        raise BadAnnouncement("device is missing: a device's announcement says which it is")
    shared = {key: document[key] for key in _SHARED if key in document}
    found: list[Announced] = []
    problems: list[str] = []
    for name, part in parts.items():
        try:
            found.append(_component(f"device {place.object_id} {name}", part, shared, known))
        except BadAnnouncement as err:
            problems.append(f"components.{name}: {err}")
    return Announcement(Verb.ANNOUNCE, found, problems)


def _component(key: str, part: Any, shared: Mapping[str, Any], known: Collection[str]) -> Announced:
    if not isinstance(part, dict):
        raise BadAnnouncement("a JSON object is needed")
    own = _in_full(part)
    component = own.pop("platform", None)
    if not isinstance(component, str):
        raise BadAnnouncement(f"platform is missing.{did_you_mean('platform', own)}")
    _check_component(component, known)
    return Announced(key, component, _finished({**shared, **own}) if own else {})


def _check_component(component: str, known: Collection[str]) -> None:
    if component not in known:
        hint = did_you_mean(component, known)
        raise BadAnnouncement(f"{component!r} is no component that is supported.{hint}")


def _in_full(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's or device's keys in full words, also those below."""
    full: dict[str, Any] = _renamed(document, ABBREVIATIONS)
    if isinstance(device := full.get("device"), dict):
        full["device"] = _renamed(device, DEVICE_ABBREVIATIONS)
    if isinstance(origin := full.get("origin"), dict):
        full["origin"] = _renamed(origin, ORIGIN_ABBREVIATIONS)
    if isinstance(topics := full.get("availability"), list):
        full["availability"] = [_renamed(one, ABBREVIATIONS) for one in topics]
    elif isinstance(topics, dict):
        full["availability"] = [_renamed(topics, ABBREVIATIONS)]
    return full


def _renamed(document: Any, words: Mapping[str, str]) -> Any:
    if not isinstance(document, dict):
        return document
    return {words.get(key, key): value for key, value in document.items()}


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    """Put the base topic in place of ``~``."""
    base = document.pop("~", None)
    if not isinstance(base, str):
        return document
    with_base = _based(document.items(), base)
    topics = with_base.get("availability")
    if isinstance(topics, list):
        with_base["availability"] = [
            _based(one.items(), base) if isinstance(one, dict) else one for one in topics
        ]
    return with_base


def _based(items: Iterable[tuple[str, Any]], base: str) -> dict[str, Any]:
    return {
        key: _expanded(value, base)
        if isinstance(value, str) and (key.endswith("_topic") or key == "topic")
        else value
        for key, value in items
    }


def _expanded(topic: str, base: str) -> str:
    if topic.startswith("~"):
        topic = f"{base}{topic[1:]}"
    if topic.endswith("~"):
        topic = f"{topic[:-1]}{base}"
    return topic
