"""Where messages stand in NATS: ``casita.cabin.events.light.hall``."""

from __future__ import annotations

import re
from typing import Final

from casita.transport import Channel, Plan, Purpose

_NOT_IN_A_TOKEN: Final = re.compile(r"[^A-Za-z0-9_-]")


def subject_of(prefix: str, channel: Channel, key: str) -> str:
    """Return the subject of a message: a token for each part of its key between dots."""
    tokens = ".".join(_token(part) for part in key.split("."))
    return f"{prefix}.{channel.home}.{channel.purpose}.{tokens}"


def purpose_of(subject: str) -> Purpose:
    """Return what a message on this subject is for."""
    parts = subject.split(".", 3)
    return Purpose.COMMANDS if len(parts) > 2 and parts[2] == "commands" else Purpose.EVENTS


def home_of(subject: str) -> str:
    """Return the home of a subject's channel."""
    return subject.split(".", 2)[1]


def filters(prefix: str, plan: Plan) -> list[str]:
    """Return the subjects that a home listens to."""
    found = [f"{prefix}.{plan.home}.{Purpose.COMMANDS}.>"]
    if plan.subscribes:
        found += [f"{prefix}.{home}.{Purpose.EVENTS}.>" for home in plan.homes or ("*",)]
    return found


def _token(text: str) -> str:
    """Return a text as one token: what NATS does not take is written as ``=e9``."""
    written = _NOT_IN_A_TOKEN.sub(
        lambda match: "".join(f"={byte:02x}" for byte in match[0].encode()), text
    )
    return written or "="
