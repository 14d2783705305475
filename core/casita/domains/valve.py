"""Valves of water and gas."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fields import percentage
from casita.domains.fitting import EMPTY, opening_toggle
from casita.services import Kind, Service

_STOP: Final = 8

_service = partial(Service, domain="valve")

SERVICES: Final = (
    _service(name="open_valve", schema=EMPTY, description="Open a valve."),
    _service(name="close_valve", schema=EMPTY, description="Close a valve."),
    _service(name="stop_valve", schema=EMPTY, description="Stop a valve where it is."),
    _service(
        name="set_valve_position",
        schema=vol.Schema({vol.Required("position"): percentage}),
        description="Move a valve to a position: 0 is closed, 100 is open.",
    ),
    _service(
        name="toggle",
        schema=EMPTY,
        kind=Kind.PULSE,
        redirect=opening_toggle("valve", stop=_STOP),
        description="Open a valve that is closed, stop one that moves, close any other.",
    ),
)
