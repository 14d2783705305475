"""Robots that clean."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fitting import EMPTY, choosing
from casita.services import Kind, Service
from casita_config.schemas import string

_set = partial(Service, domain="vacuum")
_pulse = partial(Service, domain="vacuum", kind=Kind.PULSE)

SERVICES: Final = (
    _set(name="start", schema=EMPTY, description="Start to clean, or go on."),
    _set(name="pause", schema=EMPTY, description="Pause."),
    _set(name="stop", schema=EMPTY, description="Stop."),
    _set(name="return_to_base", schema=EMPTY, description="Return to the dock."),
    _pulse(name="clean_spot", schema=EMPTY, description="Clean the spot where it stands."),
    _pulse(name="locate", schema=EMPTY, description="Make a sound, so that it can be found."),
    _set(
        name="set_fan_speed",
        schema=vol.Schema({vol.Required("fan_speed"): string}),
        prepare=choosing(fan_speed="fan_speed_list"),
        description="Set how strongly it sucks.",
    ),
    _pulse(
        name="send_command",
        schema=vol.Schema(
            {vol.Required("command"): string, vol.Optional("params"): vol.Any(dict, list)}
        ),
        description="Send a command that only this device knows.",
    ),
)
