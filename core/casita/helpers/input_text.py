"""Texts that exist in the hub alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from casita.domains.fitting import check_text
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Service
from casita.states import UNKNOWN
from casita_config.schemas import positive_int, string

_LONGEST = 255


def _check_limits(config: dict[str, Any]) -> dict[str, Any]:
    lowest, highest, initial = config["min"], config["max"], config.get("initial")
    if lowest > highest:
        raise vol.Invalid(f"min {lowest} is above max {highest}", path=["min"])
    if initial is not None and not lowest <= len(initial) <= highest:
        raise vol.Invalid(
            f"initial has {len(initial)} characters, not {lowest} to {highest}", path=["initial"]
        )
    return config


class InputText(Helper):
    """A text of a certain length."""

    section = "input_text"
    schema = item_schema(
        {
            vol.Optional("min", default=0): positive_int,
            vol.Optional("max", default=100): vol.All(positive_int, vol.Range(max=_LONGEST)),
            vol.Optional("initial"): string,
            vol.Optional("pattern"): string,
            vol.Optional("mode", default="text"): vol.In(("text", "password")),
            vol.Optional("unit_of_measurement"): string,
        },
        _check_limits,
    )
    services = (
        Service(
            domain="input_text",
            name="set_value",
            schema=vol.Schema({vol.Required("value"): string}),
            prepare=check_text,
            description="Set a text, of a length and form that it allows.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        shown = ("min", "max", "pattern", "mode", "unit_of_measurement")
        super().__init__(
            object_id, config, capabilities={key: config[key] for key in shown if key in config}
        )
        self._initial: str | None = config.get("initial")
        if self._initial is not None:
            self.state = self._initial

    def kept(self, state: str) -> str:
        if self._initial is not None:
            return self._initial
        fits = self.capabilities["min"] <= len(state) <= self.capabilities["max"]
        return state if fits else UNKNOWN

    def command(self, command: Command) -> None:
        self.observe(command.data["value"], cause=command.event)
