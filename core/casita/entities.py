"""What a plugin says an entity is, and how it reports the entity's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from casita.events import Cause, Event
from casita.services import CommandHandler
from casita.states import UNAVAILABLE, UNKNOWN

if TYPE_CHECKING:
    from casita.events import StateChanged

Value = str | bool | int | float | None
"""A state as a device has it: True is ``on``, None is ``unknown``, a number is written plainly."""


class EntityOwner(Protocol):
    """Who writes an entity's state for it: the home that the entity was added to."""

    def write(self, entity: Entity, state: str, cause: Cause | Event | None) -> StateChanged | None:
        """Write the entity's state with its attributes."""
        ...


class _Same:
    """Stands for a state that an observation does not change."""


SAME: Final = _Same()


class Entity:
    """One thing of a device that has a state: a light, a reading, a lock.

    ``capabilities`` are the attributes that say what it is and can do, under Home Assistant's
    names and units (``supported_color_modes``, ``min``, ``options``, ``unit_of_measurement``);
    they are part of its state from the first report on.
    """

    def __init__(
        self,
        domain: str,
        unique_id: str,
        name: str | None = None,
        *,
        object_id: str | None = None,
        device_class: str | None = None,
        unit: str | None = None,
        icon: str | None = None,
        capabilities: Mapping[str, Any] | None = None,
        on_command: CommandHandler | None = None,
    ) -> None:
        """Describe an entity.

        ``unique_id`` is what its plugin instance knows it by, for ever. ``name`` is shown
        behind the device's name; None: the device's name is its own. ``object_id`` is a wish
        for the entity id. ``on_command`` carries out its commands; None: its component does.
        """
        self.domain = domain
        self.unique_id = unique_id
        self.name = name
        self.object_id = object_id
        self.on_command = on_command
        self.entity_id = ""
        """Its id in the house, once it was added to it."""
        extra = {"device_class": device_class, "unit_of_measurement": unit, "icon": icon}
        self.capabilities: dict[str, Any] = {
            **{key: value for key, value in extra.items() if value is not None},
            **(capabilities or {}),
        }
        self.state = UNKNOWN
        """The last state that was reported, also while it is unavailable."""
        self.readings: dict[str, Any] = {}
        """The attributes that were reported and change with the state."""
        self.available = True
        self._owner: EntityOwner | None = None

    def bind(self, owner: EntityOwner, entity_id: str) -> None:
        """Take a place in the house. Called by the home that it is added to."""
        self._owner = owner
        self.entity_id = entity_id

    def unbind(self) -> None:
        """Leave the house: reports go nowhere."""
        self._owner = None

    def observe(
        self,
        value: Value | _Same = SAME,
        *,
        cause: Cause | Event | None = None,
        **readings: Any,
    ) -> StateChanged | None:
        """Report its state, and the attributes that changed with it; None takes one away.

        What is not named stays as it was. Returns the event, or None if nothing changed.
        """
        if not isinstance(value, _Same):
            self.state = text_of(value)
        for key, reading in readings.items():
            if reading is None:
                self.readings.pop(key, None)
            else:
                self.readings[key] = reading
        self.available = True
        return self._write(self.state, cause)

    def unavailable(self, *, cause: Cause | Event | None = None) -> StateChanged | None:
        """Report that its device cannot be reached."""
        self.available = False
        return self._write(UNAVAILABLE, cause)

    def reachable(self, *, cause: Cause | Event | None = None) -> StateChanged | None:
        """Report that its device is back, with what it said last."""
        self.available = True
        return self._write(self.state, cause)

    def attributes(self, friendly_name: str) -> dict[str, Any]:
        """Return the attributes of its state at present."""
        readings = self.readings if self.available else {}
        return {**self.capabilities, **readings, "friendly_name": friendly_name}

    def _write(self, state: str, cause: Cause | Event | None) -> StateChanged | None:
        return self._owner.write(self, state, cause) if self._owner is not None else None


def text_of(value: Value) -> str:
    """Return a state as the text that it is kept as."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
