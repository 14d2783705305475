"""Where messages stand at an MQTT broker: ``casita/cabin/events/state.changed/light.hall``."""

from __future__ import annotations

import re
from typing import Final

from casita.transport import Message, Plan, Purpose

_NOT_IN_A_LEVEL: Final = re.compile(r"[/+#$=\x00-\x1f\x7f]")


def topic_of(prefix: str, message: Message) -> str:
    """Return the topic of a message; events have their type before their subject."""
    channel, event = message.channel, message.event
    levels = [prefix, channel.home, channel.purpose]
    if channel.purpose is Purpose.EVENTS:
        levels.append(_level(event.type))
    return "/".join((*levels, _level(message.key)))


def purpose_of(topic: str) -> Purpose:
    """Return what a message on this topic is for."""
    return Purpose.COMMANDS if _levels(topic)[2] == Purpose.COMMANDS else Purpose.EVENTS


def filters(plan: Plan) -> list[str]:
    """Return what a home subscribes to; a group shares the events, never the commands."""
    prefix: str = plan.options["prefix"]
    group = plan.options.get("group")
    shared = f"$share/{group}/" if group else ""
    found = [f"{prefix}/{plan.home}/{Purpose.COMMANDS}/#"]
    if plan.subscribes:
        found += [f"{shared}{prefix}/{home}/{Purpose.EVENTS}/#" for home in plan.homes or ("+",)]
    return found


def is_wanted(plan: Plan, topic: str, body: bytes) -> bool:
    """Say whether a message is for us: a session also has what it subscribed to in the past.

    One without a body is a retained state being taken back.
    """
    _, home, purpose, *_ = _levels(topic)
    if not body:
        return False
    if purpose == Purpose.COMMANDS:
        return home == plan.home
    if not plan.subscribes or (plan.options.get("group") and home == plan.home):
        return False
    return not plan.homes or home in plan.homes


def _levels(topic: str) -> list[str]:
    return [*topic.split("/"), "", "", ""]


def _level(text: str) -> str:
    """Return a text as one level: what MQTT does not take is written as ``=2f``."""
    written = _NOT_IN_A_LEVEL.sub(lambda match: f"={ord(match[0]):02x}", text)
    return written or "="
