"""Sirens."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.domains.fields import fraction, seconds
from casita.domains.fitting import choosing, on_off
from casita_config.schemas import string

SERVICES: Final = on_off(
    "siren",
    what="a siren",
    turn_on=vol.Schema(
        {
            vol.Optional("tone"): string,
            vol.Optional("duration"): seconds,
            vol.Optional("volume_level"): fraction,
        }
    ),
    prepare=choosing(tone="available_tones"),
)
