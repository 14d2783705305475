"""Automations in shadow: they run as others do, and what they would do is only written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casita.commands import Commands
from casita.events import Cause, Event
from casita.model import Target
from casita.services import Call

EVENT: str = "event.shadowed"
"""Stands in the log for an event that a shadow would have put on the bus."""


class Rehearsal:
    """The gateway of a shadow: calls are checked and written down, and nothing is sent.

    A script that it would call is written down as one command, and not run.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self.service = commands.service

    def call(
        self,
        service_id: str,
        data: Mapping[str, Any] | None = None,
        target: Target | None = None,
        *,
        source: str,
        cause: Cause | Event | None = None,
        **_manner: Any,
    ) -> Call:
        """Check a call and write it down."""
        return self._commands.rehearse(service_id, data, target, source=source, cause=cause)
