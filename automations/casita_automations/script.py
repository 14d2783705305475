"""A script: actions that are called by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from casita.errors import CasitaError
from casita.events import Cause, Event
from casita_automations.items import ScriptItem
from casita_automations.owner import Owner
from casita_automations.running import Machine, Run

_logger = logging.getLogger(__name__)


class Script(Owner):
    """A script of the configuration."""

    def __init__(
        self, machine: Machine, item: ScriptItem, *, changed: Callable[[Owner], None]
    ) -> None:
        super().__init__(
            machine, f"script.{item.object_id}", item.program, item.limits, changed=changed
        )
        self.item = item
        self.name = item.name

    def call(
        self, given: Mapping[str, Any], cause: Event | Cause | None, actor: str | None = None
    ) -> Run | None:
        """Run it with the variables that the caller gives, if its mode lets it."""
        variables = dict(given)
        if self.program.wants_this:
            variables["this"] = self.this()
        if self.item.variables is not None:
            try:
                self.item.variables.render_into(variables)
            except CasitaError as err:
                _logger.error("%s: variables: %s", self.entity_id, err)
                return None
        started = {"script": self.item.object_id, "name": self.item.name}
        return self.start(variables, cause, started, actor=actor)

    def _share_of(self, cause: Event | Cause | None) -> str:
        """Return the key of the run that called it, or else its own."""
        group = self._kernel.group
        share = group.shares.of(cause) if group is not None else None
        return share or self.entity_id
