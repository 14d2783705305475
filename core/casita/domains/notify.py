"""Messages to people."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.services import Kind, Service
from casita_config.schemas import string

SERVICES: Final = (
    Service(
        domain="notify",
        name="send_message",
        schema=vol.Schema({vol.Required("message"): string, vol.Optional("title"): string}),
        kind=Kind.PULSE,
        description="Send a message.",
    ),
)
