"""Switches that exist in the hub alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from casita.domains.fitting import on_off
from casita.helpers._base import Helper, item_schema
from casita.services import Command
from casita_config.schemas import boolean


class InputBoolean(Helper):
    """On or off, as people and automations say."""

    section = "input_boolean"
    schema = item_schema({vol.Optional("initial"): boolean})
    services = on_off("input_boolean", what="an input")

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        super().__init__(object_id, config)
        self._initial: bool | None = config.get("initial")
        self.state = "on" if self._initial else "off"

    def kept(self, state: str) -> bool:
        return state == "on" if self._initial is None else self._initial

    def command(self, command: Command) -> None:
        self.observe(command.action == "turn_on", cause=command.event)
