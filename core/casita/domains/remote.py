"""Remote controls that the hub works."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.domains.fields import seconds, whole
from casita.domains.fitting import on_off
from casita.services import Kind, Service
from casita_config.schemas import ensure_list, string

SERVICES: Final = (
    *on_off("remote", what="a remote", turn_on=vol.Schema({vol.Optional("activity"): string})),
    Service(
        domain="remote",
        name="send_command",
        schema=vol.Schema(
            {
                vol.Required("command"): vol.All(ensure_list, [string]),
                vol.Optional("device"): string,
                vol.Optional("num_repeats"): vol.All(whole, vol.Range(min=1)),
                vol.Optional("delay_secs"): seconds,
                vol.Optional("hold_secs"): seconds,
            }
        ),
        kind=Kind.PULSE,
        description="Send key presses.",
    ),
)
