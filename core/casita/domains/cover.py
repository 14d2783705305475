"""Covers: blinds, shutters, awnings, garage doors."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fields import percentage
from casita.domains.fitting import EMPTY, Data, opening_toggle
from casita.events import State
from casita.services import Kind, Service

_STOP: Final = 8

_service = partial(Service, domain="cover")


def _toggle_tilt(state: State, data: Data) -> tuple[str, Data]:
    position = state.attributes.get("current_tilt_position")
    return f"cover.{'open' if position == 0 else 'close'}_cover_tilt", data


SERVICES: Final = (
    _service(name="open_cover", schema=EMPTY, description="Open a cover."),
    _service(name="close_cover", schema=EMPTY, description="Close a cover."),
    _service(name="stop_cover", schema=EMPTY, description="Stop a cover where it is."),
    _service(
        name="set_cover_position",
        schema=vol.Schema({vol.Required("position"): percentage}),
        description="Move a cover to a position: 0 is closed, 100 is open.",
    ),
    _service(
        name="toggle",
        schema=EMPTY,
        kind=Kind.PULSE,
        redirect=opening_toggle("cover", stop=_STOP),
        description="Open a cover that is closed, stop one that moves, close any other.",
    ),
    _service(name="open_cover_tilt", schema=EMPTY, description="Tilt the slats open."),
    _service(name="close_cover_tilt", schema=EMPTY, description="Tilt the slats closed."),
    _service(name="stop_cover_tilt", schema=EMPTY, description="Stop the slats where they are."),
    _service(
        name="set_cover_tilt_position",
        schema=vol.Schema({vol.Required("tilt_position"): percentage}),
        description="Tilt the slats to a position: 0 is closed, 100 is open.",
    ),
    _service(
        name="toggle_cover_tilt",
        schema=EMPTY,
        kind=Kind.PULSE,
        redirect=_toggle_tilt,
        description="Tilt the slats open if they are closed, or else closed.",
    ),
)
