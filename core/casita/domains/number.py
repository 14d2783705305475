"""Numbers that can be set."""

from __future__ import annotations

from math import isclose
from typing import Final

import voluptuous as vol

from casita.domains.fitting import Attributes, Data, check_range
from casita.services import Service
from casita_config.schemas import number


def _check(attributes: Attributes, data: Data) -> Data:
    value = data["value"]
    check_range(attributes, "min", "max", value, "value")
    step = attributes.get("step")
    if step:
        lowest = attributes.get("min") or 0
        steps = (value - lowest) / step
        if not isclose(steps, round(steps), abs_tol=1e-6):
            below = lowest + int(steps) * step
            raise vol.Invalid(
                f"value {value:g} is no multiple of the step {step:g} from {lowest:g}; "
                f"the nearest are {below:g} and {below + step:g}"
            )
    return data


SERVICES: Final = (
    Service(
        domain="number",
        name="set_value",
        schema=vol.Schema({vol.Required("value"): number}),
        prepare=_check,
        description="Set a number, within its limits and steps.",
    ),
)
