"""Scenes: states of several things that belong together."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.domains.fields import seconds
from casita.services import Service

SERVICES: Final = (
    Service(
        domain="scene",
        name="turn_on",
        schema=vol.Schema({vol.Optional("transition"): seconds}),
        description="Bring about the states of a scene.",
    ),
)
