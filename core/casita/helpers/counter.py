"""Counters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import voluptuous as vol

from casita.domains.fitting import EMPTY, Attributes, Data, check_range
from casita.events import State
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Kind, Redirect, Service
from casita_config.schemas import boolean, integer, positive_int


def _limited(attributes: Attributes, value: int) -> int:
    lowest, highest = attributes.get("minimum"), attributes.get("maximum")
    if lowest is not None:
        value = max(value, lowest)
    return value if highest is None else min(value, highest)


def _stepping(direction: int) -> Redirect:
    """Return what turns a step into the number that it leads to."""

    def redirect(state: State, data: Data) -> tuple[str, Data]:
        value = int(state.state) + direction * int(state.attributes["step"])
        return "counter.set_value", {"value": _limited(state.attributes, value)}

    return redirect


def _reset(state: State, data: Data) -> tuple[str, Data]:
    value = _limited(state.attributes, int(state.attributes["initial"]))
    return "counter.set_value", {"value": value}


def _in_range(attributes: Attributes, data: Data) -> Data:
    check_range(attributes, "minimum", "maximum", data["value"], "value")
    return data


_service = partial(Service, domain="counter")
_limit = vol.Maybe(integer)


class Counter(Helper):
    """A whole number that goes up and down by steps."""

    section = "counter"
    schema = item_schema(
        {
            vol.Optional("initial", default=0): positive_int,
            vol.Optional("minimum", default=None): _limit,
            vol.Optional("maximum", default=None): _limit,
            vol.Optional("step", default=1): vol.All(integer, vol.Range(min=1)),
            vol.Optional("restore", default=True): boolean,
        }
    )
    services = (
        _service(
            name="increment",
            schema=EMPTY,
            kind=Kind.PULSE,
            redirect=_stepping(1),
            description="Count up by a counter's step.",
        ),
        _service(
            name="decrement",
            schema=EMPTY,
            kind=Kind.PULSE,
            redirect=_stepping(-1),
            description="Count down by a counter's step.",
        ),
        _service(
            name="reset",
            schema=EMPTY,
            redirect=_reset,
            description="Set a counter to where it begins.",
        ),
        _service(
            name="set_value",
            schema=vol.Schema({vol.Required("value"): integer}),
            prepare=_in_range,
            description="Set a counter to a number.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        limits = {key: config[key] for key in ("minimum", "maximum") if config[key] is not None}
        super().__init__(
            object_id,
            config,
            capabilities={"initial": config["initial"], "step": config["step"], **limits},
        )
        self._restores: bool = config["restore"]
        self.state = str(_limited(self.capabilities, config["initial"]))

    def kept(self, state: str) -> int:
        initial = int(self.capabilities["initial"])
        try:
            value = int(state) if self._restores else initial
        except ValueError:
            value = initial
        return _limited(self.capabilities, value)

    def command(self, command: Command) -> None:
        self.observe(command.data["value"], cause=command.event)
