"""Locks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Value
from casita.services import Command, Outcome
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import one_of
from casita_config.schemas import boolean

_OPEN: Final = 1
_STATES: Final[Mapping[str, str]] = {
    **{state: state for state in (
        "locked", "unlocked", "locking", "unlocking", "jammed", "open", "opening",
    )},
    **dict.fromkeys(("true", "on", "1"), "locked"),
    **dict.fromkeys(("false", "off", "0"), "unlocked"),
}  # fmt: skip
_BECOMES: Final = {"lock": "locked", "unlock": "unlocked", "open": "open"}


class Lock(TemplateEntity):
    """A lock made of actions."""

    kind = "lock"
    fields: ClassVar[Mapping[str, str | None]] = {"state": None, "code_format": "code_format"}
    actions = ("lock", "unlock", "open")
    required = ("lock", "unlock")
    settings: ClassVar[Mapping[Any, Any]] = {vol.Optional("optimistic"): boolean}

    def able(self) -> dict[str, Any]:
        return {**super().able(), "supported_features": _OPEN if self.does("open") else 0}

    def value(self) -> Value:
        state = self.read("state", one_of(_STATES))
        return None if state is None else _STATES[state]

    def details(self) -> dict[str, Any]:
        return {"code_format": self._text(self.result("code_format"))}

    def command(self, command: Command) -> Outcome | None:
        outcome = self.act(command.action, command, code=command.data.get("code"))
        if outcome is None:
            self.assume(command, state=_BECOMES[command.action])
        return outcome
