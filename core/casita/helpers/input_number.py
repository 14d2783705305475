"""Numbers that exist in the hub alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import voluptuous as vol

from casita.domains.fitting import EMPTY, Attributes, Data, check_range
from casita.events import State
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Kind, Redirect, Service
from casita_config.schemas import number, string


def _check_limits(config: dict[str, Any]) -> dict[str, Any]:
    lowest, highest, initial = config["min"], config["max"], config.get("initial")
    if lowest >= highest:
        raise vol.Invalid(f"min {lowest:g} is not below max {highest:g}", path=["min"])
    if initial is not None and not lowest <= initial <= highest:
        raise vol.Invalid(
            f"initial {initial:g} is not from {lowest:g} to {highest:g}", path=["initial"]
        )
    return config


def _in_range(attributes: Attributes, data: Data) -> Data:
    check_range(attributes, "min", "max", data["value"], "value")
    return data


def _stepping(direction: int) -> Redirect:
    """Return what turns a step into the number that it leads to."""

    def redirect(state: State, data: Data) -> tuple[str, Data]:
        shown = state.attributes
        wanted = float(state.state) + direction * shown["step"]
        value = min(max(wanted, shown["min"]), shown["max"])
        return "input_number.set_value", {"value": value}

    return redirect


_service = partial(Service, domain="input_number")


class InputNumber(Helper):
    """A number within limits."""

    section = "input_number"
    schema = item_schema(
        {
            vol.Required("min"): number,
            vol.Required("max"): number,
            vol.Optional("initial"): number,
            vol.Optional("step", default=1.0): vol.All(number, vol.Range(min=1e-9)),
            vol.Optional("mode", default="slider"): vol.In(("slider", "box")),
            vol.Optional("unit_of_measurement"): string,
        },
        _check_limits,
    )
    services = (
        _service(
            name="set_value",
            schema=vol.Schema({vol.Required("value"): number}),
            prepare=_in_range,
            description="Set a number, within its limits.",
        ),
        _service(
            name="increment",
            schema=EMPTY,
            kind=Kind.PULSE,
            redirect=_stepping(1),
            description="Raise a number by its step.",
        ),
        _service(
            name="decrement",
            schema=EMPTY,
            kind=Kind.PULSE,
            redirect=_stepping(-1),
            description="Lower a number by its step.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        shown = ("initial", "min", "max", "step", "mode", "unit_of_measurement")
        super().__init__(
            object_id, config, capabilities={key: config[key] for key in shown if key in config}
        )
        self._initial: float | None = config.get("initial")
        self._lowest: float = config["min"]
        self._highest: float = config["max"]
        self.state = str(self._lowest if self._initial is None else self._initial)

    def kept(self, state: str) -> float:
        if self._initial is not None:
            return self._initial
        try:
            value = float(state)
        except ValueError:
            return self._lowest
        return value if self._lowest <= value <= self._highest else self._lowest

    def command(self, command: Command) -> None:
        self.observe(command.data["value"], cause=command.event)
