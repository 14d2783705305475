"""The states of the house in templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from casita.events import State
from casita.states import UNAVAILABLE, UNKNOWN
from casita_automations.templates.results import TemplateError
from casita_automations.templates.times import parse_datetime
from casita_automations.templates.words import Words

if TYPE_CHECKING:
    from casita_automations.templates.environment import Environment

_ASKED_BY_JINJA: Final = frozenset({"alters_data", "jinja_pass_arg", "unsafe_callable"})
"""What Jinja looks for on everything that is called: no domains."""
_STAMPED: Final = frozenset({"automation", "script"})


class Context:
    """Who caused something, as far as a template may know."""

    __slots__ = ("id", "parent_id", "user_id")

    def __init__(self, id: str, user_id: str | None = None, parent_id: str | None = None) -> None:
        self.id = id
        self.user_id = user_id
        self.parent_id = parent_id


STATE_EXTRAS: Final[Mapping[str, Callable[[State], Any]]] = {
    "last_reported": lambda state: state.last_updated,
    "last_changed_timestamp": lambda state: state.last_changed.timestamp(),
    "last_updated_timestamp": lambda state: state.last_updated.timestamp(),
    "last_reported_timestamp": lambda state: state.last_updated.timestamp(),
    "as_dict": lambda state: lambda: as_dict(state),
    "context": lambda state: Context(str(state.offset)),
    "state_with_unit": lambda state: state_with_unit(state, rounded=False),
    "attributes": lambda state: attributes_of(state),
}
"""What Home Assistant's state objects have beyond ours."""


def as_dict(state: State) -> dict[str, Any]:
    """Return a state as plain data."""
    return {
        "entity_id": state.entity_id,
        "state": state.state,
        "attributes": dict(attributes_of(state)),
        "last_changed": state.last_changed.isoformat(),
        "last_reported": state.last_updated.isoformat(),
        "last_updated": state.last_updated.isoformat(),
        "context": {"id": str(state.offset), "parent_id": None, "user_id": None},
    }


def attributes_of(state: State) -> Mapping[str, Any]:
    """Return a state's attributes, with the times in them as times."""
    stamp = state.attributes.get("last_triggered")
    if isinstance(stamp, str) and state.domain in _STAMPED:
        return {**state.attributes, "last_triggered": parse_datetime(stamp)}
    return state.attributes


def words(environment: Environment) -> Words:
    """Return the words about states."""
    house = _House(environment)
    found = Words()
    states = StatesOfHouse(environment)
    found.functions["states"] = states
    found.filters["states"] = states
    for name, function in (
        ("is_state", house.is_state), ("is_state_attr", house.is_state_attr),
        ("state_attr", house.state_attr), ("has_value", house.has_value),
    ):  # fmt: skip
        found.add(name, function, filter=True, test=True)
    found.functions["state_translated"] = states
    found.filters["state_translated"] = states
    return found


def state_with_unit(state: State, *, rounded: bool) -> str:
    """Return a state with its unit, a number as precise as the entity is shown."""
    text = rounded_state(state) if rounded else state.state
    unit = state.attributes.get("unit_of_measurement")
    return f"{text} {unit}" if unit else text


def rounded_state(state: State) -> str:
    """Return a state as precise as the entity is to be shown."""
    precision = state.attributes.get("suggested_display_precision")
    try:
        return state.state if precision is None else f"{float(state.state):.{int(precision)}f}"
    except ValueError:
        return state.state


class StatesOfHouse:
    """``states('light.hall')``, ``states.light.hall``, ``states.light`` and all of ``states``."""

    __slots__ = ("_domains", "_environment")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._domains: dict[str, StatesOfDomain] = {}

    def __call__(self, entity_id: Any, rounded: Any = None, with_unit: bool = False) -> str:
        state = read(self._environment, entity_id)
        if state is None:
            return UNKNOWN
        if with_unit:
            return state_with_unit(state, rounded=rounded is not False)
        return rounded_state(state) if rounded else state.state

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in _ASKED_BY_JINJA:
            raise AttributeError(name)
        if "." in name:
            return read(self._environment, name)
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = StatesOfDomain(self._environment, name)
        return domain

    __getitem__ = __getattr__

    def __iter__(self) -> Iterator[State]:
        if self._environment.reads is not None:
            self._environment.reads.all_states = True
        return iter(list(self._environment.kernel.states))

    def __len__(self) -> int:
        if self._environment.reads is not None:
            self._environment.reads.all_states = True
        return len(self._environment.kernel.states)


class StatesOfDomain:
    """``states.light``: the lights, by name or all."""

    __slots__ = ("_domain", "_environment")

    def __init__(self, environment: Environment, domain: str) -> None:
        self._environment = environment
        self._domain = domain

    def __getattr__(self, name: str) -> State | None:
        if not isinstance(name, str):
            return None
        if name.startswith("_"):
            raise AttributeError(name)
        return read(self._environment, f"{self._domain}.{name}")

    __getitem__ = __getattr__

    def __iter__(self) -> Iterator[State]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[State]:
        if self._environment.reads is not None:
            self._environment.reads.domains.add(self._domain)
        for entity_id in list(self._environment.stale):
            self._environment.freshen(entity_id)
        return list(self._environment.kernel.states.of_domain(self._domain))


def read(environment: Environment, entity_id: Any) -> State | None:
    """Return the state of an entity, and note that it was read."""
    if isinstance(entity_id, State):
        entity_id = entity_id.entity_id
    if not isinstance(entity_id, str):
        return None
    if environment.limited:
        raise TemplateError("states cannot be asked for here: it is rendered only once")
    entity_id = entity_id.lower()
    if environment.reads is not None:
        environment.reads.entities.add(entity_id)
    if entity_id in environment.stale:
        environment.freshen(entity_id)
    return environment.kernel.states.get(entity_id)


class _House:
    """The functions that ask for one state."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def is_state(self, entity_id: Any, value: Any) -> bool:
        """Say whether an entity has this state, or one of these."""
        state = read(self._environment, entity_id)
        return state is not None and (
            state.state == value or (isinstance(value, list) and state.state in value)
        )

    def state_attr(self, entity_id: Any, name: str) -> Any:
        """Return an attribute of an entity, or None."""
        state = read(self._environment, entity_id)
        return None if state is None else attributes_of(state).get(name)

    def is_state_attr(self, entity_id: Any, name: str, value: Any) -> bool:
        """Say whether an attribute of an entity has this value."""
        state = read(self._environment, entity_id)
        if state is None:
            return False
        attributes = attributes_of(state)
        return name in attributes and bool(attributes[name] == value)

    def has_value(self, entity_id: Any) -> bool:
        """Say whether an entity has a state that is known."""
        state = read(self._environment, entity_id)
        return state is not None and state.state not in (UNAVAILABLE, UNKNOWN)
