"""Water heaters."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fitting import Attributes, Data, check_choice, check_range, choosing, on_off
from casita.services import Service
from casita_config.schemas import boolean, number, string

_service = partial(Service, domain="water_heater")


def _check_temperature(attributes: Attributes, data: Data) -> Data:
    check_range(attributes, "min_temp", "max_temp", data["temperature"], "temperature")
    if "operation_mode" in data:
        check_choice(attributes, "operation_list", data["operation_mode"], "operation_mode")
    return data


SERVICES: Final = (
    *on_off("water_heater", what="a water heater", off_states=("off",)),
    _service(
        name="set_temperature",
        schema=vol.Schema(
            {vol.Required("temperature"): number, vol.Optional("operation_mode"): string}
        ),
        prepare=_check_temperature,
        description="Set the wanted temperature of the water.",
    ),
    _service(
        name="set_operation_mode",
        schema=vol.Schema({vol.Required("operation_mode"): string}),
        prepare=choosing(operation_mode="operation_list"),
        description="Choose how the water is heated.",
    ),
    _service(
        name="set_away_mode",
        schema=vol.Schema({vol.Required("away_mode"): boolean}),
        description="Say whether nobody needs hot water for now.",
    ),
)
