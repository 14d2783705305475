"""What all helpers have in common: entities that the configuration declares and the hub keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.entities import Entity, Value
from casita.home import Home
from casita.services import Command, Service
from casita_config.schemas import string

NAME_AND_ICON: Final = {vol.Optional("name"): string, vol.Optional("icon"): string}


def item_schema(fields: Mapping[Any, Any], *checks: Any) -> vol.Schema:
    """Return the schema of one helper; nothing after its name is the same as ``{}``."""
    return vol.Schema(vol.All(_or_empty, {**NAME_AND_ICON, **fields}, *checks))


class Helper(Entity):
    """An entity that stands in a section of the configuration, under a name of its own."""

    section: ClassVar[str]
    """Its key at the top level, which is its domain, too."""
    schema: ClassVar[vol.Schema]
    """Schema of what stands under its name."""
    services: ClassVar[tuple[Service, ...]] = ()
    """What it can be asked to do."""
    home: Home
    """The view of the house of the component that it belongs to."""

    def __init__(
        self,
        object_id: str,
        config: Mapping[str, Any],
        *,
        capabilities: Mapping[str, Any] | None = None,
    ) -> None:
        """Describe it; what it shows before anything was ever known of it is set here, too."""
        super().__init__(
            self.section,
            f"{self.section}.{object_id}",
            config.get("name") or object_id.replace("_", " "),
            object_id=object_id,
            icon=config.get("icon"),
            capabilities={"editable": False, **(capabilities or {})},
            on_command=self.command,
        )

    def first(self) -> None:
        """Set the state to show if nothing was ever known of it. Called before it has its place."""

    def begin(self) -> None:
        """Go on from what was last known of it. Called once it has its place in the house."""
        self.observe(self.kept(self.state))

    def kept(self, state: str) -> Value:
        """Return the state to go on with, given the one that was last known."""
        return state

    def command(self, command: Command) -> None:
        """Do what it was asked to do. Raises `CommandFailed` if it cannot."""
        raise NotImplementedError(command.service)

    def end(self) -> None:
        """Stop what it waits for."""


def _or_empty(value: Any) -> Any:
    return {} if value is None else value
