"""``this`` in the templates of an entity: its own state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from casita.states import UNKNOWN
from casita_automations.templates.house import read

if TYPE_CHECKING:
    from casita.events import State
    from casita_automations.templates.environment import Environment

_NOTHING_YET: Final[Mapping[str, Any]] = {
    "state": UNKNOWN, "attributes": {}, "last_changed": None, "last_updated": None,
    "last_reported": None, "context": None,
}  # fmt: skip


class This:
    """The state of an entity as it is when a template looks at it; looking counts as reading."""

    __slots__ = ("_entity_id", "_environment")

    def __init__(self, environment: Environment, entity_id: Callable[[], str]) -> None:
        self._environment = environment
        self._entity_id = entity_id

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        entity_id = self._entity_id()
        if name == "entity_id":
            return entity_id
        state = read(self._environment, entity_id)
        if state is not None:
            return self._environment.getattr(state, name)
        if name in _NOTHING_YET:
            return _NOTHING_YET[name]
        raise AttributeError(name)


def this_of(state: State | None, entity_id: str) -> dict[str, Any]:
    """Return a state as trigger-based entities see it: as it was before the trigger."""
    if state is None:
        return {"entity_id": entity_id, "state": UNKNOWN, "attributes": {}}
    return {
        "entity_id": entity_id,
        "state": state.state,
        "attributes": dict(state.attributes),
        "last_changed": state.last_changed,
        "last_updated": state.last_updated,
    }
