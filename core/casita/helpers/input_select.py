"""Choices that exist in the hub alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from casita.domains.options import option_services
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Service
from casita_config.schemas import ensure_list, string

_options = vol.All(ensure_list, vol.Length(min=1, msg="give at least one option"), [string])


def _check_initial(config: dict[str, Any]) -> dict[str, Any]:
    initial = config.get("initial")
    if initial is not None and initial not in config["options"]:
        raise vol.Invalid(f"initial {initial!r} is not one of the options", path=["initial"])
    return config


class InputSelect(Helper):
    """One of several options."""

    section = "input_select"
    schema = item_schema(
        {vol.Required("options"): _options, vol.Optional("initial"): string}, _check_initial
    )
    services = (
        *option_services("input_select"),
        Service(
            domain="input_select",
            name="set_options",
            schema=vol.Schema({vol.Required("options"): _options}),
            description="Replace the options until the next restart.",
        ),
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        options = list(dict.fromkeys(config["options"]))
        super().__init__(object_id, config, capabilities={"options": options})
        self._initial: str | None = config.get("initial")
        self.state = self._initial or options[0]

    def kept(self, state: str) -> str:
        options: list[str] = self.capabilities["options"]
        return self._initial or (state if state in options else options[0])

    def command(self, command: Command) -> None:
        if command.action == "select_option":
            self.observe(command.data["option"], cause=command.event)
            return
        options = list(dict.fromkeys(command.data["options"]))
        self.capabilities["options"] = options
        self.observe(self.state if self.state in options else options[0], cause=command.event)
