"""Fans."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import Final

import voluptuous as vol

from casita.domains.fields import percentage
from casita.domains.fitting import Data, choosing, on_off
from casita.events import State
from casita.services import Kind, Redirect, Service
from casita_config.schemas import boolean, string

_service = partial(Service, domain="fan")
_STEP: Final = vol.Schema({vol.Optional("percentage_step"): percentage})


def _zero_is_off(state: State, data: Data) -> tuple[str, Data] | None:
    return ("fan.turn_off", {}) if data["percentage"] == 0 else None


def _stepping(direction: int) -> Redirect:
    """Return what turns a step into the speed that it leads to."""

    def redirect(state: State, data: Data) -> tuple[str, Data]:
        present = int(state.attributes.get("percentage") or 0)
        step = data.get("percentage_step")
        if step is not None:
            wanted = present + direction * int(step)
        else:
            speeds = max(1, round(100 / float(state.attributes.get("percentage_step") or 1)))
            wanted = (ceil(present * speeds / 100) + direction) * 100 // speeds
        return "fan.set_percentage", {"percentage": min(max(wanted, 0), 100)}

    return redirect


SERVICES: Final = (
    *on_off(
        "fan",
        what="a fan",
        turn_on=vol.Schema(
            {vol.Optional("percentage"): percentage, vol.Optional("preset_mode"): string}
        ),
        prepare=choosing(preset_mode="preset_modes"),
    ),
    _service(
        name="set_percentage",
        schema=vol.Schema({vol.Required("percentage"): percentage}),
        redirect=_zero_is_off,
        description="Set the speed in percent; 0 turns off.",
    ),
    _service(
        name="increase_speed",
        schema=_STEP,
        kind=Kind.PULSE,
        redirect=_stepping(1),
        description="Run one speed faster, or so many percent.",
    ),
    _service(
        name="decrease_speed",
        schema=_STEP,
        kind=Kind.PULSE,
        redirect=_stepping(-1),
        description="Run one speed slower, or so many percent.",
    ),
    _service(
        name="oscillate",
        schema=vol.Schema({vol.Required("oscillating"): boolean}),
        description="Let the fan swing from side to side, or not.",
    ),
    _service(
        name="set_direction",
        schema=vol.Schema({vol.Required("direction"): vol.In(("forward", "reverse"))}),
        description="Set which way the fan turns.",
    ),
    _service(
        name="set_preset_mode",
        schema=vol.Schema({vol.Required("preset_mode"): string}),
        prepare=choosing(preset_mode="preset_modes"),
        description="Choose a preset, as sleep or auto.",
    ),
)
