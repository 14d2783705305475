"""Buttons that exist in the hub alone."""

from __future__ import annotations

from casita.domains.fitting import EMPTY
from casita.helpers._base import Helper, item_schema
from casita.services import Command, Kind, Service


class InputButton(Helper):
    """A button; its state is the time of the last press."""

    section = "input_button"
    schema = item_schema({})
    services = (
        Service(
            domain="input_button",
            name="press",
            schema=EMPTY,
            kind=Kind.PULSE,
            description="Press a button.",
        ),
    )

    def command(self, command: Command) -> None:
        self.observe(command.event.time.isoformat(), cause=command.event)
