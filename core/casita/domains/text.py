"""Texts that can be set."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.domains.fitting import check_text
from casita.services import Service
from casita_config.schemas import string

SERVICES: Final = (
    Service(
        domain="text",
        name="set_value",
        schema=vol.Schema({vol.Required("value"): string}),
        prepare=check_text,
        description="Set a text, of a length and form that it allows.",
    ),
)
